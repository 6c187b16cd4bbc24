"""Where a payment and its charge stand, in one reading: for the driver's page and the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from chargers.models import (
    BillingStatus,
    Charger,
    ChargingSession,
    Connector,
    ConnectorStatus,
    RemoteStartStatus,
    SessionStatus,
)
from chargers.selectors.quotes import quote_of
from payments.models import (
    Bill,
    BillLine,
    ChargeStatus,
    IntentStatus,
    PaymentIntent,
    PrepaidCharge,
    Refund,
    RefundStatus,
    StopReason,
)
from payments.states import PAID_INTENTS
from unievp.lib import clock


class Stage(StrEnum):
    """One word that decides what a driver is told."""

    PREPARING = "preparing"  # the gateway has not answered yet
    PAYING = "paying"  # it waits for the driver
    CHECKING = "checking"  # the gateway works on it
    REFUSED = "refused"  # nothing was paid; another attempt may follow
    OVER = "over"  # expired or cancelled; nothing was paid
    PAID = "paid"  # paid, and nothing is to start by itself
    STARTING = "starting"  # the charger is asked
    PLUG_IN = "plug_in"  # it said yes and waits for the car
    CHARGING = "charging"
    PAUSED = "paused"  # connected, and nothing flows
    STOPPING = "stopping"
    BILLING = "billing"  # ended, the bill comes in a moment
    HELD = "held"  # ended; a person has to look before it is billed
    DONE = "done"
    RETURNED = "returned"  # nothing was charged: all goes back, `reason` says why
    REVIEW = "review"  # a person has to look at the payment


class RefundState(StrEnum):
    NONE = "none"
    PENDING = "pending"
    NEEDS_ACCOUNT = "needs_account"
    REVIEW = "review"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Progress:
    """Amounts in minor units of `currency`, energy in Wh, power in W.

    `cost` is the bill's total, or the live quote; `remaining` = `paid` - `cost` - `refunded`,
    never below 0. `reason`: why nothing started (English; translate it). `minutes` since the start.
    """

    stage: Stage
    charger: Charger | None
    connector: Connector | None
    session: ChargingSession | None
    currency: str
    amount: int
    paid: int
    cost: int
    refunded: int
    limit_energy_wh: int | None
    limit_minutes: int | None
    started_at: datetime | None
    ended_at: datetime | None
    energy_wh: int
    minutes: int
    power_w: int | None
    soc_percent: int | None
    stop_reason: StopReason | None
    reason: str
    bill: Bill | None
    lines: tuple[BillLine, ...]
    refunds: tuple[Refund, ...]
    refund_state: RefundState
    may_stop: bool

    @property
    def remaining(self) -> int:
        return max(0, self.paid - self.cost - self.refunded)


_UNPAID: Final = {
    IntentStatus.CREATED: Stage.PREPARING,
    IntentStatus.REQUIRES_ACTION: Stage.PAYING,
    IntentStatus.PROCESSING: Stage.CHECKING,
    IntentStatus.FAILED: Stage.REFUSED,
    IntentStatus.CANCELED: Stage.OVER,
    IntentStatus.EXPIRED: Stage.OVER,
}
_SUSPENDED: Final = (ConnectorStatus.SUSPENDED_EV, ConnectorStatus.SUSPENDED_EVSE)
_REFUND_WAITS: Final = {
    RefundStatus.REVIEW: RefundState.REVIEW,
    RefundStatus.FAILED: RefundState.REVIEW,
    RefundStatus.NEEDS_ACCOUNT: RefundState.NEEDS_ACCOUNT,
}


def progress(intent: PaymentIntent, *, now: datetime | None = None) -> Progress:
    """Read once, from the rows; `intent` may be as old as it likes, it is read again."""
    now = now or clock.now()
    intent = (
        PaymentIntent.objects.select_related(
            "cpo", "charger__location", "connector", "session__connector", "charge__remote_start"
        )
    ).get(pk=intent.pk)
    charge: PrepaidCharge | None = getattr(intent, "charge", None)
    session = intent.session
    bill = Bill.objects.filter(session=session).first() if session else None
    refunds = tuple(intent.refunds.order_by("created_at"))
    stage = _stage(intent, charge, session, bill)
    quote = quote_of(session, now=now) if session is not None and bill is None else None
    ended_at = session.ended_at if session else None
    return Progress(
        stage=stage,
        charger=intent.charger,
        connector=session.connector if session else intent.connector,
        session=session,
        currency=intent.currency,
        amount=intent.amount,
        paid=intent.paid,
        cost=bill.total if bill else min(quote.total, intent.paid) if quote else 0,
        refunded=sum(each.amount for each in refunds),
        limit_energy_wh=intent.limit_energy_wh,
        limit_minutes=intent.limit_minutes,
        started_at=session.started_at if session else None,
        ended_at=ended_at,
        energy_wh=session.energy_wh if session else 0,
        minutes=_minutes(session, ended_at or now),
        power_w=session.power_w if session and ended_at is None else None,
        soc_percent=session.soc_percent if session else None,
        stop_reason=StopReason(charge.stop_reason) if charge and charge.stop_reason else None,
        reason=_reason(intent, charge),
        bill=bill,
        lines=tuple(bill.lines.order_by("position")) if bill else (),
        refunds=refunds,
        refund_state=_refund_state(refunds),
        may_stop=stage in (Stage.STARTING, Stage.PLUG_IN, Stage.CHARGING, Stage.PAUSED),
    )


def _stage(
    intent: PaymentIntent,
    charge: PrepaidCharge | None,
    session: ChargingSession | None,
    bill: Bill | None,
) -> Stage:
    if bill is not None:
        return Stage.DONE
    if session is not None:
        return _stage_of_session(intent, session)
    if intent.status not in PAID_INTENTS:
        return _UNPAID.get(IntentStatus(intent.status), Stage.REVIEW)
    if intent.is_late or intent.status == IntentStatus.REFUNDED:
        return Stage.RETURNED
    return Stage.PAID if charge is None else _stage_of_start(intent, charge)


def _stage_of_session(intent: PaymentIntent, session: ChargingSession) -> Stage:
    if session.status == SessionStatus.ENDED:
        if session.billing_status == BillingStatus.NOT_BILLABLE:
            return Stage.RETURNED
        return Stage.HELD if session.billing_status == BillingStatus.HELD else Stage.BILLING
    if intent.stop_asked_at is not None:
        return Stage.STOPPING
    suspended = session.connector.status in _SUSPENDED
    return Stage.PAUSED if suspended else Stage.CHARGING


def _stage_of_start(intent: PaymentIntent, charge: PrepaidCharge) -> Stage:
    if charge.status == ChargeStatus.FAILED:
        return Stage.RETURNED
    wish = charge.remote_start
    if intent.stop_asked_at is not None:
        return Stage.STOPPING
    if wish is not None and wish.status == RemoteStartStatus.ACCEPTED:
        return Stage.PLUG_IN
    return Stage.STARTING


def _reason(intent: PaymentIntent, charge: PrepaidCharge | None) -> str:
    if charge is not None and charge.failure:
        return charge.failure
    return intent.review_reason


def _refund_state(refunds: tuple[Refund, ...]) -> RefundState:
    """The worst of them: what needs somebody comes first."""
    states = [_REFUND_WAITS.get(RefundStatus(each.status)) for each in refunds]
    for state in (RefundState.REVIEW, RefundState.NEEDS_ACCOUNT):
        if state in states:
            return state
    if not refunds:
        return RefundState.NONE
    done = all(each.status == RefundStatus.SUCCEEDED for each in refunds)
    return RefundState.DONE if done else RefundState.PENDING


def _minutes(session: ChargingSession | None, until: datetime) -> int:
    if session is None:
        return 0
    return max(0, int((until - session.started_at).total_seconds()) // 60)
