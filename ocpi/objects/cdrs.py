"""CDR and Session objects (OCPI 2.2.1 §9.3.1, §10.3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from ocpi.objects.costs import costs
from ocpi.objects.periods import PLACES, charging_periods
from ocpi.objects.tariffs import tariff_object
from ocpi.wire.json import without_none
from tariffs.pricing import Snapshot, State, Usage, price, to_decimal

CREDIT_SUFFIX: Final = "-C"


@dataclass(frozen=True, slots=True)
class Charged:
    """What both objects tell of one session; `token` and `place` are CdrToken and CdrLocation."""

    owner: tuple[str, str]
    session_id: str
    token: Mapping[str, Any]
    auth_method: str
    authorization_reference: str
    place: Mapping[str, Any]
    tariff_id: str
    snapshot: Snapshot
    usage: Usage


def session_object(
    charged: Charged,
    *,
    status: str,
    total_cost: Mapping[str, Any] | None,
    last_updated: datetime,
    ended: bool,
) -> dict[str, Any]:
    usage, place = charged.usage, charged.place
    return without_none(
        {
            "country_code": charged.owner[0],
            "party_id": charged.owner[1],
            "id": charged.session_id,
            "start_date_time": usage.started_at,
            "end_date_time": usage.ended_at if ended else None,
            "kwh": _kwh(usage),
            "cdr_token": charged.token,
            "auth_method": charged.auth_method,
            "authorization_reference": charged.authorization_reference or None,
            "location_id": place["id"],
            "evse_uid": place["evse_uid"],
            "connector_id": place["connector_id"],
            "currency": charged.snapshot.rules.currency,
            "charging_periods": charging_periods(charged.snapshot, usage, charged.tariff_id),
            "total_cost": total_cost,
            "status": status,
            "last_updated": last_updated,
        }
    )


def cdr_object(
    charged: Charged, *, ocpi_id: str, digits: int, issued_at: datetime
) -> dict[str, Any]:
    """`digits` of the currency. Costs are those of `price()`, the function that made the bill."""
    usage, snapshot = charged.usage, charged.snapshot
    result = price(snapshot, usage)
    idle, reserved = _hours(usage, State.IDLE), _hours(usage, State.RESERVED)
    tariff = tariff_object(
        snapshot, owner=charged.owner, ocpi_id=charged.tariff_id, last_updated=issued_at
    )
    return without_none(
        {
            "country_code": charged.owner[0],
            "party_id": charged.owner[1],
            "id": ocpi_id,
            "start_date_time": usage.started_at,
            "end_date_time": usage.ended_at,
            "session_id": charged.session_id,
            "cdr_token": charged.token,
            "auth_method": charged.auth_method,
            "authorization_reference": charged.authorization_reference or None,
            "cdr_location": charged.place,
            "currency": snapshot.rules.currency,
            "tariffs": [tariff],
            "charging_periods": charging_periods(snapshot, usage, charged.tariff_id)
            or [_nothing(usage)],
            **costs(result, snapshot, digits),
            "total_energy": _kwh(usage),
            "total_time": _all_hours(usage) - reserved,
            "total_parking_time": idle or None,
            "last_updated": issued_at,
        }
    )


def credit_object(cdr: Mapping[str, Any], *, issued_at: datetime) -> dict[str, Any]:
    """Everything as it was, only `total_cost` negated (OCPI 2.2.1 §10.2.2)."""
    total = {name: -value for name, value in cdr["total_cost"].items()}
    return {
        **cdr,
        "id": f"{cdr['id']}{CREDIT_SUFFIX}",
        "total_cost": total,
        "credit": True,
        "credit_reference_id": cdr["id"],
        "last_updated": issued_at,
    }


def _nothing(usage: Usage) -> dict[str, Any]:
    """A CDR has at least one period; this one says that nothing happened in it."""
    return {
        "start_date_time": usage.started_at,
        "dimensions": [{"type": "TIME", "volume": Decimal(0)}],
    }


def _kwh(usage: Usage) -> Decimal:
    return to_decimal(usage.energy_wh / 1000, PLACES)


def _hours(usage: Usage, state: State) -> Decimal:
    ends = [period.start for period in usage.periods[1:]] + [usage.ended_at]
    seconds = sum(
        (
            Fraction((end - period.start).total_seconds())
            for period, end in zip(usage.periods, ends, strict=False)
            if period.state is state
        ),
        Fraction(),
    )
    return to_decimal(seconds / 3600, PLACES)


def _all_hours(usage: Usage) -> Decimal:
    seconds = Fraction((usage.ended_at - usage.started_at).total_seconds())
    return to_decimal(seconds / 3600, PLACES)
