"""The page of one payment, at each stage, and what its driver may do there."""

from __future__ import annotations

import re

import pytest
import segno
from django.test import TestCase

from chargers.models import Command
from payments import tasks
from payments.events import AttemptWithdrawn
from payments.models import (
    AttemptStatus,
    IntentStatus,
    PaymentIntent,
    Payout,
    ProviderConfig,
    Refund,
)
from payments.services.billing import bill_session
from payments.services.intents.creating import Wish, create_intent
from payments.services.intents.ending import close_attempt
from payments.services.intents.sending import check_attempt, send_attempt
from payments.services.prepaid.starting import decide_start, start_paid
from payments.services.refunds.sending import send_refund
from payments.tests.fake_gateway import XENDIT_KEY, running_gateway
from payments.tests.payments import begin, make_provider, pay, refund_all
from payments.tests.prepaid import again, answer, buy, charging, measure, plug_in, unplug
from unievp.lib.events import subscribe, unsubscribe
from unievp.lib.throttle import Rate
from unievp.web.pay import payment
from unievp.web.tests.paying import driver, make_config, make_outlet, order

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def running():
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture
def fake(running):
    running.reset()
    make_provider(running)
    return running


@pytest.fixture
def outlet():
    return make_outlet(identity="SIM-0001", per_kwh=2_000)


def wish(outlet, **values):
    return {"cpo": outlet.charger.cpo, "charger": outlet.charger, "connector": outlet} | values


def here(intent, what=""):
    return f"/pay/p/{intent.secret}{what}"


def see(intent, what="", language="en"):
    answer_ = driver(language).get(here(intent, what))
    assert answer_.status_code == 200, answer_
    return answer_.content.decode()


def stage_of(html):
    return re.search(r'data-stage="(\w+)"', html)[1]


def act(intent, what, follow=True, **fields):
    return driver().post(here(intent, f"/{what}"), fields, follow=follow)


# --- before the money ---------------------------------------------------------------------------


def test_payment_that_no_gateway_knows_yet_is_being_prepared(outlet):
    make_config()
    order(driver(), outlet)
    html = see(PaymentIntent.objects.get())
    assert stage_of(html) == "preparing"
    assert '<noscript><meta http-equiv="refresh" content="6"></noscript>' in html
    assert 'data-poll="2"' in html


def test_qris_is_drawn_and_can_be_saved(fake, outlet):
    intent = begin(fake, **wish(outlet))
    html = see(intent)
    code = intent.attempts.get().checkout["qr_string"]
    assert stage_of(html) == "paying"
    assert re.search(r"IDR\s50,000", html)
    drawn = segno.make(code, error="m", micro=False)
    path = re.search(r' d="([^"]+)"/></svg>', drawn.svg_inline(scale=1, border=2))[1]
    assert path in html
    picture = driver().get(here(intent, "/qr.png"))
    assert picture["Content-Type"] == "image/png"
    assert picture["Content-Disposition"] == f'attachment; filename="{intent}.png"'
    assert picture.content.startswith(b"\x89PNG")
    assert picture["Cache-Control"] == "no-store, private"


def test_virtual_account_shows_its_number_and_the_day_it_ends(fake, outlet):
    intent = begin(fake, method="va_bca", **wish(outlet))
    html = see(intent)
    number = intent.attempts.get().checkout["va_number"]
    assert f'<p class="code">{number}</p>' in html
    assert f'data-copy="{number}"' in html
    assert "data-until" not in html
    assert "<svg" not in html
    assert driver().get(here(intent, "/qr.png")).status_code == 404


def test_bill_payment_shows_both_codes(running, outlet):
    running.reset()
    make_provider(running, "midtrans")
    intent = begin(running, method="va_mandiri", **wish(outlet))
    html = see(intent)
    checkout = intent.attempts.get().checkout
    assert checkout["biller_code"]
    assert f'<p class="code">{checkout["biller_code"]}</p>' in html
    assert f'<p class="code">{checkout["va_number"]}</p>' in html


def test_wallet_is_a_link_to_its_app(fake, outlet):
    intent = begin(fake, method="dana", **wish(outlet))
    url = intent.attempts.get().checkout["url"]
    assert url
    assert f'href="{url}" rel="noopener noreferrer"' in see(intent)


def test_paid_is_asked_of_the_gateway_by_a_worker(fake, outlet, monkeypatch):
    intent = begin(fake, **wish(outlet))
    asked = []
    monkeypatch.setattr(
        tasks.look_at_attempt, "apply_async", lambda args, **options: asked.append(args)
    )
    fake.pay(intent.attempts.get().reference)
    html = act(intent, "check").content.decode()
    assert asked == [(intent.attempts.get().pk,)]
    assert "We are asking your bank" in html
    tasks.look_at_attempt(*asked[0])
    assert again(intent).status == IntentStatus.SUCCEEDED


def test_gateway_is_not_asked_as_often_as_somebody_taps(fake, outlet, monkeypatch):
    intent = begin(fake, **wish(outlet))
    asked = []
    monkeypatch.setattr(tasks.look_at_attempt, "apply_async", lambda args, **_o: asked.append(1))
    monkeypatch.setattr(payment, "_CHECKS", Rate(intent.secret, 2, 10**6))
    for _click in range(4):
        assert act(intent, "check", follow=False).status_code == 302
    assert len(asked) == 2


def test_other_way_to_pay_is_another_attempt(fake, outlet):
    intent = begin(fake, **wish(outlet))
    html = see(intent)
    assert 'value="dana"' in html
    assert 'value="qris"' not in html
    act(intent, "method", method="dana")
    second = intent.attempts.get(number=2)
    assert (second.method, second.status) == ("dana", AttemptStatus.NEW)
    assert stage_of(see(intent)) == "preparing"
    send_attempt(second.pk)
    assert second.reference in see(intent) or "Pay with DANA" in see(intent)


def test_other_way_twice_is_one_attempt_and_the_first_is_withdrawn(fake, outlet):
    intent = begin(fake, **wish(outlet))
    withdrawn = []
    subscribe(AttemptWithdrawn, withdrawn.append)
    try:
        with TestCase.captureOnCommitCallbacks(execute=True):
            act(intent, "method", method="dana")
            act(intent, "method", method="dana")
    finally:
        unsubscribe(AttemptWithdrawn, withdrawn.append)
    first, second = intent.attempts.order_by("number")
    assert {event.attempt_id for event in withdrawn} == {first.pk}
    close_attempt(first.pk)
    assert fake.world.books.find(first.reference).state == "canceled"
    # The gateway's word on the first is no end of the payment.
    send_attempt(second.pk)
    check_attempt(first.pk, source="poll")
    assert again(intent).status == IntentStatus.REQUIRES_ACTION


def test_way_that_is_not_offered_is_refused_in_words(fake, outlet):
    intent = begin(fake, **wish(outlet))
    html = act(intent, "method", method="cash").content.decode()
    assert "Unknown method" in html
    assert intent.attempts.count() == 1


def test_cancelled_payment_is_over_here_and_at_the_gateway(fake, outlet):
    intent = begin(fake, **wish(outlet))
    html = act(intent, "cancel").content.decode()
    assert stage_of(html) == "over"
    assert "This payment is cancelled" in html
    assert 'href="/pay/SIM-0001/1"' in html
    attempt = intent.attempts.get()
    assert attempt.status == AttemptStatus.CANCELED
    close_attempt(attempt.pk)
    assert fake.world.books.find(attempt.reference).state == "canceled"


def test_paid_payment_cannot_be_cancelled(fake, outlet):
    intent = pay(fake, begin(fake, **wish(outlet)))
    html = act(intent, "cancel").content.decode()
    assert "This payment is paid or over." in html
    assert again(intent).status == IntentStatus.SUCCEEDED


def test_refused_payment_may_be_tried_again(fake, outlet):
    config = ProviderConfig.objects.get()
    config.api_key = "revoked"
    config.save()
    intent = create_intent(
        outlet.charger.cpo,
        Wish(50_000, "dana", charger=outlet.charger, connector=outlet),
        created_by="test",
    )
    send_attempt(intent.attempts.get().pk)
    html = see(intent)
    assert stage_of(html) == "refused"
    assert "Nothing was taken from you" in html
    assert 'value="qris"' in html
    assert 'value="dana"' in html
    config.api_key = XENDIT_KEY
    config.save()
    act(intent, "method", method="qris")
    send_attempt(intent.attempts.get(number=2).pk)
    assert stage_of(see(intent)) == "paying"


# --- the charge ---------------------------------------------------------------------------------


def test_paid_start_asks_to_plug_in_once_the_charger_agrees(fake, outlet):
    intent = buy(fake, outlet.charger)
    assert stage_of(see(intent)) == "starting"
    answer(intent)
    html = see(intent)
    assert stage_of(html) == "plug_in"
    assert "Plug in your car now" in html


def test_nobody_else_can_pay_where_somebody_is_starting(fake, outlet):
    taken = f"/pay/{outlet.charger.identity}/1"
    assert "Somebody is about to charge here" not in driver().get(taken).content.decode()
    intent = buy(fake, outlet.charger)
    html = driver().get(taken).content.decode()
    assert "Somebody is about to charge here" in html
    assert " disabled>" in html
    assert "Available" in driver().get(f"/pay/{outlet.charger.identity}").content.decode()
    answer(intent, "Rejected")
    decide_start(intent.pk)
    assert "Somebody is about to charge here" not in driver().get(taken).content.decode()


def test_charge_is_shown_live_in_the_language_of_the_reader(fake, outlet):
    intent = charging(fake, outlet.charger, amount=50_000)
    measure(intent, 12_340, power_w=11_200)
    html = see(intent, language="id")
    assert stage_of(html) == "charging"
    assert "12,34 kWh" in html
    assert "Rp24.680" in html
    assert "Rp25.320" in html
    assert "11,2 kW" in html
    assert re.search(r"<dd>\s*60 ", html)
    assert 'value="493"' in html  # of a thousand


def test_part_tells_what_changed_and_nothing_while_nothing_did(fake, outlet):
    intent = charging(fake, outlet.charger)
    measure(intent, 1_000)
    version = re.search(r'data-version="(\w+)"', see(intent))[1]
    same = driver().get(here(intent, "/part"), {"v": version})
    assert (same.status_code, same.content) == (204, b"")
    measure(intent, 2_000)
    changed = driver().get(here(intent, "/part"), {"v": version})
    assert changed.status_code == 200
    assert changed["X-Stage"] == "charging"
    assert changed["X-Poll"] == "4"
    assert "2.00 kWh" in changed.content.decode()
    assert "<html" not in changed.content.decode()
    assert driver().get("/pay/p/" + "x" * 22 + "/part").status_code == 404


def test_stop_asks_first_and_then_asks_the_charger(fake, outlet):
    intent = charging(fake, outlet.charger)
    html = see(intent)
    assert re.search(r"<details data-part=\"stop\">.*?action=\"[^\"]+/stop\"", html, re.S)
    html = act(intent, "stop").content.decode()
    assert stage_of(html) == "stopping"
    stop = Command.objects.get(action="RemoteStopTransaction")
    assert stop.payload == {"transactionId": again(intent).session.transaction_id}
    assert driver().get(here(intent, "/stop")).status_code == 405


def test_stop_before_the_start_gives_everything_back(fake, outlet):
    intent = buy(fake, outlet.charger)
    html = act(intent, "stop").content.decode()
    assert stage_of(html) == "stopping"
    assert "nothing to stop" not in html


def test_end_shows_the_bill_and_what_comes_back(fake, outlet):
    intent = charging(fake, outlet.charger, amount=50_000)
    session = unplug(intent, 10_000)
    assert stage_of(see(intent)) == "billing"
    bill_session(session.pk)
    html = see(intent, language="id")
    assert stage_of(html) == "done"
    assert "10,00 kWh" in html
    assert "Rp20.000" in html
    assert "Rp30.000" in html
    refund_all(intent)
    assert 'data-poll="0"' in see(intent)


def test_start_that_fails_says_why_and_gives_everything_back(fake, outlet):
    intent = buy(fake, outlet.charger)
    answer(intent, "Rejected")
    decide_start(intent.pk)
    html = see(intent)
    assert stage_of(html) == "returned"
    assert "The charger refused to start" in html
    assert "You get all your money back" in html
    assert Refund.objects.get(intent=intent).amount == 50_000


def test_money_after_the_end_is_told_apart(fake, outlet):
    intent = begin(fake, **wish(outlet))
    act(intent, "cancel")
    pay(fake, intent)
    html = see(intent)
    assert stage_of(html) == "returned"
    assert "Your money came after the time to pay was over" in html


def test_wrong_amount_is_looked_at_by_a_person(fake, outlet):
    intent = pay(fake, begin(fake, **wish(outlet)), amount=49_000)
    html = see(intent)
    assert stage_of(html) == "review"
    assert re.search(r"IDR\s49,000", html)


def test_charge_that_cannot_be_priced_says_that_a_person_looks(fake, outlet):
    intent = charging(fake, outlet.charger)
    session = unplug(intent, 10_000)
    type(session).objects.filter(pk=session.pk).update(billing_status="held", hold_reason="why")
    html = see(intent)
    assert stage_of(html) == "held"
    assert "has to be checked by a person" in html


def test_payment_of_something_else_is_simply_paid(fake, outlet):
    intent = pay(fake, begin(fake, description="<b>Membership</b>"))
    html = see(intent)
    assert stage_of(html) == "paid"
    assert "&lt;b&gt;Membership&lt;/b&gt;" in html


# --- the way back of the money ------------------------------------------------------------------


@pytest.fixture
def homeless(fake, outlet):
    """A refund of Rp50,000 that a virtual account cannot take back."""
    intent = buy(fake, outlet.charger, method="va_bca")
    answer(intent, "Rejected")
    decide_start(intent.pk)
    refund = send_refund(Refund.objects.get(intent=intent).pk)
    assert refund.status == "needs_account"
    return intent


ACCOUNT = {"bank_code": "BCA", "account_number": "0123456789", "account_name": "Budi Santoso"}


def test_refund_without_a_way_back_asks_for_an_account(homeless):
    html = see(homeless)
    assert f'action="{here(homeless, "/account")}"' in html
    assert '<option value="BCA">BCA</option>' in html


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"bank_code": "LEMAN"}, "Choose the bank."),
        ({"bank_code": ""}, "Choose the bank."),
        ({"account_number": "12 34"}, "Only digits"),
        ({"account_number": ""}, "Enter the account number."),
        ({"account_name": " "}, "Enter the name"),
    ],
)
def test_account_that_cannot_be_right_is_told(homeless, fields, message):
    answer_ = act(homeless, "account", **(ACCOUNT | fields))
    assert answer_.status_code == 422
    html = answer_.content.decode()
    assert message in html
    assert 'aria-invalid="true"' in html
    assert f'name="next" value="{here(homeless)}"' in html
    assert Refund.objects.get().account_number == ""
    assert not Payout.objects.exists()


def test_account_is_paid_once_and_never_shown_again(homeless):
    html = act(homeless, "account", **ACCOUNT).content.decode()
    payout = Payout.objects.get()
    assert (payout.amount, payout.bank_code, payout.account_number) == (50_000, "BCA", "0123456789")
    assert "It is on its way" in html
    assert "0123456789" not in html
    assert "/account" not in html
    act(homeless, "account", **(ACCOUNT | {"account_number": "999999999"}))
    assert Payout.objects.get().account_number == "0123456789"


def test_account_that_a_person_pays_is_asked_for_once(homeless):
    homeless.attempts.get().config.__class__.objects.update(for_payouts=False)
    html = act(homeless, "account", **ACCOUNT).content.decode()
    assert "will transfer it by hand" in html
    assert "/account" not in html
    assert not Payout.objects.exists()


# --- whose page it is ---------------------------------------------------------------------------


def test_only_the_secret_opens_a_payment(fake, outlet):
    intent = begin(fake, **wish(outlet))
    for guess in (str(intent.pk), intent.pk.hex, "x" * 22, intent.secret.swapcase()):
        assert driver().get(f"/pay/p/{guess}").status_code == 404
    for what in ("check", "method", "cancel", "stop", "account", "mail"):
        assert driver().post(f"/pay/p/{'x' * 22}/{what}").status_code == 404
    assert again(intent).status == IntentStatus.REQUIRES_ACTION


def test_secret_page_is_kept_by_nobody_and_told_to_no_other_site(fake, outlet):
    intent = begin(fake, **wish(outlet))
    for what in ("", "/part", "/qr.png"):
        answer_ = driver().get(here(intent, what))
        assert answer_["Cache-Control"] == "no-store, private"
        assert answer_["X-Robots-Tag"] == "noindex, nofollow"
        assert answer_["Referrer-Policy"] == "same-origin"


def test_page_tells_nothing_of_other_payments(fake, outlet):
    mine = begin(fake, **wish(outlet))
    other = begin(fake, email="other@driver.example", amount=77_000, **wish(outlet))
    html = see(mine)
    for foreign in (other.secret, str(other), "other@driver.example", "77,000"):
        assert foreign not in html


def test_actions_need_the_forms_of_the_page(fake, outlet):
    intent = begin(fake, **wish(outlet))
    strict = driver(enforce_csrf_checks=True)
    for what in ("check", "method", "cancel", "stop", "account", "mail"):
        assert strict.post(here(intent, f"/{what}")).status_code == 403
    assert again(intent).status == IntentStatus.REQUIRES_ACTION


def test_page_has_no_inline_script_or_style_at_any_stage(fake, outlet):
    intent = begin(fake, **wish(outlet))
    pages = [see(intent)]
    pay(fake, intent)
    start_paid(intent.pk)
    answer(intent)
    plug_in(intent, since_s=600)
    pages.append(see(intent))
    for html in pages:
        assert not re.search(r"<script(?![^>]*\bsrc=)", html)
        assert not re.search(r"\s(style|on\w+)=", html)
