"""A payment that is not wanted any more, or whose time is up."""

from __future__ import annotations

import contextlib

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payments.events import AttemptWithdrawn, PaymentStatusChanged
from payments.gateways.base import GatewayError
from payments.models import AttemptStatus, PaymentAttempt, PaymentIntent
from payments.services.intents.history import lock_intent, note
from payments.services.intents.sending import check_attempt, handle_of
from payments.services.providers import gateway_of
from payments.states import INTENT_TRANSITIONS, OPEN_INTENTS, IntentStatus
from unievp.lib import clock
from unievp.lib.errors import ConflictError
from unievp.lib.events import publish

_LIVE = (AttemptStatus.NEW, AttemptStatus.SENDING, AttemptStatus.OPEN, AttemptStatus.UNKNOWN)


def cancel_intent(intent: PaymentIntent, *, source: str) -> PaymentIntent:
    """Take it back. Money that is on its way all the same is seen and goes back.

    Raises ConflictError when it is paid or over. Calls the gateway: no open transaction.
    """
    return _end(intent, IntentStatus.CANCELED, AttemptStatus.CANCELED, source)


def withdraw_intent(intent: PaymentIntent, *, source: str) -> PaymentIntent:
    """The same for who waits at a page: taken back here and now, the worker tells the gateway.

    Raises ConflictError when it is paid or over.
    """
    with transaction.atomic():
        locked, open_ones = _mark_ended(
            intent, IntentStatus.CANCELED, AttemptStatus.CANCELED, source
        )
        for attempt in open_ones:
            publish(AttemptWithdrawn(attempt.pk))
    return locked


def close_attempt(attempt_id: int) -> None:
    """Tell the gateway that nobody wants it any more. Any number of times; never raises for it."""
    attempt = PaymentAttempt.objects.select_related("config").get(pk=attempt_id)
    if attempt.gateway_id and attempt.status != AttemptStatus.SUCCEEDED:
        with contextlib.suppress(GatewayError):
            gateway_of(attempt.config).cancel_payment(handle_of(attempt))


def expire_intent(intent: PaymentIntent, *, source: str = "sweep") -> PaymentIntent:
    """Its time is up: ask a last time whether it was paid, then close it at the gateway, too."""
    for attempt in intent.attempts.filter(status__in=_LIVE):
        check_attempt(attempt.pk, source=source)
    intent.refresh_from_db()
    if intent.status not in (*OPEN_INTENTS, IntentStatus.FAILED):
        return intent
    return _end(intent, IntentStatus.EXPIRED, AttemptStatus.EXPIRED, source)


def _end(
    intent: PaymentIntent, status: IntentStatus, attempt_status: AttemptStatus, source: str
) -> PaymentIntent:
    with transaction.atomic():
        locked, open_ones = _mark_ended(intent, status, attempt_status, source)
    for attempt in open_ones:
        _close_at_gateway(attempt)
    return locked


def _mark_ended(
    intent: PaymentIntent, status: IntentStatus, attempt_status: AttemptStatus, source: str
) -> tuple[PaymentIntent, list[PaymentAttempt]]:
    """The intent, ended, and its attempts as they were: they may be open at the gateway."""
    locked = lock_intent(intent.pk)
    if not INTENT_TRANSITIONS.allows(locked.status, status):
        raise ConflictError(_("This payment is paid or over."), code="payment_over")
    locked.status, locked.closed_at = status, clock.now()
    locked.save(update_fields=["status", "closed_at"])
    open_ones = list(
        locked.attempts.select_for_update(of=("self",))
        .filter(status__in=_LIVE)
        .select_related("config")
    )
    PaymentAttempt.objects.filter(pk__in=[each.pk for each in open_ones]).update(
        status=attempt_status
    )
    note(locked, kind=status.value, source=source)
    publish(PaymentStatusChanged(locked.pk, locked.status))
    return locked, open_ones


def _close_at_gateway(attempt: PaymentAttempt) -> None:
    """A request that stays open there can still be paid: then the money goes back."""
    if not attempt.gateway_id and attempt.status == AttemptStatus.NEW:
        return
    with contextlib.suppress(GatewayError):
        gateway_of(attempt.config).cancel_payment(handle_of(attempt))
