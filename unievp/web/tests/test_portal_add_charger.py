"""A company adds a charger by itself: to its own sites, once, with what to enter there."""

from __future__ import annotations

import re

import pytest

from chargers.models import Charger, Location, Presence
from cpo.models import Role
from unievp.lib import clock
from unievp.lib.secrets import matches_digest
from unievp.web.tests.cast import company, person

pytestmark = pytest.mark.django_db
FORM = {
    "identity": "NEW-0001",
    "name": "Lobby",
    "location_name": "Harbour",
    "time_zone": "Asia/Makassar",
    "connectors": "2",
    "standard": "IEC_62196_T2_COMBO",
    "power_kw": "60",
}


@pytest.fixture
def alice():
    return company("Alpha Charge")


@pytest.fixture
def browser(client, alice):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(alice.owner)
    return client


def add(browser, alice, **values):
    return browser.post("/chargers/new", FORM | {"cpo": alice.cpo.pk} | values)


def test_form_opens(browser):
    assert b"Add it" in browser.get("/chargers/new").content


def test_charger_is_made_with_its_site_and_its_password_is_told(browser, alice):
    html = add(browser, alice).content.decode()
    charger = Charger.objects.get(identity="NEW-0001")
    assert (charger.cpo, charger.location.name) == (alice.cpo, "Harbour")
    assert charger.location.time_zone == "Asia/Makassar"
    assert [
        (each.number, each.max_power_w, each.power_type) for each in charger.connectors.all()
    ] == [
        (1, 60_000, "DC"),
        (2, 60_000, "DC"),
    ]
    password = re.search(r'<code id="password">([^<]+)<', html).group(1)
    assert matches_digest(password.encode(), bytes(charger.password_digest))
    assert "ws://" in html
    assert "every 2s" in html


def test_charger_stands_at_a_site_that_exists(browser, alice):
    add(browser, alice, location=alice.location.pk, location_name="")
    assert Charger.objects.get(identity="NEW-0001").location == alice.location


def test_first_sign_tells_when_it_has_connected(browser, alice):
    add(browser, alice)
    charger = Charger.objects.get(identity="NEW-0001")
    path = f"/chargers/{charger.pk}/first-sign"
    assert b"every 2s" in browser.get(path).content
    Presence.objects.update_or_create(
        charger=charger, defaults={"online": True, "last_seen_at": clock.now()}
    )
    part = browser.get(path).content
    assert b"It has connected." in part
    assert b"every 2s" not in part


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"identity": ""}, "required"),
        ({"identity": "alpha-0001"}, "A charger with this id exists."),
        ({"identity": "a/b c"}, "invalid-feedback"),
        ({"location_name": ""}, "name a new one"),
        ({"connectors": "0"}, "greater than or equal to 1"),
        ({"connectors": "900"}, "less than or equal to 8"),
        ({"power_kw": "many"}, "whole number"),
        ({"standard": "SCHUKO"}, "not one of the available choices"),
        ({"time_zone": "Mars/North"}, "not one of the available choices"),
        ({"cpo": "nonsense"}, "alert-danger"),
    ],
)
def test_nonsense_is_refused_at_its_field_and_makes_nothing(browser, alice, values, words):
    before = Charger.objects.count(), Location.objects.count()
    answer = add(browser, alice, **values)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert (Charger.objects.count(), Location.objects.count()) == before


def test_rivals_company_and_site_are_no_choice(browser, alice):
    bob = company("Bravo Charge")
    assert add(browser, alice, cpo=bob.cpo.pk).status_code == 422
    assert add(browser, alice, location=bob.location.pk).status_code == 422
    assert not Charger.objects.filter(identity="NEW-0001").exists()


def test_viewer_may_not_add(client, alice):
    client.force_login(person("viewer@alpha.example", alice.cpo, Role.VIEWER))
    assert client.get("/chargers/new").status_code == 403
    assert add(client, alice).status_code == 403
    assert b"/chargers/new" not in client.get("/").content
