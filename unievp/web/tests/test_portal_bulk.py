"""Many chargers asked at once in the portal: only one's own, each for itself."""

from __future__ import annotations

import pytest

from chargers.models import Command
from cpo.models import Role
from payments.tests.factories import make_member
from unievp.web.tests.cast import add_charger, company

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return company("Alpha Charge")


@pytest.fixture
def browser(client, alice):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(alice.owner)
    return client


def test_the_ticked_chargers_are_asked_and_no_other(browser, alice):
    second, third = (add_charger(alice.location, f"ALPHA-000{n}") for n in (2, 3))
    page = browser.get("/chargers/bulk").content.decode()
    assert "ALPHA-0003" in page
    ticked = [alice.charger.pk, second.pk]
    answer = browser.post("/chargers/bulk?q=ALPHA", {"ask": "restart", "charger": ticked})
    assert answer.url == "/chargers/bulk?q=ALPHA"
    assert set(Command.objects.values_list("charger", "action")) == {
        (alice.charger.pk, "Reset"),
        (second.pk, "Reset"),
    }
    browser.post("/chargers/bulk", {"ask": "out-of-service", "charger": [third.pk]})
    assert Command.objects.get(charger=third).payload["type"] == "Inoperative"


def test_nothing_ticked_and_nonsense_ask_nobody(browser, alice):
    for ticked in ([], ["x", "9" * 30]):
        page = browser.post("/chargers/bulk", {"ask": "restart", "charger": ticked}, follow=True)
        assert "Tick the chargers" in page.content.decode()
    wrong = {"ask": "explode", "charger": [alice.charger.pk]}
    assert browser.post("/chargers/bulk", wrong).status_code == 404
    assert not Command.objects.exists()


def test_a_rivals_chargers_and_those_of_viewers_are_not_asked(client, alice):
    bob = company("Beta Charge")
    for person in (bob.owner, make_member(alice.cpo, Role.VIEWER)):
        client.force_login(person)
        assert alice.charger.identity not in client.get("/chargers/bulk").content.decode()
        client.post("/chargers/bulk", {"ask": "restart", "charger": [alice.charger.pk]})
    assert not Command.objects.exists()
