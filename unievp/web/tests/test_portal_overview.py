"""The overview: figures, curves, what needs attention, the map; of one's own company only."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chargers.models import ChargingSession, Presence
from chargers.tests.factories import make_charger
from cpo.models import CPO, CPOStatus, Role
from cpo.tests.factories import make_cpo
from tariffs.models import TariffTemplate
from unievp.lib import clock
from unievp.web.analytics.curves import daily_totals
from unievp.web.tests.cast import company, person, start_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return company("Alpha Charge")


@pytest.fixture
def browser(client, alice):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(alice.owner)
    return client


def end(**fields):
    ChargingSession.objects.update(status="ended", ended_at=clock.now(), **fields)


def data_of(html, name):
    return json.loads(re.search(rf'<script id="{name}"[^>]*>(.*?)</script>', html, re.S)[1])


def test_page_shows_today_and_the_month(browser, alice):
    end(billing_status="billed")
    html = browser.get("/overview").content.decode()
    curves = data_of(html, "curves-data")
    assert len(curves["labels"]) == 30
    assert (curves["energy"][-1], curves["revenue"][-1]) == ("12.3", 30_456)
    assert 'id="month">12 kWh · IDR\xa030,456<' in html.replace("\N{NO-BREAK SPACE}kWh", " kWh")


def test_what_needs_attention_leads_to_where_it_is_dealt_with(browser, alice):
    Presence.objects.update(online=False)
    end(billing_status="held", hold_reason="x")
    html = browser.get("/overview").content.decode()
    assert "1 charger is offline" in html
    assert 'href="/?state=offline"' in html
    assert "1 session is held back from billing" in html
    assert "Add a bank account first." in html


def test_map_shows_sites_that_have_a_place(browser, alice):
    assert "sites-data" not in browser.get("/overview").content.decode()
    alice.location.latitude, alice.location.longitude = Decimal("-6.2"), Decimal("106.8")
    alice.location.save()
    alice.connectors[1].status = "Faulted"
    alice.connectors[1].save()
    (site,) = data_of(browser.get("/overview").content.decode(), "sites-data")
    assert (site["state"], site["text"]) == ("faulted", "1 of 1 online")
    assert site["at"] == ["-6.2000000", "106.8000000"]


def test_rivals_figures_are_not_in_it(browser, alice):
    bob = company("Bravo Charge")
    bob.location.latitude, bob.location.longitude = Decimal(-8), Decimal(115)
    bob.location.save()
    assert "Bravo" not in browser.get("/overview").content.decode()
    (*_past, today) = daily_totals(alice.owner, None, days=3)
    assert today.sessions == 1


def test_page_needs_few_queries(browser):
    with CaptureQueriesContext(connection) as queries:
        browser.get("/overview")
    assert len(queries) <= 15


# --- A new company -------------------------------------------------------------------------------


@pytest.fixture
def newcomer(client):
    cpo = make_cpo(name="New Charge", status=CPOStatus.VERIFIED, verified_at=clock.now())
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return cpo


def steps_of(client, user):
    client.force_login(user)
    html = client.get("/overview").content.decode()
    done = re.findall(r'first-step-done">.*?fw-medium">(.*?)<', html, re.S)
    open_ = re.findall(r'<a class="fw-medium" href="(.*?)">(.*?)</a>', html)
    return done, open_


def test_new_company_is_led_to_its_first_charge(client, newcomer):
    owner = person("new@new.example", newcomer)
    done, steps = steps_of(client, owner)
    assert done == []
    assert [link for link, _title in steps] == [
        "/company", "/chargers/new", "/tariffs/new", "/chargers/new", "/simulator"
    ]  # fmt: skip
    charger = make_charger(cpo=newcomer)
    CPO.objects.update(contact_phone="+62 21 555", bank_account_number="0123456789")
    done, steps = steps_of(client, owner)
    assert len(done) == 3
    assert [link for link, _title in steps] == [f"/chargers/{charger.pk}"] * 2
    Presence.objects.create(charger=charger, online=True, last_seen_at=clock.now())
    assert len(steps_of(client, owner)[0]) == 4
    start_session(charger.connectors.first())
    assert steps_of(client, owner) == ([], [])


def test_tariff_that_is_made_but_not_sold_leads_back_to_it(client, newcomer):
    template = TariffTemplate.objects.create(cpo=newcomer, name="DC")
    _done, steps = steps_of(client, person("new@new.example", newcomer))
    assert f"/tariffs/{template.pk}" in [link for link, _title in steps]


def test_steps_are_for_those_who_can_take_them(client, newcomer):
    operator = person("op@new.example", newcomer, Role.OPERATOR)
    links = [link for link, _title in steps_of(client, operator)[1]]
    assert "/chargers/new" in links
    assert "/company" not in links
    assert steps_of(client, person("v@new.example", newcomer, Role.VIEWER)) == ([], [])
    assert steps_of(client, person("s@x.example", is_staff=True)) == ([], [])


def test_rivals_chargers_do_no_steps(client, newcomer):
    company("Bravo Charge")
    assert steps_of(client, person("new@new.example", newcomer))[0] == []
