"""The page behind the QR code: found in any spelling, honest about price and state, light."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import override_settings

from chargers.models import ChargingSession, TariffAssignment
from cpo.models import CPOStatus
from payments.models import PaymentAttempt, PaymentIntent
from payments.tests.prepaid import set_price
from unievp.lib import clock
from unievp.lib.throttle import Rate
from unievp.web.pay import pages
from unievp.web.tests.paying import (
    driver,
    make_config,
    make_outlet,
    order,
    page_of,
    the_payment,
    token_on,
)

pytestmark = pytest.mark.django_db

FILES = re.compile(r'(?:href|src)="/static/([^"]+)"')
HEAVIEST = 60 * 1024


@pytest.fixture
def outlet():
    make_config()
    return make_outlet(identity="SIM-0001", per_kwh=2_467)


def a_rate(times):
    """In a window that will not end during a test."""
    return Rate(uuid4().hex, times, 10**6)


def text_of(answer) -> str:
    return answer.content.decode()


def test_page_tells_price_example_state_and_ways_to_pay(outlet):
    answer = driver("id").get("/pay/SIM-0001/1")
    html = text_of(answer)
    assert answer.status_code == 200
    assert "Rp2.467 per kWh" in html
    assert "Rp49.340" in html  # the example: 20 kWh
    assert re.findall(r'name="method" value="(\w+)"', html) == [
        "qris", "gopay", "dana", "shopeepay", "va_bca", "va_bri", "va_mandiri",
    ]  # fmt: skip
    assert '<button class="btn main sticky"' in html
    assert " disabled" not in html


def test_page_speaks_english_to_who_prefers_it(outlet):
    assert "2,467 per kWh" in text_of(driver("en").get("/pay/SIM-0001/1"))


def test_charger_is_found_as_at_its_own_door(outlet):
    for address in ("/pay/sim-0001/1", "/pay/%53IM-0001/1", "/pay/SIM-0001/1/"):
        assert driver().get(address).status_code == 200, address


def test_what_is_not_known_is_a_friendly_page(outlet):
    for address in (
        "/pay/SIM-0002/1", "/pay/SIM-0001/9", "/pay/SIM-0001/99999", "/pay/SIM%2F0001/1",
        "/pay/%00/1", "/pay/SIM-0002",
    ):  # fmt: skip
        answer = driver().get(address)
        assert answer.status_code == 404, address
        assert 'href="/pay/"' in text_of(answer)
        assert "tabler" not in text_of(answer)


def test_retired_charger_is_not_known(outlet):
    outlet.charger.retired_at = clock.now()
    outlet.charger.save()
    assert driver().get(page_of(outlet)).status_code == 404
    assert driver().get("/pay/SIM-0001").status_code == 404


def test_charger_of_a_company_that_may_not_trade_is_not_known(outlet):
    outlet.charger.cpo.status = CPOStatus.SUSPENDED
    outlet.charger.cpo.save()
    assert driver().get(page_of(outlet)).status_code == 404
    assert driver().get("/pay/SIM-0001").status_code == 404


def test_charger_without_a_way_to_pay_says_so():
    outlet = make_outlet()
    answer = driver().get(page_of(outlet))
    assert answer.status_code == 404
    assert "takes no payments by phone" in text_of(answer)


def test_own_gateway_of_another_company_is_not_offered(outlet):
    rival = make_outlet()
    make_config(cpo=rival.charger.cpo, methods=["linkaja", "ovo"])
    html = text_of(driver().get(page_of(rival)))
    assert 'value="linkaja"' in html
    assert 'value="ovo"' not in html  # Xendit would refuse it
    assert 'value="linkaja"' not in text_of(driver().get(page_of(outlet)))


NOT_NOW = {
    "Charging": "In use",
    "SuspendedEV": "In use",
    "SuspendedEVSE": "In use",
    "Finishing": "Still plugged in",
    "Reserved": "Reserved",
    "Unavailable": "Out of service",
    "Faulted": "Out of order",
}


def test_connector_that_cannot_start_cannot_be_paid(outlet):
    token = token_on(text_of(driver().get(page_of(outlet))))
    wish = {"mode": "rp", "rp": "50000", "method": "qris", "token": token}
    for status, word in NOT_NOW.items():
        outlet.status = status
        outlet.save()
        html = text_of(driver().get(page_of(outlet)))
        assert f">{word}<" in html
        assert " disabled>" in html
        assert 'http-equiv="refresh"' in html
        answer = driver().post(page_of(outlet), wish)
        assert answer.status_code == 422
        assert "cannot begin here right now" in text_of(answer)
    assert not PaymentIntent.objects.exists()


def test_connector_that_may_start_can_be_paid(outlet):
    for status in ("Available", "Preparing", "Unknown"):
        outlet.status = status
        outlet.save()
        assert order(driver(), outlet).status_code == 302


def test_charger_without_a_line_cannot_be_paid(outlet):
    outlet.charger.presence.online = False
    outlet.charger.presence.save()
    assert "No connection" in text_of(driver().get(page_of(outlet)))
    assert order(driver(), outlet).status_code == 422


def test_forced_and_unaccepted_chargers_cannot_be_paid(outlet):
    charger = outlet.charger
    charger.forced_status = "Unavailable"
    charger.save()
    assert "Out of service" in text_of(driver().get(page_of(outlet)))
    charger.forced_status, charger.registration = "", "Pending"
    charger.save()
    assert "No connection" in text_of(driver().get(page_of(outlet)))


def test_running_session_counts_although_the_status_is_behind(outlet):
    ChargingSession.objects.create(
        cpo=outlet.charger.cpo, charger=outlet.charger, connector=outlet, id_tag="TAG",
        authorization="Accepted", started_at=clock.now() - timedelta(minutes=1), meter_start_wh=0,
        meter_last_wh=0,
    )  # fmt: skip
    assert "In use" in text_of(driver().get(page_of(outlet)))


def test_without_a_price_nothing_is_sold(outlet):
    TariffAssignment.objects.all().delete()
    html = text_of(driver().get(page_of(outlet)))
    assert "There is no price for this connector yet" in html
    assert '<button class="btn main' not in html
    answer = driver().post(
        page_of(outlet),
        {"mode": "rp", "rp": "50000", "method": "qris", "token": "a" * 24},
    )
    assert answer.status_code == 422


def test_order_of_rupiah_makes_a_payment_and_leads_to_its_page(outlet):
    answer = order(driver("id"), outlet, rp="100000", email="budi@driver.example")
    intent = the_payment()
    assert answer.status_code == 302
    assert answer["Location"] == f"/pay/p/{intent.secret}"
    assert (intent.amount, intent.method, intent.limit_energy_wh) == (100_000, "qris", None)
    assert (intent.connector, intent.email, intent.language) == (
        outlet, "budi@driver.example", "id",
    )  # fmt: skip
    assert intent.charge.tariff_snapshot is not None


def test_order_of_energy_costs_its_price_rounded_up(outlet):
    order(driver(), outlet, mode="kwh", kwh="20")
    intent = the_payment()
    # 20 kWh x 2,467 = 49,340
    assert (intent.amount, intent.limit_energy_wh) == (49_500, 20_000)


def test_own_wish_wins_over_the_preset_and_is_read_as_people_write(outlet):
    order(driver(), outlet, rp="50000", rp_own="Rp 75.000")
    assert the_payment().amount == 75_000
    PaymentAttempt.objects.all().delete()
    order(driver(), outlet, mode="kwh", kwh_own="12,5")
    assert PaymentIntent.objects.latest("created_at").limit_energy_wh == 12_500


def test_little_energy_costs_the_least_payment(outlet):
    order(driver(), outlet, mode="kwh", kwh_own="1")
    assert the_payment().amount == settings.PAYMENT_MINIMUM


def test_full_battery_is_paid_for_the_largest_and_has_no_limit_of_energy(outlet):
    order(driver(), outlet, mode="full")
    intent = the_payment()
    assert (intent.amount, intent.limit_energy_wh) == (148_500, None)


BAD = [
    ({"rp": "", "rp_own": ""}, "Choose how much."),
    ({"rp_own": "9.999"}, "An amount from 10000 to 10000000."),
    ({"rp_own": "99999999999"}, "An amount from 10000 to 10000000."),
    ({"rp_own": "abc"}, "whole number"),
    ({"mode": "kwh", "kwh": "", "kwh_own": ""}, "Choose how much."),
    ({"mode": "kwh", "kwh_own": "151"}, "From 0.5 to 150 kWh."),
    ({"mode": "kwh", "kwh_own": "0"}, "0.5"),
    ({"mode": "kwh", "kwh_own": "nan"}, "Enter a number"),
    ({"method": "cash"}, "cash is not one of"),
    ({"method": ""}, "Choose how to pay."),
    ({"email": "not-an-address"}, "valid email"),
    ({"mode": "all"}, "all is not one of"),
]


def test_bad_wish_is_told_where_it_was_typed_and_makes_no_payment(outlet):
    client = driver()
    wish = {"mode": "rp", "rp": "50000", "method": "qris"}
    wish["token"] = token_on(text_of(client.get(page_of(outlet))))
    for fields, message in BAD:
        answer = client.post(page_of(outlet), wish | fields)
        assert answer.status_code == 422, fields
        assert message in text_of(answer), fields
    for token in ("", "short", "a" * 65, "a b" * 10, "ä" * 24):
        assert client.post(page_of(outlet), wish | {"token": token}).status_code == 422
    assert not PaymentIntent.objects.exists()


def test_bad_wish_keeps_what_was_typed(outlet):
    html = text_of(order(driver(), outlet, mode="kwh", kwh_own="999", email="budi@x.example"))
    assert 'name="kwh_own"' in html
    assert 'value="999"' in html
    assert 'value="budi@x.example"' in html
    assert re.search(r'id="mode-kwh" value="kwh" checked', html)
    assert 'aria-invalid="true" aria-describedby="e-kwh"' in html


def test_sending_the_form_twice_is_one_payment(outlet):
    client = driver()
    token = token_on(text_of(client.get(page_of(outlet))))
    answers = [order(client, outlet, token=token)["Location"] for _again in range(3)]
    assert len(set(answers)) == 1
    assert PaymentIntent.objects.count() == PaymentAttempt.objects.count() == 1


def test_another_wish_with_the_same_form_is_another_payment(outlet):
    client = driver()
    token = token_on(text_of(client.get(page_of(outlet))))
    order(client, outlet, token=token)
    order(client, outlet, token=token, rp="100000")
    assert sorted(PaymentIntent.objects.values_list("amount", flat=True)) == [50_000, 100_000]


def test_two_people_with_the_same_wish_are_two_payments(outlet):
    order(driver(), outlet)
    order(driver(), outlet)
    assert PaymentIntent.objects.count() == 2


def test_form_without_its_cookie_is_refused_kindly(outlet):
    client = driver(enforce_csrf_checks=True)
    answer = client.post(page_of(outlet), {"mode": "rp"})
    assert answer.status_code == 403
    assert "keeps no cookies" in text_of(answer)
    assert "tabler" not in text_of(answer)


def test_form_with_its_cookie_is_taken(outlet):
    client = driver(enforce_csrf_checks=True)
    html = text_of(client.get(page_of(outlet)))
    csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
    answer = order(client, outlet, csrfmiddlewaretoken=csrf[1])
    assert answer.status_code == 302


def test_session_fee_leaves_out_amounts_that_buy_nothing(outlet):
    set_price(outlet.charger, per_kwh=2_467, session_fee=25_000)
    html = text_of(driver().get(page_of(outlet)))
    amounts = re.findall(r'name="rp" value="(\d+)"', html)
    assert amounts == ["50000", "100000", "200000", "300000"]


def test_names_are_text_and_never_markup(outlet):
    evil = "<script>alert(1)</script>&\"'"
    charger = outlet.charger
    charger.name, charger.location.name, charger.cpo.name = evil, evil, evil
    charger.location.city = charger.cpo.contact_phone = "<b>x"
    charger.save()
    charger.location.save()
    charger.cpo.save()
    for address in (page_of(outlet), "/pay/SIM-0001", "/pay/?charger=%3Cb%3Ex"):
        html = text_of(driver().get(address))
        assert "<script>alert" not in html
        assert "<b>x" not in html


def test_policy_allows_no_inline_script_and_the_page_has_none(outlet):
    answer = driver().get(page_of(outlet))
    policy = answer["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    html = text_of(answer)
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"\s(style|on\w+)=", html)


def test_page_is_kept_by_no_cache_and_found_by_no_search(outlet):
    answer = driver().get(page_of(outlet))
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("language", ["id", "en"])
def test_first_page_weighs_at_most_60_kilobytes_uncompressed(outlet, language):
    set_price(outlet.charger, per_kwh=2_467, session_fee=25_000)
    html = driver(language).get(page_of(outlet)).content
    files = set(FILES.findall(html.decode()))
    assert files == {"pay/pay.css", "pay/pay.js", "uniev/favicon.svg"}
    weight = len(html) + sum(
        (Path(settings.BASE_DIR) / "static" / name).stat().st_size for name in files
    )
    assert weight <= HEAVIEST


def test_one_connector_needs_no_choice():
    make_config()
    outlet = make_outlet(identity="ONE", connectors=1)
    answer = driver().get("/pay/one")
    assert (answer.status_code, answer["Location"]) == (302, "/pay/ONE/1")
    assert outlet.number == 1


def test_charger_with_two_connectors_asks_which(outlet):
    html = text_of(driver().get("/pay/SIM-0001"))
    assert 'href="/pay/SIM-0001/1"' in html
    assert 'href="/pay/SIM-0001/2"' in html


def test_number_that_is_typed_leads_to_the_charger(outlet):
    for typed, to in (
        ("sim-0001", "/pay/sim-0001"),
        (" SIM-0001/2 ", "/pay/SIM-0001/2"),
        ("/SIM-0001/", "/pay/SIM-0001"),
    ):
        answer = driver().get("/pay/", {"charger": typed})
        assert (answer.status_code, answer["Location"]) == (302, to)


def test_number_with_a_typing_error_says_so_and_stays(outlet):
    answer = driver().get("/pay/", {"charger": "SIM-1000"})
    assert answer.status_code == 404
    assert 'value="SIM-1000"' in text_of(answer)
    assert "No charger has this number" in text_of(answer)


def test_who_tries_addresses_one_after_the_other_is_slowed_down(outlet, monkeypatch):
    monkeypatch.setattr(pages, "UNKNOWN", a_rate(2))
    answers = [driver().get(f"/pay/X{n}/1") for n in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 10**6
    assert driver().get(page_of(outlet)).status_code == 200


def test_orders_of_one_address_are_counted(outlet, monkeypatch):
    monkeypatch.setattr(pages, "PAYING", a_rate(1))
    assert order(driver(), outlet).status_code == 302
    assert order(driver(), outlet).status_code == 429
    elsewhere = driver(REMOTE_ADDR="10.1.2.3")
    assert order(elsewhere, outlet).status_code == 302
    assert PaymentIntent.objects.count() == 2


def test_behind_a_proxy_its_own_word_counts_and_no_other(outlet, monkeypatch):
    monkeypatch.setattr(pages, "PAYING", a_rate(1))
    with override_settings(BEHIND_PROXY=True):
        for forged in ("1.1.1.1", "2.2.2.2"):
            last = order(driver(HTTP_X_FORWARDED_FOR=f"{forged}, 10.9.9.9"), outlet)
        assert last.status_code == 429
        assert order(driver(HTTP_X_FORWARDED_FOR="10.9.9.8"), outlet).status_code == 302


WORDS_ON = (
    ("text", "page"), ("text", "card"), ("text", "tint"), ("soft", "page"), ("soft", "card"),
    ("soft", "tint"), ("brand", "card"), ("brand", "tint"), ("on-brand", "brand"),
    ("good", "good-tint"), ("warn", "warn-tint"), ("bad", "bad-tint"), ("bad", "card"),
    ("card", "bad"), ("soft", "line"),
)  # fmt: skip


def test_words_stand_out_by_day_and_by_night():
    css = (Path(settings.BASE_DIR) / "static/pay/pay.css").read_text()
    by_day, by_night = (
        dict(re.findall(r"--([\w-]+): (#\w+)", block))
        for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    )
    assert set(by_day) == set(by_night)
    for colours in (by_day, by_night):
        for words, behind in WORDS_ON:
            # WCAG 2.2, 1.4.3: AA
            assert contrast(colours[words], colours[behind]) >= 4.5, (words, behind)


def contrast(one, other):
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
