"""Availability: periods with a cause tile the time; uptime adds them up."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from chargers.models import Charger, Command, ConnectorStatusChange, Presence, PresenceChange
from chargers.selectors.availability import (
    Event,
    Kind,
    Uptime,
    availability,
    local_days,
    tile,
)
from chargers.store import presence
from chargers.store.connections import Arrival, record_arrivals, record_restart
from chargers.tests.factories import make_charger
from cpo.tests.factories import make_cpo, make_member
from unievp.lib import clock

T = datetime(2026, 3, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def h(hours):
    return T + hours * HOUR


def told(periods):
    return [((p.start - T) / HOUR, (p.end - T) / HOUR, p.cause.value) for p in periods]


def events(*items):
    kinds = {"online": Kind.PRESENCE, "offline": Kind.PRESENCE, "Inoperative": Kind.ORDER,
             "Operative": Kind.ORDER}  # fmt: skip
    return [
        Event(h(at), Kind.WHOLE, value[2:]) if value.startswith("0:")
        else Event(h(at), kinds.get(value, Kind.OWN), value)
        for at, value in items
    ]  # fmt: skip


CASES = {
    "unknown before the first contact": (
        [(2, "online"), (2, "Available")],
        [(0, 2, "unknown"), (2, 10, "available")],
    ),
    "never connected": ([], [(0, 10, "unknown")]),
    "connected, the connector silent": ([(-1, "online")], [(0, 10, "unknown")]),
    "offline is the network's": (
        [(-1, "online"), (-1, "Available"), (3, "offline"), (4, "online")],
        [(0, 3, "available"), (3, 4, "network"), (4, 10, "available")],
    ),
    "an open end": (
        [(-1, "online"), (-1, "Available"), (3, "offline")],
        [(0, 3, "available"), (3, 10, "network")],
    ),
    "faulted is the charger's": (
        [(-1, "online"), (-1, "Available"), (3, "Faulted"), (5, "Available")],
        [(0, 3, "available"), (3, 5, "charger"), (5, 10, "available")],
    ),
    "unavailable by itself": (
        [(-1, "online"), (-1, "Unavailable")],
        [(0, 10, "charger")],
    ),
    "unavailable as ordered": (
        [(-1, "online"), (-1, "Available"), (2, "Inoperative"), (3, "Unavailable"),
         (6, "Operative"), (6, "Available")],
        [(0, 3, "available"), (3, 6, "maintenance"), (6, 10, "available")],
    ),
    "ordered while a car charges: available until it is done": (
        [(-1, "online"), (-1, "Charging"), (2, "Inoperative")],
        [(0, 10, "available")],
    ),
    "switched off for maintenance": (
        [(-1, "online"), (-1, "Available"), (2, "Inoperative"), (2, "Unavailable"),
         (3, "offline"), (5, "Operative"), (6, "online"), (6, "Available")],
        [(0, 2, "available"), (2, 5, "maintenance"), (5, 6, "network"), (6, 10, "available")],
    ),
    "faulted after a fault and offline: the network hides it": (
        [(-1, "online"), (-1, "Faulted"), (2, "offline"), (4, "online")],
        [(0, 2, "charger"), (2, 4, "network"), (4, 10, "charger")],
    ),
    "connector 0 out of order": (
        [(-1, "online"), (-1, "Available"), (2, "0:Faulted"), (4, "0:Available")],
        [(0, 2, "available"), (2, 4, "charger"), (4, 10, "available")],
    ),
    "connector 0 forgotten: the connector knows better": (
        [(-1, "online"), (2, "0:Unavailable"), (3, "Available")],
        [(0, 2, "unknown"), (2, 3, "charger"), (3, 10, "available")],
    ),
    "reserved, preparing, suspended, finishing are in use": (
        [(-1, "online"), (-1, "Reserved"), (1, "Preparing"), (2, "SuspendedEV"),
         (3, "Finishing")],
        [(0, 10, "available")],
    ),
}  # fmt: skip


@pytest.mark.proves("pain 52")
@pytest.mark.parametrize("case", CASES)
def test_causes(case):
    happened, expected = CASES[case]
    assert told(tile(events(*happened), T, h(10))) == expected


_EVENTS = st.lists(
    st.builds(
        lambda minute, item: Event(T + timedelta(minutes=minute), *item),
        st.integers(-600, 1800),
        st.sampled_from(
            [(Kind.PRESENCE, "online"), (Kind.PRESENCE, "offline"), (Kind.ORDER, "Inoperative"),
             (Kind.ORDER, "Operative"), (Kind.WHOLE, "Faulted"), (Kind.WHOLE, "Available"),
             (Kind.OWN, "Faulted"), (Kind.OWN, "Unavailable"), (Kind.OWN, "Available"),
             (Kind.OWN, "Unknown"), (Kind.OWN, "nonsense")]
        ),
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(_EVENTS, st.integers(0, 1200), st.randoms())
def test_periods_tile_the_time_and_add_up_to_it(happened, cut, random):
    since, until, middle = T, h(20), T + timedelta(minutes=cut)
    periods = tile(happened, since, until)
    assert periods[0].start == since
    assert periods[-1].end == until
    assert all(a.end == b.start and a.cause != b.cause for a, b in pairwise(periods))
    assert all(period.length > timedelta() for period in periods)
    uptime = Uptime.of(periods)
    assert uptime.total == until - since
    percent, strict = uptime.percent(), uptime.percent(exclude_maintenance=False)
    assert percent is None or 0 <= strict <= percent <= 100
    # In any order, and in two parts, it is the same time.
    random.shuffle(happened)
    assert tile(happened, since, until) == periods
    parts = Uptime.of(tile(happened, since, middle)) + Uptime.of(tile(happened, middle, until))
    assert parts == uptime


def test_no_time_has_no_period_and_no_uptime():
    assert tile(events((1, "online")), T, T) == []
    assert tile([], h(2), T) == []
    assert Uptime().percent() is None
    assert Uptime(unknown=HOUR).percent() is None


def test_uptime_excludes_maintenance_or_not_and_is_never_rounded_up():
    uptime = Uptime(available=90 * HOUR, maintenance=5 * HOUR, network=4 * HOUR, charger=HOUR)
    assert uptime.percent() == Decimal("95.00")
    assert uptime.percent(exclude_maintenance=False) == Decimal("90.00")
    year = timedelta(days=365)
    assert Uptime(available=year, network=timedelta(seconds=1)).percent() == Decimal("99.99")
    assert Uptime(available=year, unknown=year).percent() == Decimal("100.00")


def test_days_in_which_the_clocks_change_have_23_and_25_hours():
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    lengths = [end - begin for begin, end in (local_days("Europe/Berlin", d, d)
                                              for d in (spring, autumn))]  # fmt: skip
    assert lengths == [23 * HOUR, 25 * HOUR]
    begin, end = local_days("Asia/Jayapura", date(2026, 3, 1), date(2026, 3, 31))
    assert (begin, end - begin) == (datetime(2026, 2, 28, 15, tzinfo=UTC), timedelta(days=31))


# --- from the database ------------------------------------------------------------------------


@pytest.fixture
def charger(db):
    charger = make_charger(connectors=2)
    Charger.objects.filter(pk=charger.pk).update(created_at=h(-100))
    return charger


def connect(charger):
    arrival = Arrival(charger.pk, uuid.uuid4(), "p", "")
    record_arrivals([arrival])
    return arrival.connection_id


def say(charger, number, status, at, received=None):
    ConnectorStatusChange.objects.create(
        charger=charger, connector_number=number, status=status, reported_at=at,
        received_at=received or at,
    )  # fmt: skip


def been(charger, *changes):
    for at, online in changes:
        PresenceChange.objects.create(charger=charger, at=h(at), online=online)


def look(charger, since=T, until=h(10), actor=None):  # noqa: B008
    actor = actor or make_member(charger.cpo)
    rows = Charger.objects.filter(pk=charger.pk)
    return [told(row.periods) for row in availability(actor, rows, since=since, until=until)]


@pytest.mark.django_db
def test_each_connector_has_its_own_periods(charger):
    been(charger, (-5, True), (8, False))
    say(charger, 1, "Available", h(-4))
    say(charger, 2, "Available", h(-4))
    say(charger, 2, "Faulted", h(2))
    say(charger, 0, "Available", h(-5))
    assert look(charger) == [
        [(0, 8, "available"), (8, 10, "network")],
        [(0, 2, "available"), (2, 8, "charger"), (8, 10, "network")],
    ]


@pytest.mark.django_db
def test_a_charger_that_connects_and_never_speaks_ends_offline(charger):
    """Its end is when it was last heard of: the very instant of its beginning."""
    been(charger, (2, True), (2, False))
    say(charger, 1, "Available", h(1))
    assert look(charger)[0] == [(0, 2, "unknown"), (2, 10, "network")]


@pytest.mark.django_db
def test_orders_of_ours_are_maintenance_unless_the_charger_refused(charger):
    been(charger, (-5, True))
    for number in (1, 2):
        say(charger, number, "Available", h(-4))
        say(charger, number, "Unavailable", h(3))
    for number, answer in ((1, "Accepted"), (2, "Rejected")):
        Command.objects.create(
            charger=charger, action="ChangeAvailability", status="answered",
            payload={"connectorId": number, "type": "Inoperative"}, response_status=answer,
            created_at=h(2), deadline_at=h(3), sent_at=h(2), requested_label="x",
        )  # fmt: skip
    assert look(charger) == [
        [(0, 3, "available"), (3, 10, "maintenance")],
        [(0, 3, "available"), (3, 10, "charger")],
    ]


@pytest.mark.django_db
def test_clock_that_is_ahead_counts_from_the_arrival(charger):
    been(charger, (-5, True))
    say(charger, 1, "Available", h(-4))
    say(charger, 1, "Faulted", h(12), received=h(4))
    assert look(charger)[0] == [(0, 4, "available"), (4, 10, "charger")]


@pytest.mark.django_db
def test_a_charger_counts_from_its_registration_to_its_retirement(charger):
    been(charger, (3, True))
    say(charger, 1, "Available", h(3))
    Charger.objects.filter(pk=charger.pk).update(created_at=h(2), retired_at=h(7))
    assert look(charger)[0] == [(2, 3, "unknown"), (3, 7, "available")]


@pytest.mark.django_db
def test_the_future_is_not_counted(charger):
    now = clock.now()
    been(charger, (-5, True))
    say(charger, 1, "Available", h(-4))
    rows = Charger.objects.filter(pk=charger.pk)
    actor = make_member(charger.cpo)
    first, _second = availability(actor, rows, since=now - HOUR, until=now + HOUR)
    assert HOUR <= first.uptime.total < HOUR + timedelta(minutes=1)


@pytest.mark.django_db
def test_a_rivals_chargers_are_not_counted(charger):
    rival = make_member(make_cpo())
    assert look(charger, actor=rival) == []


@pytest.mark.django_db
def test_many_chargers_take_the_same_queries(charger):
    actor = make_member(charger.cpo)

    def queries():
        rows = Charger.objects.filter(cpo=charger.cpo)
        with CaptureQueriesContext(connection) as captured:
            found = list(availability(actor, rows, since=T, until=h(10)))
        return len(captured), len(found)

    few = queries()
    for _ in range(20):
        make_charger(location=charger.location, tariff=False)
    assert queries() == (few[0], few[1] + 40)


# --- the history of presence ------------------------------------------------------------------


def history(charger):
    return list(PresenceChange.objects.filter(charger=charger).order_by("at", "id").values_list(
        "online", flat=True))  # fmt: skip


@pytest.mark.django_db
@pytest.mark.proves("pain 9")
def test_every_way_to_come_and_go_is_kept_once(charger):
    assert history(charger) == []
    connect(charger)
    connect(charger)  # another connection takes over: nothing changed for the charger
    assert history(charger) == [True]
    silent_since = clock.now() - timedelta(hours=2)
    Presence.objects.filter(charger=charger).update(last_seen_at=silent_since)
    assert presence.mark_silent_offline(clock.now()) == [charger.pk]
    assert presence.mark_silent_offline(clock.now()) == []
    assert history(charger) == [True, False]
    presence._written.clear()
    presence.mark_seen([(charger.pk, clock.now())])
    assert history(charger) == [True, False, True]
    assert record_restart("p") == [charger.pk]
    assert history(charger) == [True, False, True, False]


@pytest.mark.django_db
def test_an_end_is_when_the_charger_was_last_heard_and_never_before_the_beginning(charger):
    connect(charger)
    began = PresenceChange.objects.get(charger=charger).at
    heard = clock.now()
    Presence.objects.filter(charger=charger).update(last_seen_at=heard)
    Presence.objects.filter(charger=charger).update(online=False)
    assert PresenceChange.objects.filter(charger=charger).latest("at").at == heard >= began
    Presence.objects.filter(charger=charger).update(online=True, last_seen_at=h(-900))
    times = list(PresenceChange.objects.filter(charger=charger).order_by("id").values_list("at"))
    assert times == sorted(times)
