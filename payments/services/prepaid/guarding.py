"""A charge is stopped in time: what the charger still delivers after our stop is reckoned in.

Between two readings the meter is carried on at the power of the moment. A look is due as late as
the worst case allows: the connector's full power all the while.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from chargers.models import ChargingSession, SessionStatus
from chargers.selectors.usage import usage_of
from chargers.services.stop_latencies import stop_latency
from chargers.store.plausible import MOST_POWER_W
from payments.models import ChargeStatus, PaymentIntent, PrepaidCharge, StopReason
from payments.services.intents.history import lock_intent
from payments.services.prepaid.closing import deposit_of
from payments.services.prepaid.stopping import ask_stop
from tariffs.pricing import Period, Snapshot, State, Usage, price, snapshot_from_json
from unievp.lib import clock, money

# The beat looks this often; a charge that may end before the next look is judged now.
SOONEST: Final = timedelta(seconds=5)
LOOKS: Final = (timedelta(seconds=60), timedelta(seconds=30), timedelta(seconds=15))
LATEST: Final = timedelta(seconds=60)
# A power that was reported so long ago says nothing of the present.
FRESH: Final = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Limits:
    """What was bought: minor units, Wh and time since the start; None: no such limit."""

    amount: int | None
    energy_wh: int | None = None
    lasts: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Meter:
    """A running charge now: its usage up to `read_at`, the latest reading, and how it may go on.

    `likely_w`: at one of these powers.
    """

    usage: Usage
    read_at: datetime
    likely_w: tuple[int, ...]
    most_w: int


def guard_charge(intent_id: UUID, *, now: datetime | None = None) -> StopReason | None:
    """Look at one charge: ask for its stop if it is time to, and say when to look again."""
    now = now or clock.now()
    with transaction.atomic():
        intent = lock_intent(intent_id)
        charge = PrepaidCharge.objects.select_for_update().filter(intent=intent).first()
        session = intent.session
        if charge is None or session is None or charge.status != ChargeStatus.CHARGING:
            return None
        if session.status == SessionStatus.ENDED:
            return None
        latency = stop_latency(session.charger_id) + _lateness(charge, now)
        reason, wait = _judge(intent, charge, session, now, latency)
        charge.look_at = now + wait
        charge.save(update_fields=["look_at"])
        if intent.stop_asked_at is not None:
            reason = StopReason(charge.stop_reason or StopReason.STAFF)
        if reason is not None:
            ask_stop(intent, charge, reason=reason, actor="payments")
    return reason


def _lateness(charge: PrepaidCharge, now: datetime) -> timedelta:
    """A look that came late, as when the workers are busy: the next one may come as late."""
    if charge.look_at is None:
        return timedelta(0)
    return min(max(now - charge.look_at - SOONEST, timedelta(0)), LATEST)


def judge(
    snapshot: Snapshot | None,
    meter: Meter,
    limits: Limits,
    *,
    now: datetime,
    latency: timedelta,
) -> tuple[StopReason | None, timedelta]:
    """Whether to stop now, and when to look again; `latency`: what the charger takes to stop."""
    for wait in LOOKS:
        worst = now + wait + latency
        # Blocking a connector may cost more than charging does.
        powers = (meter.most_w, 0)
        if not any(reached(snapshot, meter, limits, at=worst, power_w=w) for w in powers):
            return None, wait
    soon = now + SOONEST + latency
    ends = (reached(snapshot, meter, limits, at=soon, power_w=w) for w in meter.likely_w)
    return next((end for end in ends if end is not None), None), SOONEST


def reached(
    snapshot: Snapshot | None, meter: Meter, limits: Limits, *, at: datetime, power_w: int
) -> StopReason | None:
    """Which limit is reached `at` some time to come, if it goes on at `power_w`."""
    usage = carried_on(meter, at=at, power_w=power_w)
    if limits.lasts is not None and at - usage.started_at >= limits.lasts:
        return StopReason.MINUTES
    if limits.energy_wh is not None and usage.energy_wh >= limits.energy_wh:
        return StopReason.ENERGY
    if limits.amount is None or snapshot is None:
        return None
    result = price(snapshot, usage)
    # A whole unit more would not be paid: the deposit itself may be used up to the last one.
    if result.rounded(money.exponent(result.currency)).total > limits.amount:
        return StopReason.AMOUNT
    return None


def carried_on(meter: Meter, *, at: datetime, power_w: int) -> Usage:
    """The usage as it will be `at`: from the latest reading on, evenly at `power_w`."""
    usage = meter.usage
    seconds = max(0, int((at - meter.read_at).total_seconds()))
    state = State.CHARGING if power_w else State.IDLE
    # One more: the reading and this reckoning are cut to whole Wh.
    energy_wh = power_w * seconds // 3600 + 1 if power_w else 0
    kept = tuple(period for period in usage.periods if period.start < meter.read_at)
    return Usage(
        usage.started_at,
        max(at, usage.ended_at),
        (*kept, Period(max(meter.read_at, usage.started_at), energy_wh, state)),
    )


def _judge(
    intent: PaymentIntent,
    charge: PrepaidCharge,
    session: ChargingSession,
    now: datetime,
    latency: timedelta,
) -> tuple[StopReason | None, timedelta]:
    """Whether to stop now, and when to look again."""
    snapshot = snapshot_from_json(charge.tariff_snapshot)
    meter = meter_of(session, now)
    minutes = intent.limit_minutes
    limits = Limits(
        deposit_of(intent),
        intent.limit_energy_wh,
        timedelta(minutes=minutes) if minutes else None,
    )
    return judge(snapshot, meter, limits, now=now, latency=latency)


def meter_of(session: ChargingSession, now: datetime) -> Meter:
    """`session` with its connector. The charger's clock may be ahead: never later than `now`."""
    read_at = min(session.last_reading_at or session.started_at, now)
    read_at = max(read_at, session.started_at)
    likely_w = _likely(session, read_at, now)
    return Meter(
        # The energy of the readings alone: up to the latest one.
        usage=usage_of(session, now=read_at),
        read_at=read_at,
        likely_w=likely_w,
        # A plate that says less than the meter is wrong.
        most_w=max(*likely_w, _plate(session)),
    )


def _likely(session: ChargingSession, read_at: datetime, now: datetime) -> tuple[int, ...]:
    """As reported; where that is old or missing the mean since the start, else the most that the
    connector gives: or nothing any more (W).
    """
    if session.power_w is not None and now - read_at <= FRESH:
        return (session.power_w,)
    seconds = int((read_at - session.started_at).total_seconds())
    if session.energy_wh and seconds > 0:
        return session.energy_wh * 3600 // seconds, 0
    return _plate(session), 0


def _plate(session: ChargingSession) -> int:
    return session.connector.max_power_w or MOST_POWER_W
