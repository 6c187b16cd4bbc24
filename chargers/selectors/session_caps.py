"""What others let a session draw at a site with a power budget, and what is left with our share."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, cast

from chargers.models import ChargingSession, Connector, SessionCap, SiteAllocation, SiteBudget
from chargers.selectors.charging_profiles import supply_of
from chargers.smart_charging.composition import Question, Running, Slot, compose
from chargers.smart_charging.profiles import ABSOLUTE, TX, Period, Profile
from chargers.smart_charging.units import RateUnit, floor

_NO_ID: Final = 0


def shares_out(connector: Connector) -> bool:
    """Whether a power budget decides what this connector may have."""
    budgets = SiteBudget.objects.filter(
        location__chargers=connector.charger_id, enabled=True
    ).exclude(connectors__connector=connector, connectors__counted=False)
    return budgets.exists()


def cap_of(session: ChargingSession) -> SessionCap | None:
    """None, too, where it was lifted."""
    return SessionCap.objects.filter(session=session).exclude(periods=[]).first()


def profile_of(cap: SessionCap) -> Profile:
    """As the pure functions know it; no charger has it."""
    return Profile(
        profile_id=_NO_ID,
        stack_level=0,
        purpose=TX,
        kind=ABSOLUTE,
        unit=cast("RateUnit", cap.rate_unit),
        periods=tuple(Period(start_s, Decimal(limit)) for start_s, limit in cap.periods),
        start_at=cap.start_at,
        duration_s=cap.duration_s,
    )


def capped_schedule(
    session: ChargingSession, *, begin: datetime, duration: timedelta
) -> list[Slot] | None:
    """The lower of the cap and the share that its charger has confirmed, in A per phase; None where
    no budget or no cap decides.
    """
    cap, connector = cap_of(session), session.connector
    if cap is None or not shares_out(connector):
        return None
    profile = replace(profile_of(cap), connector=connector.number)
    question = Question(
        connector=connector.number,
        begin=begin,
        end=begin + duration,
        supply=supply_of(connector),
        running=Running(session.transaction_id, session.started_at),
    )
    row = SiteAllocation.objects.filter(connector=connector, session=session).first()
    most = None
    if row is not None and row.limit_ma is not None:
        most = floor(Decimal(row.limit_ma) / 1000)
    return [_lower(slot, most) for slot in compose([profile], question)]


def _lower(slot: Slot, most: Decimal | None) -> Slot:
    if most is None or (slot.limit is not None and slot.limit <= most):
        return slot
    return replace(slot, limit=most)
