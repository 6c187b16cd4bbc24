"""Tariffs and charging periods in the words of OCPI 2.2.1 (§10.4, §11.3) → our own types.

Pure: JSON objects in, numbers as Decimal, int or text. What the price does not rest on is ignored;
what it rests on and cannot be read raises `ShapeError`, which names the field.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final, TypeVar

from tariffs.pricing.tariff import (
    Bound,
    Component,
    Element,
    Kind,
    Reservation,
    Restrictions,
    Rules,
    Snapshot,
    Tax,
    TaxCode,
)
from tariffs.pricing.usage import Period, State, Usage

WEEK: Final = (
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
)
_SOLD: Final = {Kind.ENERGY.value, Kind.TIME.value, Kind.PARKING_TIME.value, Kind.FLAT.value}
_LARGEST: Final = Decimal(10) ** 15
# Times are printed in whole seconds and volumes in 4 to 6 places of an hour: where both say the
# same length the times are right, where they differ by a second or two the volume is.
_SAME: Final = Fraction(1, 5)
_NEAR: Final = Fraction(5, 2)
_SLACK: Final = timedelta(seconds=3)
_Word = TypeVar("_Word", bound=StrEnum)


class ShapeError(ValueError):
    """A field that cannot be read; `field` is its path."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(f"{field}: {what}")
        self.field = field


def read_tariff(data: Mapping[str, Any], time_zone: str) -> Snapshot:
    """An OCPI Tariff at a place in `time_zone`. Prices are net, `vat` is added to each."""
    elements = tuple(
        _element(element, f"elements[{index}]")
        for index, element in enumerate(_objects(data, "elements", ""))
    )
    if not elements:
        raise ShapeError("elements", "missing")
    try:
        zoneinfo.ZoneInfo(time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ShapeError("time_zone", f"{time_zone!r} is unknown") from None
    rules = Rules(
        elements=elements,
        currency=_text(data, "currency", ""),
        min_price=_bound(data, "min_price"),
        max_price=_bound(data, "max_price"),
    )
    return Snapshot(rules, time_zone)


def read_usage(
    *,
    started_at: datetime,
    ended_at: datetime,
    periods: Sequence[Mapping[str, Any]],
    reservation_expired: bool = False,
) -> Usage:
    """The usage that charging periods tell; each lasts until the next one, the last to the end."""
    starts = [_moment(one, "start_date_time", f"[{i}]") for i, one in enumerate(periods)]
    if any(not started_at - _SLACK <= start <= ended_at + _SLACK for start in starts):
        raise ShapeError("charging_periods", "one begins outside of the session")
    found: list[Period] = []
    at, shift = started_at, timedelta()
    for index, (one, start) in enumerate(zip(periods, starts, strict=True)):
        following = starts[index + 1] if index + 1 < len(starts) else ended_at
        volumes = _volumes(one, f"charging_periods[{index}]")
        at = max(at, start + shift)
        shift += _correction(volumes, Fraction((following - start) / timedelta(seconds=1)))
        found += _periods(at, volumes)
    try:
        return Usage(
            started_at=started_at,
            ended_at=max(ended_at + shift, found[-1].start if found else started_at),
            periods=tuple(found),
            reservation_expired=reservation_expired,
        )
    except ValueError as error:
        raise ShapeError("charging_periods", str(error)) from None


def _element(data: Mapping[str, Any], path: str) -> Element:
    parts = tuple(
        _component(part, f"{path}.price_components[{index}]")
        for index, part in enumerate(_objects(data, "price_components", path))
    )
    limits = data.get("restrictions")
    return Element(
        parts, _restrictions(limits, f"{path}.restrictions") if limits else Restrictions()
    )


def _component(data: Mapping[str, Any], path: str) -> Component:
    kind = _text(data, "type", path)
    if kind not in _SOLD:
        raise ShapeError(f"{path}.type", f"{kind} is no dimension")
    vat = data.get("vat")
    return Component(
        kind=Kind(kind),
        price=_number(data.get("price"), f"{path}.price"),
        step_size=_whole(data, "step_size", 1, path) or 0,
        taxes=() if vat is None else (Tax(TaxCode.VAT, _number(vat, f"{path}.vat")),),
    )


def _restrictions(data: Any, path: str) -> Restrictions:
    if not isinstance(data, Mapping):
        raise ShapeError(path, "an object, please")
    reservation = data.get("reservation")
    return Restrictions(
        start_time=_time(data, "start_time", path),
        end_time=_time(data, "end_time", path),
        start_date=_date(data, "start_date", path),
        end_date=_date(data, "end_date", path),
        days=_days(data.get("day_of_week"), path),
        min_energy_wh=_whole(data, "min_kwh", 1000, path),
        max_energy_wh=_whole(data, "max_kwh", 1000, path),
        min_power_w=_whole(data, "min_power", 1000, path),
        max_power_w=_whole(data, "max_power", 1000, path),
        min_current_ma=_whole(data, "min_current", 1000, path),
        max_current_ma=_whole(data, "max_current", 1000, path),
        min_duration_s=_whole(data, "min_duration", 1, path),
        max_duration_s=_whole(data, "max_duration", 1, path),
        reservation=_word(Reservation, reservation, f"{path}.reservation") if reservation else None,
    )


def _days(found: Any, path: str) -> frozenset[int]:
    if not isinstance(found, list | None):
        raise ShapeError(f"{path}.day_of_week", "a list of days, please")
    return frozenset(_day(day, path) for day in found or ())


def _volumes(data: Mapping[str, Any], path: str) -> dict[str, Decimal]:
    return {
        _text(one, "type", path): _number(one.get("volume"), f"{path}.volume")
        for one in _objects(data, "dimensions", path)
    }


def _correction(volumes: Mapping[str, Decimal], printed_s: Fraction) -> timedelta:
    """What the volumes know of a period's length and whole seconds do not."""
    hours = [
        volumes[name] for name in ("TIME", "PARKING_TIME", "RESERVATION_TIME") if name in volumes
    ]
    if not hours:
        return timedelta()
    apart = Fraction(sum(hours)) * 3600 - printed_s
    if not _SAME < abs(apart) < _NEAR:
        return timedelta()
    return timedelta(milliseconds=10 * round(apart * 100))


def _periods(start: datetime, volumes: Mapping[str, Decimal]) -> Iterable[Period]:
    """One period; two where charging and parking share one (charging comes first)."""
    charging, parking = volumes.get("TIME"), volumes.get("PARKING_TIME")
    if charging and parking:
        yield _period(start, volumes, State.CHARGING)
        until = start + timedelta(microseconds=int(charging * 3_600_000_000))
        yield Period(until, 0, State.IDLE)
    elif parking is not None:
        yield _period(start, volumes, State.IDLE)
    elif "RESERVATION_TIME" in volumes:
        yield _period(start, volumes, State.RESERVED)
    else:
        yield _period(start, volumes, State.CHARGING)


def _period(start: datetime, volumes: Mapping[str, Decimal], state: State) -> Period:
    return Period(
        start=start,
        energy_wh=Fraction(volumes.get("ENERGY", Decimal())) * 1000,
        state=state,
        power_w=_thousandfold(volumes.get("MAX_POWER")),
        current_ma=_thousandfold(volumes.get("MAX_CURRENT")),
    )


def _thousandfold(value: Decimal | None) -> int | None:
    return None if value is None else int(value * 1000)


def _bound(data: Mapping[str, Any], name: str) -> Bound | None:
    found = data.get(name)
    if found is None:
        return None
    if not isinstance(found, Mapping):
        raise ShapeError(name, "an object, please")
    incl = found.get("incl_vat")
    return Bound(
        _number(found.get("excl_vat"), f"{name}.excl_vat"),
        None if incl is None else _number(incl, f"{name}.incl_vat"),
    )


def _objects(data: Mapping[str, Any], name: str, path: str) -> list[Mapping[str, Any]]:
    found = data.get(name)
    where = f"{path}.{name}" if path else name
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise ShapeError(where, "a list of objects, please")
    return found


def _text(data: Mapping[str, Any], name: str, path: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise ShapeError(f"{path}.{name}" if path else name, "missing")
    return value


def _number(value: object, path: str) -> Decimal:
    """As it was written, not as a binary float holds it."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise ShapeError(path, f"{value!r} is no number") from None
    if isinstance(value, bool) or not found.is_finite() or abs(found) >= _LARGEST:
        raise ShapeError(path, f"{value!r} is no number")
    return found


def _whole(data: Mapping[str, Any], name: str, factor: int, path: str) -> int | None:
    value = data.get(name)
    return None if value is None else int(_number(value, f"{path}.{name}") * factor)


def _time(data: Mapping[str, Any], name: str, path: str) -> time | None:
    text = data.get(name)
    if not text:
        return None
    try:
        # The end of a day, as some peers write it.
        return time(0) if text == "24:00" else time.fromisoformat(str(text))
    except ValueError:
        raise ShapeError(f"{path}.{name}", f"{text!r} is no time of day") from None


def _date(data: Mapping[str, Any], name: str, path: str) -> date | None:
    text = data.get(name)
    if not text:
        return None
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise ShapeError(f"{path}.{name}", f"{text!r} is no day") from None


def _day(name: object, path: str) -> int:
    if name not in WEEK:
        raise ShapeError(f"{path}.day_of_week", f"{name!r} is no day of the week")
    return WEEK.index(str(name)) + 1


def _word(kind: type[_Word], value: object, path: str) -> _Word:
    try:
        return kind(str(value))
    except ValueError:
        raise ShapeError(path, f"{value!r} is unknown") from None


def _moment(data: Mapping[str, Any], name: str, path: str) -> datetime:
    text = _text(data, name, path)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ShapeError(f"{path}.{name}", f"{text!r} is no time") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
