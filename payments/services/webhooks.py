"""Gateways' notifications: verified, stored, answered; then the gateway itself is asked."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from cpo.access import is_platform_staff
from cpo.models import User
from cpo.services import audit
from payments.events import WebhookStored
from payments.gateways.base import Hint, Subject
from payments.models import PaymentAttempt, Payout, ProviderConfig, Refund, WebhookDelivery
from payments.services.intents.sending import check_attempt
from payments.services.payouts.sending import check_payout
from payments.services.providers import gateway_of
from payments.services.refunds.sending import check_refund
from unievp.lib import clock
from unievp.lib.errors import ForbiddenError
from unievp.lib.events import publish

logger = logging.getLogger(__name__)

UNKNOWN: Final = gettext_noop("Nothing of ours has this reference")
# Headers that are worth keeping; every other may be a secret.
_KEPT_HEADERS: Final = ("content-type", "user-agent", "x-request-id", "webhook-id")


def receive(config: ProviderConfig, *, headers: Mapping[str, str], body: bytes) -> int:
    """Store what the delivery points at; how many were new. Raises BadSignatureError.

    The caller answers 2xx after this returned, whatever becomes of it.
    """
    hints = gateway_of(config).verify_webhook(headers, body)
    kept = {name: headers[name][:200] for name in _KEPT_HEADERS if name in headers}
    return sum(_store(config, hint, kept, body) for hint in hints)


def process_delivery(delivery_id: int) -> None:
    """Look up what it is about; the body itself is never believed."""
    delivery = WebhookDelivery.objects.get(pk=delivery_id)
    if delivery.processed_at is not None:
        return
    WebhookDelivery.objects.filter(pk=delivery_id).update(tries=F("tries") + 1)
    error = _follow(delivery)
    WebhookDelivery.objects.filter(pk=delivery_id).update(processed_at=clock.now(), error=error)


def process_again(delivery: WebhookDelivery, *, actor: User) -> None:
    """Staff want it looked up once more; the worker does. Raises ForbiddenError."""
    if not is_platform_staff(actor):
        raise ForbiddenError(_("Only platform staff process a delivery again."))
    with transaction.atomic():
        WebhookDelivery.objects.filter(pk=delivery.pk).update(processed_at=None, error="")
        audit.record(
            actor=actor,
            action="webhook.process_again",
            subject=delivery,
            before={"error": delivery.error},
            after={"error": ""},
            cpo=delivery.config.cpo,
        )
        publish(WebhookStored(delivery.pk))


def _store(config: ProviderConfig, hint: Hint, headers: dict[str, str], body: bytes) -> bool:
    try:
        with transaction.atomic():
            delivery = WebhookDelivery.objects.create(
                config=config,
                dedupe_key=hint.dedupe_key,
                subject=hint.subject.value,
                reference=hint.reference,
                gateway_id=hint.gateway_id,
                payment_id=hint.payment_id,
                headers=headers,
                # PostgreSQL keeps no NUL.
                body=body.decode("utf-8", "replace").replace("\x00", "\ufffd"),
                received_at=clock.now(),
            )
            publish(WebhookStored(delivery.pk))
    except IntegrityError:
        known = WebhookDelivery.objects.filter(config=config, dedupe_key=hint.dedupe_key)
        known.update(repeated=F("repeated") + 1)
        return False
    return True


def _follow(delivery: WebhookDelivery) -> str:
    """Why nothing came of it; empty where something did."""
    found = False
    if delivery.subject == Subject.PAYMENT:
        found = _follow_payment(delivery)
    elif delivery.subject == Subject.REFUND:
        found = _follow_refund(delivery)
    elif delivery.subject == Subject.PAYOUT:
        found = _follow_payout(delivery)
    else:
        return ""
    return "" if found else UNKNOWN


def _follow_payment(delivery: WebhookDelivery) -> bool:
    rows = PaymentAttempt.objects.filter(config=delivery.config)
    attempt = rows.filter(reference=delivery.reference).first() if delivery.reference else None
    if attempt is None and delivery.gateway_id:
        attempt = rows.filter(gateway_id=delivery.gateway_id).first()
    if attempt is None:
        return False
    if delivery.gateway_id and not attempt.gateway_id:
        # An attempt that never heard an answer learns its name from the webhook.
        rows.filter(pk=attempt.pk, gateway_id="").update(gateway_id=delivery.gateway_id)
    check_attempt(attempt.pk, source="webhook")
    return True


def _follow_refund(delivery: WebhookDelivery) -> bool:
    by = Q(reference=delivery.reference) if delivery.reference else Q()
    if delivery.gateway_id:
        by |= Q(gateway_id=delivery.gateway_id)
    # Midtrans names the payment, not the refund.
    by |= Q(attempt__reference=delivery.reference) if delivery.reference else Q()
    refunds = list(Refund.objects.filter(by, attempt__config=delivery.config)) if by else []
    for refund in refunds:
        check_refund(refund.pk)
    return bool(refunds)


def _follow_payout(delivery: WebhookDelivery) -> bool:
    by = Q(reference=delivery.reference) if delivery.reference else Q()
    if delivery.gateway_id:
        by |= Q(gateway_id=delivery.gateway_id)
    payout = Payout.objects.filter(by, config=delivery.config).first() if by else None
    if payout is None:
        return False
    check_payout(payout.pk)
    return True
