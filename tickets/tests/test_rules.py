"""What goes wrong in the field and with the money opens tickets, and ends them."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.utils import translation

from chargers import events as field
from chargers.models import (
    ChargingSession,
    Connector,
    ConnectorStatusChange,
    Presence,
    SecurityEvent,
)
from chargers.services.security.events import see_events
from chargers.tests.factories import make_charger, make_token, send_one, start
from cpo.models import CPOStatus
from cpo.tests.factories import make_cpo, make_user
from payments.models import Difference
from tickets import tasks
from tickets.models import RuleKind, Ticket, TicketRule
from tickets.services.rules import sweeping
from tickets.services.rules.settings import DEFAULTS
from tickets.services.rules.silence import MANY
from tickets.services.rules.sweeping import sweep_rule, sweep_rules
from unievp.lib import clock

pytestmark = pytest.mark.django_db

FAULT, OFFLINE = RuleKind.CONNECTOR_FAULTED, RuleKind.CHARGER_OFFLINE


@pytest.fixture
def charger():
    return make_charger(identity="JKT-1")


def ago(minutes):
    return clock.now() - timedelta(minutes=minutes)


def set_rule(kind, **values):
    defaults = {"priority": "high", "category": "charger", **values}
    TicketRule.objects.update_or_create(kind=kind, defaults=defaults)


def report(charger, number, status, minutes, error="NoError"):
    """A StatusNotification some minutes ago."""
    at = ago(minutes)
    change = ConnectorStatusChange.objects.create(
        charger=charger,
        connector_number=number,
        status=status,
        error_code=error,
        reported_at=at,
        received_at=at,
    )
    Connector.objects.filter(charger=charger, number=number).update(
        status=status, error_code=error, status_at=at
    )
    if number == 0:
        type(charger).objects.filter(pk=charger.pk).update(status=status, error_code=error)
    return change


def go(charger, *, online, minutes=0):
    Presence.objects.update_or_create(
        charger=charger,
        defaults={
            "online": online,
            "connected_at": ago(10_000),
            "disconnected_at": None if online else ago(minutes),
        },
    )


def titles():
    with translation.override("en"):
        return sorted(ticket.title for ticket in Ticket.objects.all())


# --- Faults -------------------------------------------------------------------------------------


def test_connector_that_is_faulted_long_enough_opens_one_ticket(charger):
    set_rule(FAULT, after_minutes=30)
    report(charger, 1, "Faulted", 31, "GroundFailure")
    # The same fault again does not begin anew.
    report(charger, 1, "Faulted", 5, "GroundFailure")
    report(charger, 2, "Faulted", 29, "GroundFailure")
    assert sweep_rule(FAULT) == 1
    assert sweep_rule(FAULT) == 0
    ticket = Ticket.objects.get()
    assert (ticket.charger, ticket.connector.number, ticket.cpo) == (charger, 1, charger.cpo)
    assert titles() == ["JKT-1, connector 1 is out of order"]


def test_fault_that_is_over_resolves_its_ticket_and_a_new_one_opens_it_again(charger):
    set_rule(FAULT, after_minutes=0)
    report(charger, 1, "Faulted", 50)
    sweep_rule(FAULT)
    report(charger, 1, "Available", 40)
    assert sweep_rule(FAULT) == 1
    assert Ticket.objects.get().status == "resolved"
    report(charger, 1, "Faulted", 30)
    assert sweep_rule(FAULT) == 1
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.repeats) == ("reopened", 1)


def test_fault_of_the_whole_charger_has_words_of_its_own(charger):
    set_rule(FAULT, after_minutes=0)
    report(charger, 0, "Faulted", 50, "OtherError")
    sweep_rule(FAULT)
    assert titles() == ["JKT-1 is out of order"]


@pytest.mark.parametrize("why", ["maintenance", "retired", "unverified", "connector maintenance"])
def test_trouble_that_is_nobody_s_opens_nothing_and_ends_what_was_open(charger, why):
    set_rule(FAULT, after_minutes=0)
    set_rule(OFFLINE, after_minutes=0)
    report(charger, 1, "Faulted", 50)
    go(charger, online=False, minutes=50)
    sweep_rules()
    assert Ticket.objects.filter(status="open").count() == 2
    if why == "maintenance":
        charger.forced_status = "Unavailable"
    elif why == "retired":
        charger.retired_at = clock.now()
    elif why == "unverified":
        charger.cpo.status = CPOStatus.SUSPENDED
        charger.cpo.save()
    else:
        charger.connectors.update(forced_status="Unavailable")
    charger.save()
    sweep_rules()
    left = ["open", "resolved"] if why == "connector maintenance" else ["resolved", "resolved"]
    assert sorted(Ticket.objects.values_list("status", flat=True)) == left
    Ticket.objects.all().delete()
    sweep_rules()
    assert Ticket.objects.count() == left.count("open")


def test_trouble_that_outlives_its_maintenance_comes_back(charger):
    set_rule(FAULT, after_minutes=0)
    report(charger, 1, "Faulted", 50)
    sweep_rule(FAULT)
    charger.connectors.update(forced_status="Unavailable")
    sweep_rule(FAULT)
    charger.connectors.update(forced_status="")
    assert sweep_rule(FAULT) == 1
    assert Ticket.objects.get().status == "reopened"


# --- Silence ------------------------------------------------------------------------------------


def test_charger_that_is_gone_long_enough_opens_a_ticket_until_it_is_back(charger):
    set_rule(OFFLINE, after_minutes=60)
    go(charger, online=False, minutes=59)
    assert sweep_rule(OFFLINE) == 0
    go(charger, online=False, minutes=61)
    assert sweep_rule(OFFLINE) == 1
    assert titles() == ["JKT-1 is offline"]
    go(charger, online=True)
    assert sweep_rule(OFFLINE) == 1
    assert Ticket.objects.get().status == "resolved"


def test_charger_that_was_never_there_is_not_missed(charger):
    set_rule(OFFLINE, after_minutes=0)
    Presence.objects.create(charger=charger, online=False)
    assert sweep_rule(OFFLINE) == 0


def test_many_that_fall_silent_together_are_one_ticket_by_one_query(
    django_assert_num_queries, monkeypatch
):
    set_rule(OFFLINE, after_minutes=60)
    cpo = make_cpo()
    moment = clock.now().replace(minute=5) - timedelta(hours=3)
    chargers = [make_charger(cpo=cpo, tariff=False, connectors=1) for _each in range(MANY)]
    for number, charger in enumerate(chargers):
        go(charger, online=False)
        since = moment + timedelta(seconds=number)
        Presence.objects.filter(charger=charger).update(disconnected_at=since)
    with django_assert_num_queries(1):
        sweeping.READERS[OFFLINE](clock.now(), timedelta(minutes=60))
    assert sweep_rule(OFFLINE) == 1
    assert sweep_rule(OFFLINE) == 0
    assert titles() == [f"{MANY} chargers are offline"]
    go(chargers[0], online=True)
    sweep_rule(OFFLINE)
    assert Ticket.objects.get(cause_key__contains=str(cpo.pk)).status == "resolved"
    assert Ticket.objects.filter(status="open").count() == MANY - 1


# --- Sessions -----------------------------------------------------------------------------------


def test_session_without_meter_values_opens_a_ticket_while_its_charger_is_there(charger):
    set_rule(RuleKind.SESSION_STUCK, after_minutes=60)
    make_token(cpo=charger.cpo)
    send_one(charger, start())
    go(charger, online=True)
    ChargingSession.objects.update(start_received_at=ago(61))
    assert sweep_rule(RuleKind.SESSION_STUCK) == 1
    ticket = Ticket.objects.get()
    assert ticket.session == charger.sessions.get()
    go(charger, online=False)
    assert sweep_rule(RuleKind.SESSION_STUCK) == 0
    ChargingSession.objects.update(last_reading_at=ago(1))
    assert sweep_rule(RuleKind.SESSION_STUCK) == 1
    assert Ticket.objects.get().status == "resolved"


def test_session_of_a_charger_that_is_offline_is_the_charger_s_trouble(charger):
    set_rule(RuleKind.SESSION_STUCK, after_minutes=60)
    make_token(cpo=charger.cpo)
    send_one(charger, start())
    go(charger, online=False)
    ChargingSession.objects.update(start_received_at=ago(61))
    assert sweep_rule(RuleKind.SESSION_STUCK) == 0


# --- Security, books ----------------------------------------------------------------------------


def test_critical_security_event_opens_a_ticket_until_it_was_seen(charger):
    def happens(kind, severity="critical"):
        now = clock.now()
        return SecurityEvent.objects.create(
            charger=charger, kind=kind, severity=severity, occurred_at=now, received_at=now
        )

    happens("TamperDetectionActivated")
    happens("SomethingElse", "notice")
    assert sweep_rule(RuleKind.SECURITY_EVENT) == 1
    happens("TamperDetectionActivated")
    assert sweep_rule(RuleKind.SECURITY_EVENT) == 1
    assert Ticket.objects.get().repeats == 1
    see_events(SecurityEvent.objects.all(), actor=make_user(is_staff=True))
    assert sweep_rule(RuleKind.SECURITY_EVENT) == 1
    assert Ticket.objects.get().status == "resolved"


def test_difference_in_the_books_is_the_platform_s_until_it_is_gone():
    now = clock.now()
    row = Difference.objects.create(
        kind="wallet", subject="PT A", expected="1", found="2", first_seen_at=now, last_seen_at=now
    )
    assert sweep_rule(RuleKind.RECONCILIATION_DIFFERENCE) == 1
    assert Ticket.objects.get().cpo is None
    assert titles() == ["The books differ: wallet"]
    row.status, row.resolved_at = "resolved", now
    row.save()
    assert sweep_rule(RuleKind.RECONCILIATION_DIFFERENCE) == 1
    assert Ticket.objects.get().status == "resolved"


# --- All together -------------------------------------------------------------------------------


def test_rule_that_fails_does_not_silence_the_others(charger, monkeypatch):
    set_rule(OFFLINE, after_minutes=0)
    go(charger, online=False, minutes=50)

    def fails(_now, _patience):
        raise RuntimeError

    monkeypatch.setattr(sweeping, "READERS", {FAULT: fails, OFFLINE: sweeping.offline})
    assert sweep_rules() == 1


def test_rule_that_is_off_opens_and_ends_nothing(charger):
    set_rule(OFFLINE, after_minutes=0)
    go(charger, online=False, minutes=50)
    sweep_rule(OFFLINE)
    set_rule(OFFLINE, after_minutes=0, enabled=False)
    go(charger, online=True)
    assert sweep_rule(OFFLINE) == 0
    assert Ticket.objects.get().status == "open"


def test_good_news_of_a_charger_with_a_ticket_need_not_wait_for_the_sweep(charger, monkeypatch):
    asked = []
    monkeypatch.setattr(
        tasks.look_at_rule, "apply_async", lambda args, **_options: asked.append(*args)
    )
    back = [field.ChargerPresenceChanged(charger.pk, online=True)]
    well = [field.ConnectorStatusChanged(charger.pk, 1, "Available")]
    tasks._answers.clear()
    tasks.on_presence_changed(back)
    assert asked == []
    set_rule(OFFLINE, after_minutes=0)
    set_rule(FAULT, after_minutes=0)
    go(charger, online=False, minutes=50)
    report(charger, 1, "Faulted", 50)
    sweep_rules()
    tasks._answers.clear()
    tasks.on_presence_changed([field.ChargerPresenceChanged(charger.pk, online=False)])
    tasks.on_status_changed([field.ConnectorStatusChanged(charger.pk, 1, "Faulted")])
    assert asked == []
    tasks.on_presence_changed(back)
    tasks.on_status_changed(well)
    tasks.on_security_event(field.CriticalSecurityEvent(charger.pk, "x"))
    assert asked == ["charger_offline", "connector_faulted", "security_event"]
    tasks._answers.clear()


def test_rules_begin_as_the_migration_wrote_them():
    seeded = import_module("tickets.migrations.0002_seed_rules_and_service_levels").RULES
    assert {kind: values[:3] for kind, values in seeded.items()} == {
        kind.value: (each["after_minutes"], each["priority"], each["category"])
        for kind, each in DEFAULTS.items()
    }
    assert set(seeded) == set(RuleKind.values)
