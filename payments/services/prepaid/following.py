"""Every step of a prepaid charge that was missed is found by its rows.

Paid without a start asked for; a session without its payment; a start that is over without a
refund; an end without a bill; money that nothing was done with.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_noop

from chargers.models import (
    AuthorizationStatus,
    BillingStatus,
    ChargingSession,
    RemoteStartStatus,
    SessionStatus,
)
from payments.chart import Code
from payments.models import (
    ChargeStatus,
    IntentStatus,
    LedgerAccount,
    PaymentIntent,
    PrepaidCharge,
    RefundCause,
)
from payments.services.billing import bill_session
from payments.services.following import MOST, each
from payments.services.intents.history import lock_intent
from payments.services.prepaid.binding import lock_payment_of
from payments.services.prepaid.closing import deposit_of, finish_charge, give_back, is_settled
from payments.services.prepaid.guarding import guard_charge
from payments.services.prepaid.starting import decide_start, start_paid
from payments.services.prepaid.stopping import recent_stops, stop_stray
from unievp.lib import clock

UNUSED: Final = gettext_noop("Nothing was done with it in time")
# Older ones were seen to, or a person sees to them.
_STRAYS_OF: Final = timedelta(days=1)


def follow_charges() -> int:
    """Take every step that is due; how many."""
    now = clock.now()
    return (
        each(paid_without_start()[:MOST], start_paid)
        + each(starts_to_decide()[:MOST], decide_start)
        + each(ended_without_bill()[:MOST], close_charge)
        + each(strays(now)[:MOST], stop_stray)
        + each(unused(now)[:MOST], return_unused)
        + each(empty()[:MOST], close_intent)
    )


def guard_charges(now: datetime | None = None) -> int:
    """Look at every charge whose look is due; how many."""
    now = now or clock.now()
    due = PrepaidCharge.objects.filter(status=ChargeStatus.CHARGING).filter(
        Q(look_at__lte=now) | Q(look_at__isnull=True)
    )
    return each(due.order_by("look_at").values_list("intent_id", flat=True), guard_charge)


def paid_without_start() -> QuerySet[PrepaidCharge, UUID]:
    # What is in review waits for a person.
    clear = Q(intent__status=IntentStatus.SUCCEEDED) | Q(intent__is_late=True)
    clear |= Q(intent__refunded__gt=0)
    waiting = PrepaidCharge.objects.filter(clear, status=ChargeStatus.WAITING, intent__paid__gt=0)
    waiting = waiting.exclude(intent__status=IntentStatus.REVIEW)
    return waiting.order_by("created_at").values_list("intent_id", flat=True)


def starts_to_decide() -> QuerySet[PrepaidCharge, UUID]:
    """Its wish has ended, or a session with its token runs without it."""
    sessions = ChargingSession.objects.filter(
        id_token=OuterRef("id_token"), authorization=AuthorizationStatus.ACCEPTED
    )
    over = Q(remote_start__status__in=[RemoteStartStatus.STARTED, RemoteStartStatus.FAILED])
    starting = PrepaidCharge.objects.filter(status=ChargeStatus.STARTING)
    decided = starting.filter(over | Exists(sessions))
    return decided.order_by("created_at").values_list("intent_id", flat=True)


def ended_without_bill() -> QuerySet[PrepaidCharge, int]:
    """Also those whose bill was written off, and sessions that nobody bills."""
    return (
        PrepaidCharge.objects.filter(
            status=ChargeStatus.CHARGING, intent__session__status=SessionStatus.ENDED
        )
        .exclude(intent__session__billing_status=BillingStatus.HELD)
        .order_by("created_at")
        .values_list("intent__session_id", flat=True)
    )


def strays(now: datetime) -> QuerySet[ChargingSession]:
    """Sessions of tokens whose payment was given back: refused ones that go on all the same."""
    return (
        ChargingSession.objects.filter(
            id_token__prepaid_charge__isnull=False,
            status=SessionStatus.ACTIVE,
            start_received_at__gt=now - _STRAYS_OF,
        )
        .exclude(pk=F("id_token__prepaid_charge__intent__session"))
        .filter(id_token__prepaid_charge__status__in=[ChargeStatus.FAILED, ChargeStatus.ENDED])
        .exclude(Exists(recent_stops(now).filter(charger=OuterRef("charger"))))
        .select_related("charger__cpo")
    )


def unused(now: datetime) -> QuerySet[PaymentIntent, UUID]:
    """Paid for no connector, and still there."""
    since = now - timedelta(hours=settings.PREPAID_UNUSED_HOURS)
    return (
        PaymentIntent.objects.filter(charge__isnull=True, closed_at__isnull=True, paid_at__lt=since)
        .exclude(status=IntentStatus.REVIEW)
        .order_by("paid_at")
        .values_list("pk", flat=True)
    )


def empty() -> QuerySet[PaymentIntent, UUID]:
    """Nothing is under way for them, and they are not closed."""
    over = [ChargeStatus.ENDED, ChargeStatus.FAILED]
    left = LedgerAccount.objects.filter(
        code=Code.DRIVER_DEPOSIT, owner_id=Cast(OuterRef("pk"), TextField())
    ).exclude(posted_credit=F("posted_debit"))
    return (
        PaymentIntent.objects.filter(paid_at__isnull=False, closed_at__isnull=True)
        .filter(Q(charge__isnull=True) & ~Exists(left) | Q(charge__status__in=over))
        .exclude(status=IntentStatus.REVIEW)
        .order_by("paid_at")
        .values_list("pk", flat=True)
    )


def close_charge(session_id: int) -> None:
    """Bill the session, or give all back where there is nothing to bill."""
    bill_session(session_id)
    with transaction.atomic():
        payment = lock_payment_of(session_id)
        if payment is None:
            return
        intent, charge = payment
        session = ChargingSession.objects.select_for_update(no_key=True, of=("self",)).get(
            pk=session_id
        )
        if charge.status == ChargeStatus.CHARGING and is_settled(session):
            finish_charge(intent, charge, session)


def return_unused(intent_id: UUID) -> None:
    with transaction.atomic():
        intent = lock_intent(intent_id)
        if not hasattr(intent, "charge"):
            give_back(intent, cause=RefundCause.NOT_STARTED, reason=UNUSED)


def close_intent(intent_id: UUID) -> None:
    """What came after everything goes back; and where nothing is left, the payment is closed."""
    with transaction.atomic():
        intent = lock_intent(intent_id)
        if hasattr(intent, "charge") or not deposit_of(intent):
            give_back(intent, cause=RefundCause.REST, reason=RefundCause.REST.value)
