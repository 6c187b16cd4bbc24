"""The charger's own composite schedule (GetCompositeSchedule.conf) beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from chargers.smart_charging.composition import Slot
from chargers.smart_charging.units import TENTH


@dataclass(frozen=True, slots=True)
class Row:
    """One stretch: what we expect, and what the charger says. None: no limit, or nothing said."""

    begin: datetime
    end: datetime
    ours: Decimal | None
    theirs: Decimal | None
    said: bool
    slot: Slot

    @property
    def differs(self) -> bool:
        return self.said and self.ours is not None and self.ours != self.theirs


def compare(
    slots: Sequence[Slot], answer: Mapping[str, Any] | None, *, asked_at: datetime, unit: str
) -> list[Row]:
    """Our slots, cut where the charger's limit changes. An answer in another unit says nothing."""
    theirs = _periods(answer or {}, asked_at, unit)
    rows: list[Row] = []
    for slot in slots:
        cuts = {at for begin, end, _limit in theirs for at in (begin, end)}
        times = [slot.begin, *sorted(at for at in cuts if slot.begin < at < slot.end), slot.end]
        for begin, end in pairwise(times):
            said = next((each for each in theirs if each[0] <= begin < each[1]), None)
            rows.append(
                Row(begin, end, slot.limit, said[2] if said else None, said is not None, slot)
            )
    return rows


def _periods(
    answer: Mapping[str, Any], asked_at: datetime, unit: str
) -> list[tuple[datetime, datetime, Decimal | None]]:
    schedule = answer.get("chargingSchedule")
    if not isinstance(schedule, dict) or schedule.get("chargingRateUnit") != unit:
        return []
    try:
        zero = _moment(answer.get("scheduleStart") or schedule.get("startSchedule")) or asked_at
        parts = [
            (int(part["startPeriod"]), Decimal(str(part["limit"])))
            for part in schedule["chargingSchedulePeriod"]
        ]
        length = int(schedule.get("duration") or 86_400)
    except (KeyError, TypeError, ValueError, InvalidOperation):
        return []
    ends = [start for start, _limit in parts[1:]] + [length]
    return [
        (
            zero + timedelta(seconds=start),
            zero + timedelta(seconds=end),
            # Chargers without any limit say -1 (seen in MicroOcpp).
            limit.quantize(TENTH) if limit >= 0 else None,
        )
        for (start, limit), end in zip(parts, ends, strict=True)
    ]


def _moment(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
