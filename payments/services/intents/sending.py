"""An attempt goes to its gateway, and is asked about: always with no transaction open.

The row says `sending` before the call. What comes back, or does not, is stored after it; a process
that died in between left `sending`, and the sweep asks the gateway what it knows.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_noop

from payments.events import PaymentStatusChanged
from payments.gateways.base import (
    GatewayError,
    Method,
    NotFoundError,
    PaymentHandle,
    PaymentRequest,
    PaymentSnapshot,
    RateLimitedError,
    UnreachableError,
)
from payments.models import AttemptStatus, PaymentAttempt
from payments.services.intents.applying import apply_snapshot
from payments.services.intents.history import lock_intent, note
from payments.services.links import payment_page_url
from payments.services.providers import gateway_of, webhook_url
from payments.states import INTENT_TRANSITIONS, OPEN_INTENTS, IntentStatus
from unievp.lib import clock
from unievp.lib.events import publish

NO_ANSWER: Final = gettext_noop("The gateway gave no answer")


def send_attempt(attempt_id: int) -> PaymentAttempt:
    """Create the payment at the gateway, once; again: the attempt as it stands.

    Raises RateLimitedError: the attempt is as before, try again later.
    """
    attempt = _claim(attempt_id)
    if attempt is None:
        return PaymentAttempt.objects.get(pk=attempt_id)
    try:
        snapshot = gateway_of(attempt.config).create_payment(_request(attempt))
    except RateLimitedError:
        PaymentAttempt.objects.filter(pk=attempt.pk, status=AttemptStatus.SENDING).update(
            status=AttemptStatus.NEW
        )
        raise
    except UnreachableError as error:
        _set_unknown(attempt, error)
        return check_attempt(attempt.pk, source="send")
    except GatewayError as error:
        _set_refused(attempt, error)
    else:
        _opened(attempt, snapshot)
    attempt.refresh_from_db()
    return attempt


def check_attempt(attempt_id: int, *, source: str) -> PaymentAttempt:
    """Read the payment from the gateway and apply what it says.

    A gateway that is away changes nothing but the time of the look.
    """
    attempt = PaymentAttempt.objects.select_related("config").get(pk=attempt_id)
    try:
        snapshot = gateway_of(attempt.config).fetch_payment(handle_of(attempt))
    except NotFoundError:
        # A hosted page before the choice, or a request that never arrived.
        _looked(attempt, "")
    except GatewayError as error:
        _looked(attempt, str(error))
    else:
        apply_snapshot(attempt.pk, snapshot, source=source)
    attempt.refresh_from_db()
    return attempt


def handle_of(attempt: PaymentAttempt) -> PaymentHandle:
    return PaymentHandle(
        reference=attempt.reference,
        gateway_id=attempt.gateway_id,
        payment_id=attempt.payment_id,
        method=Method(attempt.method),
    )


def _claim(attempt_id: int) -> PaymentAttempt | None:
    """The attempt, now `sending` and this caller's; None when it is not to be sent (any more)."""
    with transaction.atomic():
        attempt = PaymentAttempt.objects.select_related("config", "intent").get(pk=attempt_id)
        intent = lock_intent(attempt.intent_id)
        claimed = PaymentAttempt.objects.filter(pk=attempt_id, status=AttemptStatus.NEW)
        if intent.status not in (*OPEN_INTENTS, IntentStatus.FAILED) or not claimed.update(
            status=AttemptStatus.SENDING, sent_at=clock.now()
        ):
            return None
    attempt.intent = intent
    attempt.status = AttemptStatus.SENDING
    return attempt


def _request(attempt: PaymentAttempt) -> PaymentRequest:
    intent = attempt.intent
    return PaymentRequest(
        reference=attempt.reference,
        amount=attempt.amount,
        currency=intent.currency,
        method=Method(attempt.method),
        description=intent.description or f"SPKLU {intent.charger or ''}".strip(),
        expires_at=attempt.expires_at,
        return_url=payment_page_url(intent),
        notify_url=webhook_url(attempt.config),
        metadata={"payment": str(intent.pk)},
    )


def _opened(attempt: PaymentAttempt, snapshot: PaymentSnapshot) -> None:
    """What the driver is shown; the state then goes the way of every other news."""
    with transaction.atomic():
        lock_intent(attempt.intent_id)
        PaymentAttempt.objects.filter(pk=attempt.pk).update(
            gateway_id=snapshot.gateway_id,
            checkout=asdict(snapshot.checkout),
            error="",
        )
    apply_snapshot(attempt.pk, snapshot, source="send")


def _set_unknown(attempt: PaymentAttempt, error: GatewayError) -> None:
    PaymentAttempt.objects.filter(pk=attempt.pk, status=AttemptStatus.SENDING).update(
        status=AttemptStatus.UNKNOWN, error=f"{NO_ANSWER}: {error}"[:300]
    )


def _set_refused(attempt: PaymentAttempt, error: GatewayError) -> None:
    """A definite no. The intent fails with it, and may be retried."""
    with transaction.atomic():
        intent = lock_intent(attempt.intent_id)
        PaymentAttempt.objects.filter(pk=attempt.pk).update(
            status=AttemptStatus.FAILED, error=str(error)[:300], checked_at=clock.now()
        )
        if not INTENT_TRANSITIONS.allows(intent.status, IntentStatus.FAILED):
            return
        intent.status = IntentStatus.FAILED
        intent.save(update_fields=["status"])
        note(intent, kind="refused", source="send", detail=str(error), attempt=attempt)
        publish(PaymentStatusChanged(intent.pk, intent.status))


def _looked(attempt: PaymentAttempt, error: str) -> None:
    changes = {"checked_at": clock.now()} | ({"error": error[:300]} if error else {})
    PaymentAttempt.objects.filter(pk=attempt.pk).update(**changes)
