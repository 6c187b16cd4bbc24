"""A charging profile (OCPP 1.6 §7.8 to §7.14) as a value, and its form on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from chargers.smart_charging.units import RateUnit

POINT_MAX: Final = "ChargePointMaxProfile"
TX_DEFAULT: Final = "TxDefaultProfile"
TX: Final = "TxProfile"
ABSOLUTE: Final = "Absolute"
RECURRING: Final = "Recurring"
RELATIVE: Final = "Relative"
CYCLES: Final = {"Daily": timedelta(days=1), "Weekly": timedelta(days=7)}
DEFAULT_PHASES: Final = 3


@dataclass(frozen=True, slots=True)
class Period:
    """From `start_s` seconds into the schedule, until the next period."""

    start_s: int
    limit: Decimal
    phases: int | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    profile_id: int
    stack_level: int
    purpose: str
    kind: str
    unit: RateUnit
    periods: tuple[Period, ...]
    connector: int = 0
    recurrency: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    start_at: datetime | None = None
    duration_s: int | None = None
    min_rate: Decimal | None = None
    transaction_id: int | None = None

    def period_at(self, at: datetime, session_start: datetime) -> Period | None:
        """What it says at `at`; None where it says nothing.

        `session_start` is the zero of a relative schedule, and of an absolute one without a start.
        """
        if self.valid_from and at < self.valid_from:
            return None
        if self.valid_to and at >= self.valid_to:
            return None
        elapsed = self._elapsed(at, session_start)
        if elapsed is None or (self.duration_s is not None and elapsed >= self.duration_s):
            return None
        begun = [period for period in self.periods if period.start_s <= elapsed]
        return max(begun, key=lambda period: period.start_s, default=None)

    def turning_points(
        self, begin: datetime, end: datetime, session_start: datetime
    ) -> set[datetime]:
        """Every time in (begin, end) at which it may say something else than before."""
        points = {at for at in (self.valid_from, self.valid_to) if at is not None}
        seconds = [period.start_s for period in self.periods]
        if self.duration_s is not None:
            seconds.append(self.duration_s)
        for zero in self._zeros(begin, end, session_start):
            points.update(zero + timedelta(seconds=offset) for offset in seconds)
        return {at for at in points if begin < at < end}

    def _elapsed(self, at: datetime, session_start: datetime) -> float | None:
        zero = self._zero(session_start)
        if at < zero:
            return None
        passed = at - zero
        if self.kind == RECURRING:
            passed %= CYCLES[self.recurrency or "Daily"]
        return passed.total_seconds()

    def _zero(self, session_start: datetime) -> datetime:
        if self.kind == RELATIVE or self.start_at is None:
            return session_start
        return self.start_at

    def _zeros(self, begin: datetime, end: datetime, session_start: datetime) -> list[datetime]:
        zero = self._zero(session_start)
        if self.kind != RECURRING:
            return [zero]
        cycle = CYCLES[self.recurrency or "Daily"]
        # UTC days of 24 hours: a charger knows no summer time.
        zero += cycle * max(0, (begin - zero) // cycle)
        zeros = []
        while zero < end:
            zeros.append(zero)
            zero += cycle
        return zeros

    def as_wire(self) -> dict[str, Any]:
        """`csChargingProfiles` of SetChargingProfile."""
        schedule: dict[str, Any] = {
            "chargingRateUnit": self.unit,
            "chargingSchedulePeriod": [_period_as_wire(period) for period in self.periods],
        }
        _put(schedule, "duration", self.duration_s)
        _put(schedule, "startSchedule", _zulu(self.start_at))
        _put(schedule, "minChargingRate", _number(self.min_rate))
        wire: dict[str, Any] = {
            "chargingProfileId": self.profile_id,
            "stackLevel": self.stack_level,
            "chargingProfilePurpose": self.purpose,
            "chargingProfileKind": self.kind,
            "chargingSchedule": schedule,
        }
        _put(wire, "transactionId", self.transaction_id)
        _put(wire, "recurrencyKind", self.recurrency)
        _put(wire, "validFrom", _zulu(self.valid_from))
        _put(wire, "validTo", _zulu(self.valid_to))
        return wire


def from_wire(wire: dict[str, Any], connector: int) -> Profile:
    """The reverse of `as_wire`. Raises KeyError, ValueError, ArithmeticError or TypeError."""
    schedule = wire["chargingSchedule"]
    least = schedule.get("minChargingRate")
    return Profile(
        profile_id=int(wire["chargingProfileId"]),
        stack_level=int(wire["stackLevel"]),
        purpose=wire["chargingProfilePurpose"],
        kind=wire["chargingProfileKind"],
        unit=schedule["chargingRateUnit"],
        periods=tuple(
            Period(int(each["startPeriod"]), Decimal(str(each["limit"])), each.get("numberPhases"))
            for each in schedule["chargingSchedulePeriod"]
        ),
        connector=connector,
        recurrency=wire.get("recurrencyKind"),
        valid_from=_moment(wire.get("validFrom")),
        valid_to=_moment(wire.get("validTo")),
        start_at=_moment(schedule.get("startSchedule")),
        duration_s=schedule.get("duration"),
        min_rate=None if least is None else Decimal(str(least)),
        transaction_id=wire.get("transactionId"),
    )


def _period_as_wire(period: Period) -> dict[str, Any]:
    wire: dict[str, Any] = {"startPeriod": period.start_s, "limit": _number(period.limit)}
    _put(wire, "numberPhases", period.phases)
    return wire


def _put(wire: dict[str, Any], name: str, value: Any) -> None:
    if value is not None:
        wire[name] = value


def _number(value: Decimal | None) -> int | float | None:
    """A JSON number; whole where it is. Decimals of one digit survive the way through a float."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _zulu(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
