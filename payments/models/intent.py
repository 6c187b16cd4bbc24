from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chargers.models import Charger, ChargingSession, Connector
from cpo.models import CPO, Driver
from payments.models.ledger import LedgerTransaction
from payments.models.provider import ProviderConfig
from payments.states import AttemptStatus, EventKind, IntentStatus, StopReason
from unievp.lib.constraints import choice_check
from unievp.lib.secrets import new_token


def _secret() -> str:
    return new_token(16)


class PaymentIntent(models.Model):
    """A driver's attempt to pay: what for, how much, and how far it got (payments.md §3.1).

    Amounts are minor units of `currency`. `paid` is what the gateway says arrived, `refunded` what
    went back; the rest is `driver_deposit` in the ledger until a bill takes it. `secret` opens the
    driver's page without a login. `limit_*`: what the driver bought (architecture §4, a payment).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    secret = models.CharField(max_length=32, unique=True, default=_secret, editable=False)
    cpo = models.ForeignKey(
        CPO, on_delete=models.PROTECT, related_name="payment_intents", verbose_name=_("CPO")
    )
    charger = models.ForeignKey(
        Charger,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payment_intents",
        verbose_name=_("charger"),
    )
    connector = models.ForeignKey(
        Connector,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payment_intents",
        verbose_name=_("connector"),
    )
    driver = models.ForeignKey(
        Driver,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payment_intents",
        verbose_name=_("driver"),
    )
    session = models.OneToOneField(
        ChargingSession,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payment_intent",
        verbose_name=_("charging session"),
    )
    currency = models.CharField(_("currency"), max_length=3, default="IDR")
    amount = models.BigIntegerField(_("amount"))
    paid = models.BigIntegerField(_("paid"), default=0)
    refunded = models.BigIntegerField(_("refunded"), default=0)
    status = models.CharField(
        _("status"), max_length=24, choices=IntentStatus, default=IntentStatus.CREATED
    )
    # Money that came after the end: it belongs to the driver and goes back.
    is_late = models.BooleanField(_("late money"), default=False)
    review_reason = models.CharField(_("why it is in review"), max_length=200, blank=True)
    method = models.CharField(_("method"), max_length=16)
    description = models.CharField(_("description"), max_length=200, blank=True)
    limit_energy_wh = models.PositiveIntegerField(_("energy bought (Wh)"), null=True, blank=True)
    limit_minutes = models.PositiveIntegerField(_("minutes bought"), null=True, blank=True)
    stop_asked_at = models.DateTimeField(_("stop asked for"), null=True, blank=True)
    email = models.EmailField(_("receipt to"), blank=True)
    language = models.CharField(_("language"), max_length=5, default="id")
    created_by = models.CharField(_("created by"), max_length=150)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    tenant_path: ClassVar[str] = "cpo"
    driver_path: ClassVar[str] = "driver"

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ("-created_at",)
        constraints: ClassVar = [
            choice_check("status", IntentStatus, name="payment_intent_status_is_known"),
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="payment_intent_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("paid")),
                name="payment_intent_refunds_are_part_of_what_was_paid",
            ),
            models.CheckConstraint(
                condition=~Q(status="review") | ~Q(review_reason=""),
                name="payment_intent_in_review_says_why",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["cpo", "-created_at"], name="payment_intent_by_cpo"),
            models.Index(fields=["-created_at"], name="payment_intent_by_time"),
            models.Index(
                fields=["expires_at"],
                name="payment_intent_open",
                condition=Q(status__in=["created", "requires_action", "processing"]),
            ),
            models.Index(
                fields=["paid_at"],
                name="payment_intent_to_close",
                condition=Q(paid_at__isnull=False, closed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"PAY-{str(self.pk)[:8]}"


class PaymentAttempt(models.Model):
    """One request to a gateway. The row is committed before the call is made.

    `reference` is ours and unique for ever; `gateway_id` names the request there, `payment_id` the
    money. `unknown`: no answer came; the payment may exist, and a webhook may name it later.
    """

    intent = models.ForeignKey(
        PaymentIntent, on_delete=models.PROTECT, related_name="attempts", verbose_name=_("payment")
    )
    number = models.PositiveSmallIntegerField(_("attempt"))
    config = models.ForeignKey(
        ProviderConfig,
        on_delete=models.PROTECT,
        related_name="attempts",
        verbose_name=_("provider"),
    )
    reference = models.CharField(_("reference"), max_length=50, unique=True)
    method = models.CharField(_("method"), max_length=16)
    amount = models.BigIntegerField(_("amount"))
    status = models.CharField(
        _("status"), max_length=16, choices=AttemptStatus, default=AttemptStatus.NEW
    )
    gateway_id = models.CharField(_("id at the gateway"), max_length=80, blank=True)
    payment_id = models.CharField(_("payment at the gateway"), max_length=80, blank=True)
    channel = models.CharField(_("channel"), max_length=40, blank=True)
    checkout = models.JSONField(_("checkout"), default=dict, blank=True)
    expires_at = models.DateTimeField(_("expires"))
    created_at = models.DateTimeField(_("created"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    checked_at = models.DateTimeField(_("last looked at"), null=True, blank=True)
    # The gateway moved the money from clearing to its usable balance (reconciliation).
    settled_at = models.DateTimeField(_("settled by the gateway"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    raw = models.JSONField(_("last answer"), default=dict, blank=True)

    tenant_path: ClassVar[str] = "intent__cpo"

    class Meta:
        verbose_name = _("payment attempt")
        verbose_name_plural = _("payment attempts")
        ordering = ("intent", "number")
        constraints: ClassVar = [
            choice_check("status", AttemptStatus, name="payment_attempt_status_is_known"),
            models.UniqueConstraint(
                fields=["intent", "number"], name="payment_attempt_number_is_unique"
            ),
            models.UniqueConstraint(
                fields=["config", "gateway_id"],
                condition=~Q(gateway_id=""),
                name="payment_attempt_is_one_request_at_the_gateway",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["checked_at"],
                name="payment_attempt_open",
                condition=Q(status__in=["new", "sending", "open", "unknown"]),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class PaymentEvent(models.Model):
    """What happened to a payment, in order: written once, with the booking where money moved."""

    intent = models.ForeignKey(
        PaymentIntent, on_delete=models.PROTECT, related_name="events", verbose_name=_("payment")
    )
    attempt = models.ForeignKey(
        PaymentAttempt, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("time"))
    kind = models.CharField(_("what"), max_length=32, choices=EventKind)
    status = models.CharField(_("status"), max_length=24, choices=IntentStatus)
    source = models.CharField(_("told by"), max_length=32)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    amount = models.BigIntegerField(_("amount"), null=True, blank=True)
    booking = models.ForeignKey(
        LedgerTransaction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payment_events",
        verbose_name=_("booking"),
    )

    tenant_path: ClassVar[str] = "intent__cpo"

    class Meta:
        verbose_name = _("payment event")
        verbose_name_plural = _("payment events")
        ordering = ("at", "id")
        constraints: ClassVar = [
            choice_check("kind", EventKind, name="payment_event_kind_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.status}"

    @property
    def about(self) -> str:
        """The detail in the reader's words; sentences of the charger and of people as they are."""
        if self.kind == EventKind.STOP_ASKED and self.detail in StopReason.values:
            return str(StopReason(self.detail).label)
        return gettext(self.detail) if self.detail else ""
