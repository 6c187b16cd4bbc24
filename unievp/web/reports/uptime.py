"""How long each connector could be used in a time, and why not (docs/availability.md)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from chargers.selectors.availability import Cause, ConnectorAvailability, availability
from chargers.selectors.board import in_service
from cpo.access import Actor
from unievp.lib import clock
from unievp.lib.tables import Cell
from unievp.web.reports.report import Report
from unievp.web.reports.wanted import Wanted

_MINUTE: Final = timedelta(minutes=1)
USUAL_DAYS: Final = 30
_OUT: Final = (Cause.NETWORK, Cause.CHARGER)


def rows(actor: Actor, wanted: Wanted) -> Iterator[tuple[Cell, ...]]:
    """Charger by charger, as far as they were in service."""
    chargers = in_service(actor, wanted.cpo_id).select_related("location", "cpo")
    if wanted.location_id:
        chargers = chargers.filter(location=wanted.location_id)
    if wanted.charger_id:
        chargers = chargers.filter(identity__iexact=wanted.charger_id)
    until = min(wanted.until or clock.now(), clock.now())
    since = wanted.since or until - timedelta(days=USUAL_DAYS)
    for found in availability(actor, chargers, since=since, until=until):
        if found.periods:
            yield _line(found, wanted.zone)


def _line(found: ConnectorAvailability, zone: ZoneInfo | None) -> tuple[Cell, ...]:
    location = found.charger.location
    place = zone or ZoneInfo(location.time_zone)
    uptime = found.uptime
    return (
        found.charger.cpo.name,
        location.name,
        str(place),
        found.charger.identity,
        found.connector.number,
        found.periods[0].start.astimezone(place),
        found.periods[-1].end.astimezone(place),
        uptime.available // _MINUTE,
        uptime.maintenance // _MINUTE,
        uptime.network // _MINUTE,
        uptime.charger // _MINUTE,
        uptime.unknown // _MINUTE,
        sum(period.cause in _OUT for period in found.periods),
        uptime.percent(),
    )


UPTIME: Final = Report(
    name="uptime",
    title=_("Uptime"),
    about=_("How long each connector could be used, and why not. Maintenance is excluded."),
    columns=(
        "cpo", "location", "time_zone", "charger_id", "connector_id", "from", "to",
        "available_min", "maintenance_min", "network_min", "charger_min", "unknown_min", "outages",
        "uptime_percent",
    ),
    rows=rows,
    filters=frozenset({"location_id", "charger_id"}),
    usual_days=USUAL_DAYS,
)  # fmt: skip
