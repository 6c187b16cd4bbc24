"""One charger's page: whose it is, what may be asked of it, and what it answered."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chargers.models import Command, CommandStatus, ConfigurationReading, ForcedStatus
from cpo.models import Role
from unievp.web.tests.cast import company, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return company("Alpha Charge")


@pytest.fixture
def bob():
    return company("Bravo Charge")


@pytest.fixture
def browser(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def address(charger, rest=""):
    return f"/chargers/{charger.pk}{rest}"


def ask(browser, charger, name, **values):
    return browser.post(address(charger, f"/actions/{name}"), values, follow=True)


def test_page_shows_charger_sessions_and_actions(browser, alice):
    browser.force_login(alice.owner)
    html = browser.get(address(alice.charger)).content.decode()
    assert "ALPHA-0001" in html
    assert f'href="/sessions/{alice.session.transaction_id}"' in html
    assert "Soft restart" in html
    assert "Nothing was asked of this charger yet." in html


def test_page_of_a_rival_is_not_found(browser, alice, bob):
    browser.force_login(bob.owner)
    assert browser.get(address(alice.charger)).status_code == 404
    assert browser.get(address(alice.charger, "/commands")).status_code == 404
    assert ask(browser, alice.charger, "restart", kind="Hard").status_code == 404
    assert not Command.objects.exists()


def test_viewer_sees_the_charger_and_may_ask_nothing(browser, alice):
    browser.force_login(person("viewer@alpha.example", alice.cpo, Role.VIEWER))
    html = browser.get(address(alice.charger)).content.decode()
    assert "ALPHA-0001" in html
    assert "Soft restart" not in html
    assert ask(browser, alice.charger, "restart").status_code == 403
    assert not Command.objects.exists()


def number_of(alice):
    return alice.session.connector.number


@pytest.mark.parametrize(
    ("name", "values", "action", "payload"),
    [
        ("start", {"id_tag": "TAG1"}, "RemoteStartTransaction", {"idTag": "TAG1"}),
        ("unlock", {"connector": "1"}, "UnlockConnector", {"connectorId": 1}),
        ("restart", {"kind": "Hard"}, "Reset", {"type": "Hard"}),
        (
            "availability",
            {"status": "Unavailable", "connector": "0"},
            "ChangeAvailability",
            {"connectorId": 0, "type": "Inoperative"},
        ),
        (
            "change-configuration",
            {"key": "HeartbeatInterval", "value": "300"},
            "ChangeConfiguration",
            {"key": "HeartbeatInterval", "value": "300"},
        ),
    ],
)
def test_each_form_queues_its_command(browser, alice, name, values, action, payload):
    browser.force_login(alice.owner)
    html = ask(browser, alice.charger, name, **values).content.decode()
    command = Command.objects.get()
    assert (command.action, command.payload) == (action, payload)
    assert command.requested_by == alice.owner
    assert action in html


def test_running_session_is_stopped(browser, alice):
    browser.force_login(alice.owner)
    ask(browser, alice.charger, "stop", transaction_id=alice.session.transaction_id)
    command = Command.objects.get()
    assert command.payload == {"transactionId": alice.session.transaction_id}


def test_out_of_service_is_kept(browser, alice):
    browser.force_login(alice.owner)
    ask(browser, alice.charger, "availability", status="Unavailable", connector="0")
    alice.charger.refresh_from_db()
    assert alice.charger.forced_status == ForcedStatus.UNAVAILABLE


def test_configuration_is_asked_for(browser, alice):
    browser.force_login(alice.owner)
    ask(browser, alice.charger, "read-configuration")
    assert ConfigurationReading.objects.filter(charger=alice.charger).exists()


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("start", {}, "Give the id tag"),
        ("start", {"id_tag": "x" * 21}, "20"),
        ("stop", {"transaction_id": "999999"}, "This session has ended"),
        ("unlock", {"connector": "77"}, "which connector"),
        ("unlock", {"connector": "one"}, "no number"),
        ("unlock", {"connector": "9" * 40}, "no number"),
        ("restart", {"kind": "Warm"}, "soft or hard"),
        ("availability", {"status": "Broken"}, "in service"),
        ("availability", {"status": "Available", "connector": "77"}, "no such connector"),
        ("change-configuration", {"value": "1"}, "Name the setting"),
        ("change-configuration", {"key": "HeartbeatInterval", "value": "soon"}, ""),
    ],
)
def test_nonsense_is_refused_in_words(browser, alice, name, values, words):
    browser.force_login(alice.owner)
    html = ask(browser, alice.charger, name, **values).content.decode()
    assert "alert-danger" in html
    assert words in html
    assert not Command.objects.exists()


def test_unknown_action_is_not_found(browser, alice):
    browser.force_login(alice.owner)
    assert ask(browser, alice.charger, "explode").status_code == 404


def test_open_command_is_looked_after_until_it_is_answered(browser, alice):
    browser.force_login(alice.owner)
    path = address(alice.charger, "/actions/restart")
    part = browser.post(path, {"kind": "Soft"}, headers={"HX-Request": "true"}).content.decode()
    assert "every 2s" in part
    assert "<html" not in part
    Command.objects.update(status=CommandStatus.ANSWERED, response_status="Rejected")
    part = browser.get(address(alice.charger, "/commands")).content.decode()
    assert "every 2s" not in part
    assert "Rejected" in part


def test_uptime_is_told_to_those_who_may_see_the_charger(browser, alice, bob):
    browser.force_login(alice.owner)
    assert browser.get(address(alice.charger, "/uptime")).content.decode().strip() == "\N{EN DASH}"
    browser.force_login(bob.owner)
    assert browser.get(address(alice.charger, "/uptime")).status_code == 404


def test_page_needs_few_queries(browser, alice):
    browser.force_login(alice.owner)
    for _ in range(3):
        ask(browser, alice.charger, "restart", kind="Soft")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        browser.get(address(alice.charger))
    assert len(queries) <= 15
