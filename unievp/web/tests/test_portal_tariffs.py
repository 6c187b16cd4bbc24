"""Tariffs in the portal: told while typed, within the law, sold where the company says."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chargers.models import TariffAssignment, TariffDefault
from chargers.selectors.tariffs import effective_tariff
from cpo.models import Role
from tariffs.models import TariffTemplate, TariffVersion
from tariffs.pricing import Component, Element, Kind, Rules, SimpleTariff, simple_rules
from tariffs.services.templates import create_template
from unievp.web.tests.cast import company, person

pytestmark = pytest.mark.django_db
PRICES = {
    "per_kwh": "2400",
    "night_per_kwh": "",
    "session_fee": "0",
    "idle_per_minute": "500",
    "idle_grace_minutes": "15",
}


@pytest.fixture
def alice():
    return company("Alpha Charge")


@pytest.fixture
def bob():
    return company("Bravo Charge")


@pytest.fixture
def browser(client, alice):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(alice.owner)
    return client


def make(cpo, name="Day", **numbers):
    rules = simple_rules(SimpleTariff(**({"per_kwh": Decimal(2400)} | numbers)))
    return create_template(cpo.cpo, name=name, rules=rules, actor=cpo.owner)


def post(browser, path, **values):
    return browser.post(path, values, follow=True).content.decode().replace("\xa0", " ")


def test_tariff_is_made_and_listed_with_its_prices(browser):
    html = post(browser, "/tariffs/new", name="Day", **PRICES)
    assert "IDR 2,400 per kWh" in html
    assert TariffTemplate.objects.get().name == "Day"
    listed = browser.get("/tariffs").content.decode().replace("\xa0", " ")
    assert "IDR 2,400 per kWh" in listed
    assert "on 0 chargers" in listed


def test_what_is_typed_is_told_and_priced_and_not_kept(browser):
    html = post(browser, "/tariffs/try", **PRICES | {"night_per_kwh": "2000"})
    assert "IDR 2,000 per kWh (22:00" in html
    assert "IDR 48,000" in html  # 20 kWh from 19:00
    assert "<html" not in html
    assert not TariffTemplate.objects.exists()
    assert "Enter a price per kWh" in post(browser, "/tariffs/try", **PRICES | {"per_kwh": ""})


def test_cap_of_the_law_is_told_while_typing_and_refuses(browser):
    above = PRICES | {"per_kwh": "9000", "name": "Dear"}
    assert "Permen ESDM" in post(browser, "/tariffs/try", **above)
    answer = browser.post("/tariffs/new", above)
    assert answer.status_code == 422
    assert "Permen ESDM" in answer.content.decode()
    assert not TariffTemplate.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"per_kwh": "-1"}, {"per_kwh": "much"}, {"idle_grace_minutes": "1.5"}, {"name": " "}],
)
def test_nonsense_is_refused_at_its_field(browser, wrong):
    answer = browser.post("/tariffs/new", PRICES | {"name": "Day"} | wrong)
    assert answer.status_code == 422
    assert b"invalid-feedback" in answer.content
    assert not TariffTemplate.objects.exists()


def test_new_prices_are_a_new_version(browser, alice):
    template = make(alice)
    html = browser.get(f"/tariffs/{template.pk}").content.decode()
    assert 'value="2400"' in html
    post(browser, f"/tariffs/{template.pk}", **PRICES | {"per_kwh": "2100"})
    numbers = TariffVersion.objects.filter(template=template).order_by("number")
    assert [version.number for version in numbers] == [1, 2]


def test_tariff_of_the_api_says_that_numbers_replace_it(browser, alice):
    rules = Rules((Element((Component(Kind.TIME, Decimal(1000)),)),))
    template = create_template(alice.cpo, name="By hour", rules=rules, actor=alice.owner)
    assert b"set through the API" in browser.get(f"/tariffs/{template.pk}").content


def test_tariff_is_sold_on_a_charger_a_connector_a_site_and_everywhere(browser, alice):
    template = make(alice)
    path = f"/tariffs/{template.pk}/sell"
    connector = alice.connectors[1]
    post(browser, path, place="", charger="alpha-0001", connector="2")
    assert effective_tariff(connector).template == template
    assert effective_tariff(alice.connectors[0]) is None
    post(browser, path, place=str(alice.location.pk))
    assert effective_tariff(alice.connectors[0]).template == template
    html = post(browser, path, place="everywhere")
    assert TariffDefault.objects.filter(cpo=alice.cpo, location=None).exists()
    assert "ALPHA-0001 / 2" in html
    assert "Everything that has no tariff of its own" in html


def test_selling_ends(browser, alice):
    template = make(alice)
    post(browser, f"/tariffs/{template.pk}/sell", charger="ALPHA-0001")
    post(browser, f"/tariffs/{template.pk}/sell", place="everywhere")
    assignment, default = TariffAssignment.objects.get(), TariffDefault.objects.get()
    stop = f"/tariffs/{template.pk}/stop"
    post(browser, stop, assignment=assignment.pk)
    html = post(browser, stop, default=default.pk)
    assert "Nowhere yet." in html
    assert effective_tariff(alice.connectors[0]) is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"charger": "NOBODY"}, "no charger with this id"),
        ({"charger": "ALPHA-0001", "connector": "9"}, "no such connector"),
        ({"charger": "ALPHA-0001", "connector": "one"}, "no number"),
        ({"place": "99999"}, "no such location"),
        ({"place": "moon"}, "no number"),
    ],
)
def test_place_that_is_not_there_is_refused(browser, alice, values, words):
    template = make(alice)
    assert words in post(browser, f"/tariffs/{template.pk}/sell", **values)
    assert not TariffAssignment.objects.exists()
    assert not TariffDefault.objects.exists()


def test_sold_tariff_is_not_archived(browser, alice):
    template = make(alice)
    post(browser, f"/tariffs/{template.pk}/sell", charger="ALPHA-0001")
    assert "alert-danger" in post(browser, f"/tariffs/{template.pk}/archive")
    post(browser, f"/tariffs/{template.pk}/stop", assignment=TariffAssignment.objects.get().pk)
    post(browser, f"/tariffs/{template.pk}/archive")
    template.refresh_from_db()
    assert template.is_archived


def test_rivals_tariffs_places_and_company_are_out_of_reach(browser, alice, bob):
    theirs, ours = make(bob, "Theirs"), make(alice, "Ours")
    assert browser.get(f"/tariffs/{theirs.pk}").status_code == 404
    for action in ("", "/sell", "/stop", "/archive"):
        assert browser.post(f"/tariffs/{theirs.pk}{action}", PRICES).status_code == 404
    assert b"Theirs" not in browser.get("/tariffs").content
    html = post(browser, f"/tariffs/{ours.pk}/sell", charger="BRAVO-0001")
    assert "no charger with this id" in html
    assert "no such location" in post(
        browser, f"/tariffs/{ours.pk}/sell", place=str(bob.location.pk)
    )
    answer = browser.post("/tariffs/new", PRICES | {"name": "X", "cpo": bob.cpo.pk})
    assert answer.status_code == 404
    assert browser.get(f"/tariffs/{2**63}").status_code == 404


def test_who_may_not_price_sees_tariffs_and_changes_none(browser, alice):
    template = make(alice)
    browser.force_login(person("viewer@alpha.example", alice.cpo, Role.VIEWER))
    html = browser.get(f"/tariffs/{template.pk}").content.decode()
    assert "Drivers read" in html
    assert 'id="sell"' not in html
    for path in ("/tariffs/new", "/tariffs/try"):
        assert browser.post(path, PRICES).status_code == 403
    for action in ("", "/sell", "/stop", "/archive"):
        assert browser.post(f"/tariffs/{template.pk}{action}", PRICES).status_code == 403
    assert TariffVersion.objects.count() == 1


def test_list_needs_few_queries(browser, alice):
    for number in range(5):
        make(alice, f"Tariff {number}")
    with CaptureQueriesContext(connection) as queries:
        browser.get("/tariffs")
    assert len(queries) <= 8
