"""Sums over charging sessions: of a local day or month, or between two instants."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Greatest, Least

from chargers.models import ChargingSession, Connector, Location
from chargers.selectors.busy_time import busy_time
from chargers.selectors.session_sums import Span, Totals, session_sums
from cpo.access import Actor, visible
from unievp.lib import clock

_MICROSECOND = timedelta(microseconds=1)


def today(local: date) -> date:
    return local


def month(local: date) -> date:
    return local.replace(day=1)


def totals_since(
    actor: Actor, cpo_id: UUID | None, first_day: Callable[[date], date] = today
) -> Totals:
    """Since the beginning of `first_day(today)`, at each location by its own clock."""
    return session_sums(actor, cpo_id, *_spans(actor, cpo_id, first_day))


def totals_between(actor: Actor, cpo_id: UUID | None, since: datetime, until: datetime) -> Totals:
    return session_sums(actor, cpo_id, Span(since, until))


def utilisation(
    actor: Actor, cpo_id: UUID | None, since: datetime, until: datetime
) -> Decimal | None:
    """The share of the connectors' time in which a session ran, in %; None without connectors.

    Connectors of chargers that were retired before, or registered after, do not count.
    """
    until = min(until, clock.now())
    connectors = visible(actor, Connector.objects.all()).filter(
        Q(charger__retired_at=None) | Q(charger__retired_at__gt=since),
        charger__created_at__lt=until,
    )
    if cpo_id:
        connectors = connectors.filter(charger__cpo_id=cpo_id)
    in_service = connectors.aggregate(
        time=Sum(
            Least(Coalesce(F("charger__retired_at"), until), until)
            - Greatest(F("charger__created_at"), since)
        )
    )["time"]
    if not in_service:
        return None
    used = busy_time(actor, cpo_id, since, until)
    share = Decimal(used // _MICROSECOND) * 100 / Decimal(in_service // _MICROSECOND)
    # A session may be older than its charger's registration, by the charger's clock.
    return min(share, Decimal(100)).quantize(Decimal("0.01"))


def sessions_of(actor: Actor, cpo_id: UUID | None) -> QuerySet[ChargingSession]:
    rows = visible(actor, ChargingSession.objects.all())
    return rows.filter(cpo_id=cpo_id) if cpo_id else rows


def _spans(actor: Actor, cpo_id: UUID | None, first_day: Callable[[date], date]) -> Iterator[Span]:
    places = visible(actor, Location.objects.all())
    if cpo_id:
        places = places.filter(cpo_id=cpo_id)
    for zone in places.order_by().values_list("time_zone", flat=True).distinct():
        place = zoneinfo.ZoneInfo(zone)
        first = first_day(clock.now().astimezone(place).date())
        yield Span(datetime.combine(first, time.min, place), time_zone=zone)
