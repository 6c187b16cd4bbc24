"""Fair shares of a site's current: weighted max-min fairness by water-filling, and turns.

All numbers are mA per phase, because that is what a cable and its fuse carry; no car is put on a
phase by name, so one phase never carries more than the budget, whichever phase a car uses. Every
share is 0 or at least the car's minimum (6 A, IEC 61851-1), a multiple of `STEP_MA`, and the sum
never exceeds what is available.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# OCPP's limits have one decimal.
STEP_MA: Final = 100


class Why(StrEnum):
    """What decided a share."""

    FULL = "full"  # all that its connector and its cable can carry
    DEMAND = "demand"  # less than its share, because it does not take more
    SHARE = "share"  # its fair share
    WAITING = "waiting"  # nothing now: not enough for everybody's minimum


@dataclass(frozen=True, slots=True)
class Car:
    """One charging car. `demand_ma` is what it would take; None: as much as it gets.

    `served_since` and `waiting_since`: since when it has had current, or has had none. A car that
    `is_idle` (SuspendedEV) takes nothing at present and lets others go first.
    """

    key: int
    minimum_ma: int
    maximum_ma: int
    demand_ma: int | None = None
    weight: int = 1
    served_since: datetime | None = None
    waiting_since: datetime | None = None
    is_idle: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    ma: int
    why: Why


def allocate(
    cars: Sequence[Car], available_ma: int, *, now: datetime, turn: timedelta
) -> dict[int, Share]:
    """The share of each car, by its key.

    First who may charge at all (`served`), then everybody's minimum, then the rest in equal steps
    per weight up to what each car takes; what nobody takes is offered to all, so that a car which
    changes its mind is not held back.
    """
    cars = [_stepped(car) for car in cars]
    chosen = served(cars, available_ma, now=now, turn=turn)
    levels = {car.key: car.minimum_ma for car in chosen}
    left = available_ma - sum(levels.values())
    wanted = {car.key: _wanted(car) for car in chosen}
    left -= _fill(chosen, levels, wanted, left)
    _fill(chosen, levels, {car.key: car.maximum_ma for car in chosen}, left)
    return {car.key: _share(car, levels) for car in cars}


def served(cars: Sequence[Car], available_ma: int, *, now: datetime, turn: timedelta) -> list[Car]:
    """Who may charge: everybody whose minimum fits, by rank.

    Who has begun a turn ends it; then who has waited longest (times weight); who has had a turn
    goes behind everybody that waits. The first in rank is only passed by cars that need less.
    """
    left = available_ma
    chosen = []
    for car in sorted(cars, key=lambda car: _rank(car, now, turn)):
        if car.minimum_ma <= left and car.minimum_ma <= car.maximum_ma:
            chosen.append(car)
            left -= car.minimum_ma
    return sorted(chosen, key=lambda car: car.key)


def _rank(car: Car, now: datetime, turn: timedelta) -> tuple[int, float, int]:
    in_turn = car.served_since is not None and now - car.served_since < turn
    if car.is_idle:
        return 3, 0.0, car.key
    if in_turn:
        return 0, 0.0, car.key
    if car.served_since is None:
        waited = (now - (car.waiting_since or now)).total_seconds()
        return 1, -waited * car.weight, car.key
    had = (now - car.served_since).total_seconds()
    return 2, had, car.key


def _stepped(car: Car) -> Car:
    return Car(
        key=car.key,
        minimum_ma=-(-max(car.minimum_ma, STEP_MA) // STEP_MA) * STEP_MA,
        maximum_ma=car.maximum_ma // STEP_MA * STEP_MA,
        demand_ma=car.demand_ma,
        weight=max(car.weight, 1),
        served_since=car.served_since,
        waiting_since=car.waiting_since,
        is_idle=car.is_idle,
    )


def _wanted(car: Car) -> int:
    if car.demand_ma is None:
        return car.maximum_ma
    demand = -(-car.demand_ma // STEP_MA) * STEP_MA
    return min(max(demand, car.minimum_ma), car.maximum_ma)


def _fill(
    cars: Sequence[Car], levels: dict[int, int], ceilings: Mapping[int, int], left: int
) -> int:
    """Raise the lowest `level / weight` first until the water or the ceilings end; mA used."""
    low, high = 0, max((ceilings[car.key] for car in cars), default=0)
    # The highest water line (mA per unit of weight) that the water is enough for.
    while low < high:
        middle = -(-(low + high) // 2)
        if _needed(cars, levels, ceilings, middle) <= left:
            low = middle
        else:
            high = middle - 1
    used = 0
    for car in cars:
        level = _level(car, levels, ceilings, low)
        used += level - levels[car.key]
        levels[car.key] = level
    return used


def _needed(
    cars: Sequence[Car], levels: Mapping[int, int], ceilings: Mapping[int, int], line: int
) -> int:
    return sum(_level(car, levels, ceilings, line) - levels[car.key] for car in cars)


def _level(car: Car, levels: Mapping[int, int], ceilings: Mapping[int, int], line: int) -> int:
    stepped = line * car.weight // STEP_MA * STEP_MA
    return max(levels[car.key], min(stepped, ceilings[car.key]))


def _share(car: Car, levels: Mapping[int, int]) -> Share:
    ma = levels.get(car.key, 0)
    if ma == 0:
        return Share(0, Why.WAITING)
    if ma >= car.maximum_ma:
        return Share(ma, Why.FULL)
    if car.demand_ma is not None and ma >= car.demand_ma:
        return Share(ma, Why.DEMAND)
    return Share(ma, Why.SHARE)
