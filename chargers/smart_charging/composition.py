"""What all profiles of a charger add up to for one connector, and why (OCPP 1.6 §3.13.4, §3.13.5).

Of each purpose the highest stack level that says something now wins; a TxProfile overrules the
TxDefaultProfile; the ChargePointMaxProfile caps whatever is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from chargers.smart_charging.profiles import (
    DEFAULT_PHASES,
    POINT_MAX,
    TX,
    TX_DEFAULT,
    Period,
    Profile,
)
from chargers.smart_charging.units import THREE_PHASES, RateUnit, Supply, floor


@dataclass(frozen=True, slots=True)
class Slot:
    """One stretch of the composite schedule; `limit` None: nothing limits it.

    `profile` sets the limit. `overruled` are the profiles that spoke, too, and do not count.
    """

    begin: datetime
    end: datetime
    limit: Decimal | None
    profile: Profile | None = None
    period: Period | None = None
    overruled: tuple[Profile, ...] = ()


@dataclass(frozen=True, slots=True)
class Running:
    """The transaction that runs on the connector."""

    transaction_id: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """For which connector, when, in which unit; `running` is its transaction, if any."""

    connector: int
    begin: datetime
    end: datetime
    unit: RateUnit = "A"
    supply: Supply = THREE_PHASES
    running: Running | None = None


def compose(profiles: Iterable[Profile], question: Question) -> list[Slot]:
    """Slots without a gap from `begin` to `end`; neighbours differ. Empty for an empty window."""
    concerned = [profile for profile in profiles if _concerns(profile, question)]
    zero = question.running.started_at if question.running else question.begin
    points = {question.begin, question.end}
    for profile in concerned:
        points |= profile.turning_points(question.begin, question.end, zero)
    times = sorted(points)
    slots: list[Slot] = []
    for begin, end in pairwise(times):
        slot = _slot(concerned, question, begin, end)
        if slots and _same(slots[-1], slot):
            last = slots.pop()
            slot = Slot(last.begin, end, slot.limit, slot.profile, slot.period, slot.overruled)
        slots.append(slot)
    return slots


def limit_at(profiles: Sequence[Profile], question: Question, at: datetime) -> Slot:
    """The slot of one moment."""
    concerned = [profile for profile in profiles if _concerns(profile, question)]
    return _slot(concerned, question, at, at)


def _concerns(profile: Profile, question: Question) -> bool:
    if profile.purpose == POINT_MAX:
        return profile.connector == 0
    if profile.purpose == TX_DEFAULT:
        return question.connector > 0 and profile.connector in (0, question.connector)
    if question.running is None or profile.connector != question.connector:
        return False
    return profile.transaction_id in (None, question.running.transaction_id)


def _slot(profiles: Sequence[Profile], question: Question, begin: datetime, end: datetime) -> Slot:
    zero = question.running.started_at if question.running else question.begin
    speaking = [
        (profile, period)
        for profile in profiles
        if (period := profile.period_at(begin, zero)) is not None
    ]
    chosen = [pair for pair in (_of_session(speaking), _highest(speaking, POINT_MAX)) if pair]
    if not chosen:
        return Slot(begin, end, None)
    limits = {pair[0]: _limit(pair, question) for pair in chosen}
    profile, period = min(chosen, key=lambda pair: limits[pair[0]])
    others = tuple(other for other, _period in speaking if other is not profile)
    return Slot(begin, end, floor(limits[profile]), profile, period, others)


Speaking = tuple[Profile, Period]


def _of_session(speaking: Sequence[Speaking]) -> Speaking | None:
    return _highest(speaking, TX) or _highest(speaking, TX_DEFAULT)


def _highest(speaking: Sequence[Speaking], purpose: str) -> Speaking | None:
    """A profile of the connector itself goes before one of connector 0 (§3.13.3)."""
    return max(
        (pair for pair in speaking if pair[0].purpose == purpose),
        key=lambda pair: (pair[0].connector > 0, pair[0].stack_level, -pair[0].profile_id),
        default=None,
    )


def _limit(pair: Speaking, question: Question) -> Decimal:
    profile, period = pair
    phases = min(period.phases or DEFAULT_PHASES, question.supply.phases)
    supply = Supply(phases, question.supply.volts)
    return supply.convert(period.limit, profile.unit, question.unit)


def _same(first: Slot, second: Slot) -> bool:
    return (first.limit, first.profile, first.period, first.overruled) == (
        second.limit,
        second.profile,
        second.period,
        second.overruled,
    )
