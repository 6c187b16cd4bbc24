"""Sessions, energy and revenue of each location by the hour, day or month of their start."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from chargers.models import Location
from chargers.selectors.hourly_sums import HourlySums, hourly_sums
from chargers.selectors.session_sums import Span
from cpo.access import Actor, visible
from unievp.lib import clock
from unievp.lib.tables import Cell
from unievp.web.reports.report import Report
from unievp.web.reports.wanted import Wanted

_MINUTE: Final = timedelta(minutes=1)
USUAL_DAYS: Final = 30


def rows(actor: Actor, wanted: Wanted) -> Iterator[tuple[Cell, ...]]:
    """Location by location, each from its first hour; one without sessions has no row."""
    places = visible(actor, Location.objects.select_related("cpo"))
    if wanted.cpo_id:
        places = places.filter(cpo_id=wanted.cpo_id)
    if wanted.location_id:
        places = places.filter(pk=wanted.location_id)
    until = wanted.until or clock.now()
    span = Span(wanted.since or until - timedelta(days=USUAL_DAYS), until)
    last = 0
    while place := places.filter(pk__gt=last).order_by("pk").first():
        last = place.pk
        yield from _of_place(place, hourly_sums(actor, wanted.cpo_id, span, place), wanted)


def _of_place(
    place: Location, hours: dict[datetime, HourlySums], wanted: Wanted
) -> Iterator[tuple[Cell, ...]]:
    zone = wanted.zone or ZoneInfo(place.time_zone)

    def begin(hour: datetime) -> datetime:
        local = hour.astimezone(zone)
        if wanted.by == "hour":
            return local
        midnight = local.replace(hour=0, minute=0)
        return midnight.replace(day=1) if wanted.by == "month" else midnight

    # In UTC: where clocks change, two hours have one name.
    for at, group in groupby(sorted(hours), key=lambda hour: begin(hour).astimezone(UTC)):
        found = sum((hours[hour] for hour in group), HourlySums())
        yield (
            place.cpo.name,
            place.name,
            str(zone),
            at.astimezone(zone),
            found.sessions,
            Decimal(found.energy_wh) / 1000,
            found.revenue,
            settings.CURRENCY,
            found.busy // _MINUTE,
        )


ENERGY: Final = Report(
    name="energy",
    title=_("Energy by location"),
    about=_(
        "Sessions, energy, revenue and busy time of each location, by the hour, day or month in"
        " which each session began."
    ),
    columns=(
        "cpo", "location", "time_zone", "from", "sessions", "energy_kwh", "revenue", "currency",
        "busy_min",
    ),
    rows=rows,
    filters=frozenset({"location_id", "by"}),
    usual_days=USUAL_DAYS,
)  # fmt: skip
