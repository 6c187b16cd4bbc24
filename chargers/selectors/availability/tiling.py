"""From events to periods that tile the time. Pure: no model, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from operator import itemgetter
from typing import Final, NamedTuple

UNUSABLE: Final = frozenset({"Faulted", "Unavailable"})


class Cause(StrEnum):
    AVAILABLE = "available"
    MAINTENANCE = "maintenance"  # we ordered it out of service, and it is
    NETWORK = "network"  # not connected
    CHARGER = "charger"  # it says so itself: Faulted, or Unavailable without an order
    UNKNOWN = "unknown"  # never connected yet, or this connector never said a word


class Kind(IntEnum):
    """Also the order of events of one instant: the connector's own word counts last."""

    PRESENCE = 0  # value "online" or "offline"
    ORDER = 1  # value "Operative" or "Inoperative", for the connector or the whole charger
    WHOLE = 2  # status of connector 0
    OWN = 3  # status of the connector


class Event(NamedTuple):
    """`number` orders events of one kind at one instant: that of its row."""

    at: datetime
    kind: Kind
    value: str
    number: int = 0


_ORDER: Final = itemgetter(0, 1, 3, 2)


@dataclass(frozen=True, slots=True)
class Period:
    """`start` ≤ time < `end`. `status`: what the connector said last, "" for nothing yet."""

    start: datetime
    end: datetime
    cause: Cause
    status: str = ""

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(slots=True)
class _State:
    online: bool | None = None
    out_of_order: bool = False
    whole_is_out: bool = False
    own: str = ""

    def take(self, event: Event) -> None:
        if event.kind is Kind.PRESENCE:
            self.online = event.value == "online"
        elif event.kind is Kind.ORDER:
            self.out_of_order = event.value == "Inoperative"
        elif event.kind is Kind.WHOLE:
            self.whole_is_out = event.value in UNUSABLE
        else:
            # A connector that speaks for itself afterwards knows better than the whole charger.
            self.own, self.whole_is_out = event.value, False

    @property
    def cause(self) -> Cause:
        if self.online is None:
            return Cause.UNKNOWN
        is_out = self.whole_is_out or self.own in UNUSABLE
        if self.out_of_order and (is_out or not self.online):
            return Cause.MAINTENANCE
        if not self.online:
            return Cause.NETWORK
        if is_out:
            return Cause.CHARGER
        return Cause.UNKNOWN if self.own in ("", "Unknown") else Cause.AVAILABLE


def tile(events: Iterable[Event], since: datetime, until: datetime) -> list[Period]:
    """Periods from `since` to `until` without gap or overlap; [] where that is no time.

    `events` in any order, those before `since` included: they say how it began. Neighbours of one
    cause are one period.
    """
    state = _State()
    periods: list[Period] = []
    start = since
    for event in sorted(events, key=_ORDER):
        if event.at >= until:
            break
        if event.at > start:
            _append(periods, Period(start, event.at, state.cause, state.own))
            start = event.at
        state.take(event)
    if start < until:
        _append(periods, Period(start, until, state.cause, state.own))
    return periods


def _append(periods: list[Period], period: Period) -> None:
    if periods and periods[-1].cause is period.cause:
        periods[-1] = Period(periods[-1].start, period.end, period.cause, period.status)
    else:
        periods.append(period)
