"""What is kept of some chargers in some time, as events: a handful of queries for any number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from django.db.models import Prefetch, Q, QuerySet

from chargers.models import (
    Charger,
    Command,
    CommandStatus,
    Connector,
    ConnectorStatusChange,
    PresenceChange,
)
from chargers.selectors.availability.tiling import Event, Kind, Period, tile
from chargers.selectors.availability.uptime import Uptime
from cpo.access import Actor, visible
from unievp.lib import clock

_CHUNK: Final = 200
# How far ahead a charger's clock may be believed (`chargers.ocpp.times`).
_AHEAD: Final = timedelta(days=1)
# By charger, and connector number (0: the whole charger).
_Events = defaultdict[tuple[int, int], list[Event]]


@dataclass(frozen=True, slots=True)
class ConnectorAvailability:
    """One connector in the time that was asked for, as far as it was in service."""

    charger: Charger
    connector: Connector
    periods: tuple[Period, ...]

    @property
    def uptime(self) -> Uptime:
        return Uptime.of(self.periods)


def availability(
    actor: Actor, chargers: QuerySet[Charger], *, since: datetime, until: datetime
) -> Iterator[ConnectorAvailability]:
    """Each connector of those of `chargers` that `actor` may see, by charger and number.

    The future has not been: `until` counts to the present at most. A charger counts from its
    registration to its retirement. Uptime of a charger, a location or a CPO: the sum over its
    connectors.
    """
    return availability_of(visible(actor, chargers), since=since, until=until)


def availability_of(
    chargers: QuerySet[Charger], *, since: datetime, until: datetime
) -> Iterator[ConnectorAvailability]:
    """As `availability`, for the platform itself."""
    until = min(until, clock.now())
    connectors = Prefetch("connectors", Connector.objects.order_by("number"))
    rows = chargers.order_by("pk").prefetch_related(connectors)
    last = 0
    while part := list(rows.filter(pk__gt=last)[:_CHUNK]):
        last = part[-1].pk
        events = _events([charger.pk for charger in part], since, until)
        for charger in part:
            yield from _of_charger(charger, events, since, until)


def _of_charger(
    charger: Charger, events: _Events, since: datetime, until: datetime
) -> Iterator[ConnectorAvailability]:
    begin = max(since, charger.created_at)
    end = min(until, charger.retired_at) if charger.retired_at else until
    whole = events[charger.pk, 0]
    for connector in charger.connectors.all():
        own = events[charger.pk, connector.number]
        periods = tile(chain(whole, own), begin, end)
        yield ConnectorAvailability(charger, connector, tuple(periods))


def _events(chargers: list[int], since: datetime, until: datetime) -> _Events:
    events: _Events = defaultdict(list)
    for key, event in chain(
        _presence(chargers, since, until),
        _statuses(chargers, since, until),
        _orders(chargers, until),
    ):
        events[key].append(event)
    return events


_Found = Iterable[tuple[tuple[int, int], Event]]


def _presence(chargers: list[int], since: datetime, until: datetime) -> _Found:
    rows = PresenceChange.objects.filter(charger_id__in=chargers)
    columns = ("charger_id", "at", "online", "id")
    before = rows.filter(at__lt=since).order_by("charger_id", "-at", "-id").distinct("charger_id")
    inside = rows.filter(at__gte=since, at__lt=until).order_by("at", "id")
    for charger_id, at, online, pk in chain(
        before.values_list(*columns), inside.values_list(*columns)
    ):
        word = "online" if online else "offline"
        yield (charger_id, 0), Event(at, Kind.PRESENCE, word, pk)


def _statuses(chargers: list[int], since: datetime, until: datetime) -> _Found:
    """By the charger's clock; a time ahead of ours counts as its arrival."""
    rows = ConnectorStatusChange.objects.filter(charger_id__in=chargers)
    columns = ("charger_id", "connector_number", "status", "reported_at", "received_at", "id")
    before = rows.filter(reported_at__lt=since)
    before = before.order_by("charger_id", "connector_number", "-reported_at", "-id")
    before = before.distinct("charger_id", "connector_number")
    inside = rows.filter(reported_at__gte=since, reported_at__lt=until + _AHEAD)
    for charger_id, number, status, reported_at, received_at, pk in chain(
        before.values_list(*columns), inside.order_by("reported_at", "id").values_list(*columns)
    ):
        kind = Kind.OWN if number else Kind.WHOLE
        yield (charger_id, number), Event(min(reported_at, received_at), kind, status, pk)


def _orders(chargers: list[int], until: datetime) -> _Found:
    """ChangeAvailability that the charger did not refuse. One that it never got tells what we
    meant: a charger that is switched off for maintenance cannot answer.
    """
    rows = Command.objects.filter(
        charger_id__in=chargers, action="ChangeAvailability", created_at__lt=until
    ).exclude(
        Q(status__in=[CommandStatus.CANCELLED, CommandStatus.FAILED])
        | Q(response_status="Rejected")
    )
    for charger_id, payload, at in rows.values_list("charger_id", "payload", "created_at"):
        number, kind = payload.get("connectorId"), payload.get("type")
        if isinstance(number, int) and kind in ("Operative", "Inoperative"):
            yield (charger_id, max(number, 0)), Event(at, Kind.ORDER, kind)
