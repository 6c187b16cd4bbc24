"""Charging profiles between OCPI (2.2.1 §14.4) and OCPP 1.6 (§7.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, cast

from chargers.smart_charging.composition import Slot
from chargers.smart_charging.profiles import ABSOLUTE, RELATIVE, TX, Period, Profile
from chargers.smart_charging.units import RateUnit
from ocpi.wire.moments import read_moment
from ocpi.wire.reading import Reader

_UNITS: Final = ("A", "W")
_TENTH: Final = Decimal("0.1")
_MOST_SECONDS: Final = 2**31 - 1


def read_profile(
    reader: Reader, *, profile_id: int, stack_level: int, connector: int, transaction_id: int
) -> Profile:
    """A ChargingProfile as the TxProfile of a running session.

    Without a start it is relative to the start of charging. Raises OcpiError 2001.
    """
    start_at = reader.maybe("start_date_time", reader.moment)
    return Profile(
        profile_id=profile_id,
        stack_level=stack_level,
        purpose=TX,
        kind=RELATIVE if start_at is None else ABSOLUTE,
        unit=cast("RateUnit", reader.choice("charging_rate_unit", _UNITS)),
        periods=tuple(
            Period(_seconds(each, "start_period"), _limit(each, "limit"))
            for each in reader.each("charging_profile_period")
        ),
        connector=connector,
        start_at=start_at,
        duration_s=reader.maybe("duration", lambda name: _seconds(reader, name)),
        min_rate=reader.maybe("min_charging_rate", lambda name: _limit(reader, name)),
        transaction_id=transaction_id,
    )


def active_profile(slots: Sequence[Slot], *, unit: RateUnit, most: Decimal) -> dict[str, Any]:
    """An ActiveChargingProfile of slots without a gap; `most`: the limit where nothing limits."""
    begin, end = slots[0].begin, slots[-1].end
    return {
        "start_date_time": begin,
        "charging_profile": {
            "start_date_time": begin,
            "duration": int((end - begin).total_seconds()),
            "charging_rate_unit": unit,
            "charging_profile_period": [
                {
                    "start_period": int((slot.begin - begin).total_seconds()),
                    "limit": most if slot.limit is None else slot.limit.quantize(_TENTH),
                }
                for slot in slots
            ],
        },
    }


def active_profile_told(answer: Mapping[str, Any], asked_at: datetime) -> dict[str, Any] | None:
    """The charger's own GetCompositeSchedule.conf as one; None for what cannot be read."""
    schedule = answer.get("chargingSchedule")
    if not isinstance(schedule, dict) or schedule.get("chargingRateUnit") not in _UNITS:
        return None
    try:
        text = answer.get("scheduleStart") or schedule.get("startSchedule")
        begin = read_moment(text) if isinstance(text, str) else asked_at
        periods = [
            {
                "start_period": int(period["startPeriod"]),
                "limit": Decimal(str(period["limit"])).quantize(_TENTH),
            }
            for period in schedule["chargingSchedulePeriod"]
        ]
    except (ArithmeticError, KeyError, TypeError, ValueError):
        return None
    profile: dict[str, Any] = {
        "start_date_time": begin,
        "charging_rate_unit": schedule["chargingRateUnit"],
        "charging_profile_period": periods,
    }
    if isinstance(schedule.get("duration"), int):
        profile["duration"] = schedule["duration"]
    return {"start_date_time": begin, "charging_profile": profile}


def _seconds(reader: Reader, name: str) -> int:
    value = reader.integer(name)
    if not 0 <= value <= _MOST_SECONDS:
        raise reader.fault(name, "seconds from 0, please")
    return value


def _limit(reader: Reader, name: str) -> Decimal:
    """Amperes per phase or watts, with one decimal."""
    value = reader.number(name)
    if not 0 <= value < 10**7 or value != value.quantize(_TENTH):
        raise reader.fault(name, "a number from 0 with at most one decimal, please")
    return value
