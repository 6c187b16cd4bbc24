"""What a CDR should cost: its own periods, priced under the tariff that was in force."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ocpi.models import ForeignCdr, ForeignLocation
from ocpi.objects.foreign.tariffs import snapshot_of
from ocpi.services.foreign.owners import owned
from ocpi.services.foreign.tariffs import versions_around
from ocpi.wire import json
from ocpi.wire.codes import OcpiError
from ocpi.wire.moments import read_moment
from ocpi.wire.reading import Reader
from tariffs.pricing import PriceResult, Snapshot, Usage, price, to_decimal
from tariffs.pricing.ocpi import ShapeError, read_usage
from unievp.lib import money

PLACES = 6


class CannotRecomputeError(Exception):
    """Our engine can make no sum of it; the message says why."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Our own sum. `notes`: what is odd about the tariff itself."""

    result: PriceResult
    snapshot: Snapshot
    usage: Usage
    digits: int
    notes: list[str] = field(default_factory=list)

    @property
    def excl(self) -> Decimal:
        return to_decimal(self.result.total_excl, PLACES)

    @property
    def incl(self) -> Decimal:
        return to_decimal(self.result.total_incl, PLACES)


def recompute(cdr: ForeignCdr, body: dict[str, Any]) -> Recomputed:
    """Raises CannotRecomputeError."""
    try:
        digits = money.exponent(cdr.currency)
        snapshot, notes = _tariff_of(cdr, body, _zone_of(cdr, body))
        if snapshot.rules.currency.upper() != cdr.currency:
            notes.append(f"the tariff is in {snapshot.rules.currency}")
        usage = read_usage(
            started_at=cdr.started_at,
            ended_at=cdr.ended_at,
            periods=_periods(body),
        )
        return Recomputed(price(snapshot, usage), snapshot, usage, digits, notes)
    except OcpiError as error:
        raise CannotRecomputeError(error.message) from error
    except (ShapeError, ValueError, ArithmeticError) as error:
        raise CannotRecomputeError(str(error)) from error


def _periods(body: dict[str, Any]) -> list[dict[str, Any]]:
    periods: list[dict[str, Any]] = body["charging_periods"]
    return sorted(periods, key=lambda one: read_moment(str(one.get("start_date_time"))))


def _tariff_of(cdr: ForeignCdr, body: dict[str, Any], zone: str) -> tuple[Snapshot, list[str]]:
    """The one that was published when the session began, else the CDR's own copy."""
    told = _told(body)
    address = (cdr.country_code, cdr.party_id, str((told or {}).get("id") or _named(body)))
    versions = versions_around(cdr.partner, address, cdr.started_at)
    published = [snapshot_of(json.loads(one.body), zone) for one in versions]
    own = snapshot_of(told, zone) if told is not None else None
    if not published and own is None:
        raise CannotRecomputeError("it names no tariff that we know")
    if own is None or not published:
        return published[0] if own is None else own, []
    if own.rules in [one.rules for one in published]:
        return own, []
    return published[0], [f"the tariff {address[2]} of the CDR is not the one that was published"]


def _told(body: dict[str, Any]) -> dict[str, Any] | None:
    tariffs = body.get("tariffs") or []
    if len(tariffs) > 1:
        named = {str(one.get("tariff_id")).upper() for one in body["charging_periods"]}
        tariffs = [one for one in tariffs if str(one.get("id")).upper() in named]
        if len(tariffs) > 1:
            raise CannotRecomputeError("it was priced by several tariffs")
    return tariffs[0] if tariffs else None


def _named(body: dict[str, Any]) -> str:
    return next(
        (str(one["tariff_id"]) for one in body["charging_periods"] if one.get("tariff_id")), ""
    )


def _place_of(body: dict[str, Any]) -> str:
    return Reader(body).inner("cdr_location").code("id", 36)


def _zone_of(cdr: ForeignCdr, body: dict[str, Any]) -> str:
    """The place's clock decides which price applies; UTC where the place is unknown."""
    place = owned(cdr.partner, cdr.country_code, cdr.party_id, _place_of(body))
    row = ForeignLocation.objects.filter(**place).only("time_zone").first()
    if row is None:
        return "UTC"
    try:
        zoneinfo.ZoneInfo(row.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise CannotRecomputeError(f"the time zone {row.time_zone} is unknown") from None
    return row.time_zone
