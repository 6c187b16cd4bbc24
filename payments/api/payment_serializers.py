"""Payments as the API takes and shows them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from rest_framework import serializers

from payments.gateways.base import Method
from payments.models import IntentStatus, PaymentIntent, RefundCause, RefundRoute, RefundStatus
from payments.selectors.progress import RefundState, Stage, progress
from payments.services.links import payment_page_url
from payments.states import OPEN_INTENTS
from unievp.lib.api.examples import CPO_ID, example

PENDING = "pending"
METHODS = [method.value for method in Method]
_STATUSES = [PENDING, *(value for value in IntentStatus.values if value != IntentStatus.CREATED)]


class LimitPart(serializers.Serializer[Any]):
    """Where a charge is to end, whichever comes first."""

    energy_wh = serializers.IntegerField(required=False, min_value=1, max_value=2_000_000)
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=14 * 24 * 60)


@example(amount=50_000, charger_id="SIM-0001", connector_id=1, cpo_id=CPO_ID)
class PaymentRequest(serializers.Serializer[Any]):
    """With a connector the charge starts by itself once it is paid, at the price of this moment."""

    amount = serializers.IntegerField(
        min_value=1, max_value=2**53, help_text="Rupiah; what is not used goes back."
    )
    description = serializers.CharField(required=False, max_length=200, default="")
    cpo_id = serializers.UUIDField(
        required=False, help_text="The seller; the charger's where one is named."
    )
    charger_id = serializers.CharField(required=False, max_length=255)
    connector_id = serializers.IntegerField(
        required=False, min_value=1, max_value=2**15 - 1, help_text="OCPP's number."
    )
    user_id = serializers.UUIDField(required=False, allow_null=True, help_text="The driver.")
    method = serializers.ChoiceField(choices=METHODS, required=False, default=Method.QRIS.value)
    limit = LimitPart(required=False)
    email = serializers.EmailField(required=False, default="", help_text="The receipt goes here.")
    language = serializers.ChoiceField(
        choices=[code for code, _name in settings.LANGUAGES], required=False, default="id"
    )

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if "connector_id" in values and "charger_id" not in values:
            raise serializers.ValidationError({"charger_id": _("Name its charger, too.")})
        return values


@example(reason="The driver changed their mind.")
class RefundRequest(serializers.Serializer[Any]):
    amount = serializers.IntegerField(
        required=False, min_value=1, max_value=2**53, help_text="All that is left without it."
    )
    reason = serializers.CharField(max_length=200)


class CheckoutView(serializers.Serializer[Any]):
    """What the driver needs to pay; empty where the method has no such thing."""

    qr_string = serializers.CharField()
    qr_image_url = serializers.CharField()
    url = serializers.CharField()
    va_number = serializers.CharField()
    va_bank = serializers.CharField()
    biller_code = serializers.CharField()


class RefundView(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    amount = serializers.IntegerField()
    cause = serializers.ChoiceField(choices=RefundCause.choices)
    reason = serializers.CharField()
    status = serializers.ChoiceField(choices=RefundStatus.choices)
    route = serializers.ChoiceField(choices=RefundRoute.choices)
    created_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)


class ChargeView(serializers.Serializer[Any]):
    """The charge that was paid for; `cost` is the bill's total once there is one."""

    stage = serializers.ChoiceField(choices=[stage.value for stage in Stage])
    session_id = serializers.IntegerField(source="session.pk", allow_null=True, default=None)
    transaction_id = serializers.IntegerField(
        source="session.transaction_id", allow_null=True, default=None
    )
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    energy_wh = serializers.IntegerField()
    minutes = serializers.IntegerField()
    power_w = serializers.IntegerField(allow_null=True)
    cost = serializers.IntegerField()
    remaining = serializers.IntegerField()
    stop_reason = serializers.CharField(allow_null=True)
    reason = serializers.CharField(help_text="Why nothing started, or why a person has to look.")
    refund_state = serializers.ChoiceField(choices=[state.value for state in RefundState])


class PaymentView(serializers.Serializer[Any]):
    """`checkout` is null and `status` pending until the gateway has answered."""

    payment_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=_STATUSES)
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    paid = serializers.IntegerField()
    refunded = serializers.IntegerField(help_text="Arrived back at the driver.")
    method = serializers.CharField()
    description = serializers.CharField()
    cpo_id = serializers.UUIDField()
    charger_id = serializers.CharField(allow_null=True)
    connector_id = serializers.IntegerField(allow_null=True)
    user_id = serializers.UUIDField(allow_null=True)
    limit = LimitPart()
    checkout = CheckoutView(allow_null=True)
    page_url = serializers.CharField(help_text="The driver's own page; whoever has it may stop.")
    charge = ChargeView()
    refunds = RefundView(many=True)
    error = serializers.CharField(help_text="What the gateway did not like.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)


def shown_payment(intent: PaymentIntent) -> dict[str, Any]:
    """JSON-ready, since it is kept under an Idempotency-Key."""
    now = progress(intent)
    intent.refresh_from_db()
    attempt = intent.attempts.order_by("-number").first()
    checkout = attempt.checkout if attempt and intent.status in OPEN_INTENTS else None
    values = {
        "payment_id": intent.pk,
        "status": PENDING if intent.status == IntentStatus.CREATED else intent.status,
        "paid": intent.paid,
        "refunded": intent.refunded,
        "charger_id": now.charger.identity if now.charger else None,
        "connector_id": now.connector.number if now.connector else None,
        "user_id": intent.driver_id,
        "limit": _limits(intent),
        "checkout": checkout or None,
        "page_url": payment_page_url(intent),
        "charge": now,
        "refunds": now.refunds,
        "error": attempt.error if attempt else "",
    }
    for name in ("amount", "currency", "method", "description", "cpo_id"):
        values[name] = getattr(intent, name)
    for name in ("created_at", "expires_at", "paid_at"):
        values[name] = getattr(intent, name)
    data: dict[str, Any] = dict(PaymentView(values).data)
    if now.reason:
        data["charge"]["reason"] = translation.gettext(now.reason)
    return data


def _limits(intent: PaymentIntent) -> dict[str, int]:
    limits = {"energy_wh": intent.limit_energy_wh, "minutes": intent.limit_minutes}
    return {name: value for name, value in limits.items() if value is not None}
