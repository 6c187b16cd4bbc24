"""The ways in which a charger can be limited, and the profiles of the budget.

Three profiles work together on a charger. The *fallback* (TxDefaultProfile, level 0, for ever)
holds when we are gone. The *gate* (TxDefaultProfile, level 1) closes idle connectors while we are
there, so that a car which plugs in waits for its share instead of taking the fallback on top of
what others have. The *limit* of a session lies above both. Gate and limit end by themselves after
the lease; the fallback then applies without anybody's doing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from chargers.models import PowerType
from chargers.services.smart_charging.limits import ChargerLimits
from chargers.smart_charging.profiles import ABSOLUTE, RELATIVE, TX, TX_DEFAULT, Period, Profile
from chargers.smart_charging.units import RateUnit, Supply

FALLBACK_ID: Final = 901
GATE_ID: Final = 902
LIMIT_ID: Final = 910
_UNKNOWN_TOP: Final = 1
# A charger's clock may be a little behind ours.
_SKEW: Final = timedelta(seconds=60)


class Mode(NamedTuple):
    purpose: str
    unit: RateUnit


def modes_of(limits: ChargerLimits, power_type: str) -> list[Mode]:
    """What to try, best first; never empty. For DC an ampere is one of the car's side: use W."""
    units: list[RateUnit] = ["W", "A"] if power_type == PowerType.DC else ["A", "W"]
    if limits.units is not None:
        units = [unit for unit in units if unit in limits.units]
    elif power_type == PowerType.DC:
        units = ["W"]
    return [Mode(purpose, unit) for purpose in (TX, TX_DEFAULT) for unit in units]


def has_gate(limits: ChargerLimits) -> bool:
    """Only where there is a level above the fallback's."""
    return limits.max_stack_level is None or limits.max_stack_level >= 1


def fallback_profile(ma: int, unit: RateUnit, supply: Supply) -> Profile:
    return Profile(
        profile_id=FALLBACK_ID,
        stack_level=0,
        purpose=TX_DEFAULT,
        kind=RELATIVE,
        unit=unit,
        periods=(Period(0, supply.limit_of(ma, unit)),),
    )


def gate_profile(unit: RateUnit, *, now: datetime, until: datetime) -> Profile:
    return _leased(GATE_ID, 1, TX_DEFAULT, 0, unit, Decimal(0), now, until)


def limit_profile(  # noqa: PLR0913  (a profile has this many parts)
    mode: Mode,
    limits: ChargerLimits,
    *,
    connector: int,
    transaction_id: int | None,
    ma: int,
    supply: Supply,
    now: datetime,
    until: datetime,
    steps: Sequence[tuple[datetime, int]] = (),
) -> Profile:
    """`steps`: when it falls or rises meanwhile, never above `ma`."""
    top = _UNKNOWN_TOP if limits.max_stack_level is None else limits.max_stack_level
    limit = supply.limit_of(ma, mode.unit)
    profile_id = LIMIT_ID + connector
    transaction = transaction_id if mode.purpose == TX else None
    profile = _leased(
        profile_id, top, mode.purpose, connector, mode.unit, limit, now, until, transaction
    )
    begin = profile.start_at or now
    later = tuple(
        Period(int((at - begin).total_seconds()), supply.limit_of(step_ma, mode.unit))
        for at, step_ma in steps
    )
    return replace(profile, periods=(*profile.periods, *later))


def _leased(  # noqa: PLR0913  (a profile has this many parts)
    profile_id: int,
    level: int,
    purpose: str,
    connector: int,
    unit: RateUnit,
    limit: Decimal,
    now: datetime,
    until: datetime,
    transaction_id: int | None = None,
) -> Profile:
    begin = now.replace(microsecond=0) - _SKEW
    end = until.replace(microsecond=0)
    return Profile(
        profile_id=profile_id,
        stack_level=level,
        purpose=purpose,
        kind=ABSOLUTE,
        unit=unit,
        periods=(Period(0, limit),),
        connector=connector,
        valid_to=end,
        start_at=begin,
        duration_s=int((end - begin).total_seconds()),
        transaction_id=transaction_id,
    )
