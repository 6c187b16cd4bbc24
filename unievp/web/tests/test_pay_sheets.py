"""Sheets of QR codes: for who may see the chargers, with what a driver needs on each label."""

from __future__ import annotations

import pytest
from django.test import override_settings

from chargers.models import Connector
from cpo.models import Role
from payments.tests.factories import make_paid_cpo
from payments.tests.pdf import pages_of, pdf_text
from payments.tests.prepaid import make_seller
from unievp.lib import clock
from unievp.web.pay.labels import label_of, sheets_pdf
from unievp.web.tests.cast import person
from unievp.web.tests.paying import driver

pytestmark = pytest.mark.django_db
SHEETS = "/pay/sheets.pdf"


@pytest.fixture
def alpha():
    return make_seller(cpo=make_paid_cpo(), identity="ALPHA-1", per_kwh=2_467, session_fee=25_000)


@pytest.fixture
def beta():
    return make_seller(cpo=make_paid_cpo(), identity="BETA-1")


def signed_in(user, language="en"):
    client = driver(language)
    client.force_login(user)
    return client


def sheet(client, query=""):
    answer = client.get(f"{SHEETS}{query}")
    assert answer.status_code == 200, answer
    assert answer["Content-Type"] == "application/pdf"
    return pdf_text(answer.content)


@override_settings(PUBLIC_URL="https://charge.example")
def test_label_says_where_what_and_how_much_in_both_languages(alpha):
    alpha.name = "Fast lane"
    alpha.save()
    alpha.connectors.update(standard="IEC_62196_T2_COMBO", max_power_w=120_000)
    text = sheet(signed_in(person("o@alpha.example", alpha.cpo)))
    lines = text.splitlines()
    for expected in (
        "Fast lane",
        "ALPHA-1",
        "CCS2 · 120 kW",
        "2",
        "Rp2.467 per kWh + Rp25.000 per sesi",
        "IDR 2,467 per kWh + IDR 25,000 per session",
        "charge.example/pay/ALPHA-1/2",
    ):
        assert expected in lines


def test_code_leads_to_the_page_of_its_connector(alpha, settings):
    outlet = Connector.objects.select_related("charger__location").get(charger=alpha, number=2)
    settings.PUBLIC_URL = "http://testserver"
    url = label_of(outlet).url
    assert url == "http://testserver/pay/ALPHA-1/2"


def test_identity_with_odd_letters_makes_an_address_that_works(beta, settings):
    settings.PUBLIC_URL = "http://testserver"
    beta.identity = "CP 1?#%é"
    beta.save()
    outlet = Connector.objects.select_related("charger__location").get(charger=beta, number=1)
    answer = driver().get(label_of(outlet).url)
    assert answer.status_code == 404  # nobody takes payments there, but the charger is known
    assert "takes no payments by phone" in answer.content.decode()


def test_member_gets_the_labels_of_their_own_company_only(alpha, beta):
    client = signed_in(person("v@alpha.example", alpha.cpo, Role.VIEWER))
    assert "BETA-1" not in sheet(client)
    assert client.get(f"{SHEETS}?charger={beta.pk}").status_code == 404
    assert "BETA-1" not in sheet(client, f"?charger={alpha.pk}&charger={beta.pk}")
    assert client.get(f"{SHEETS}?cpo={beta.cpo_id}").status_code == 404


def test_staff_get_any_and_choose_a_company(alpha, beta):
    client = signed_in(person("staff@rows.example", is_staff=True))
    assert {"ALPHA-1", "BETA-1"} <= set(sheet(client).splitlines())
    assert "ALPHA-1" not in sheet(client, f"?cpo={beta.cpo_id}")


def test_stranger_is_asked_to_sign_in(alpha):
    answer = driver().get(SHEETS)
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]


def test_retired_chargers_and_nonsense_have_no_labels(alpha):
    client = signed_in(person("o@alpha.example", alpha.cpo))
    for query in ("?charger=x", "?charger=", "?charger=99999999999999999999", "?cpo=x"):
        assert client.get(SHEETS + query).status_code == 404
    alpha.retired_at = clock.now()
    alpha.save()
    assert client.get(SHEETS).status_code == 404


def test_eight_labels_fit_on_a_page(alpha):
    outlet = Connector.objects.select_related("charger__location").get(charger=alpha, number=1)
    label = label_of(outlet)
    assert pages_of(sheets_pdf([label] * 8)) == 1
    assert pages_of(sheets_pdf([label] * 9)) == 2


def test_letters_that_no_font_has_do_not_break_the_sheet(alpha):
    alpha.name = "充電 \N{HIGH VOLTAGE SIGN} <b>\x07 (x) \\"
    alpha.save()
    assert "?? ? <b> (x) \\" in sheet(signed_in(person("o@alpha.example", alpha.cpo)))


def test_admin_leads_from_chosen_chargers_to_their_labels(alpha, beta):
    client = signed_in(person("boss@rows.example", is_staff=True, is_superuser=True))
    answer = client.post(
        "/admin/chargers/charger/",
        {"action": "print_labels", "_selected_action": [alpha.pk]},
    )
    assert (answer.status_code, answer["Location"]) == (302, f"{SHEETS}?charger={alpha.pk}")


def test_portal_offers_the_sheets(alpha):
    client = signed_in(person("o@alpha.example", alpha.cpo))
    assert f'href="{SHEETS}"' in client.get("/").content.decode()
