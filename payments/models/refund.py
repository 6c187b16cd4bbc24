from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.models.intent import PaymentAttempt, PaymentIntent
from payments.states import RefundCause, RefundRoute, RefundStatus
from unievp.lib.constraints import choice_check
from unievp.lib.secrets import EncryptedTextField


class Refund(models.Model):
    """Money on its way back to the driver: through the gateway, by a payout, or by hand.

    Some methods cannot be refunded (virtual accounts, some QRIS issuers): then the driver names an
    account (`needs_account`) and the money is paid out to it. `reference` is the idempotency key at
    the gateway.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    intent = models.ForeignKey(
        PaymentIntent, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("payment")
    )
    attempt = models.ForeignKey(
        PaymentAttempt,
        on_delete=models.PROTECT,
        related_name="refunds",
        verbose_name=_("payment attempt"),
    )
    reference = models.CharField(_("reference"), max_length=50, unique=True)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3, default="IDR")
    reason = models.CharField(_("reason"), max_length=200)
    cause = models.CharField(
        _("cause"), max_length=16, choices=RefundCause, default=RefundCause.PERSON
    )
    route = models.CharField(
        _("way"), max_length=16, choices=RefundRoute, default=RefundRoute.GATEWAY
    )
    status = models.CharField(
        _("status"), max_length=16, choices=RefundStatus, default=RefundStatus.REQUESTED
    )
    gateway_id = models.CharField(_("id at the gateway"), max_length=80, blank=True)
    bank_code = models.CharField(_("bank"), max_length=32, blank=True)
    account_name = models.CharField(_("account holder"), max_length=120, blank=True)
    account_number = EncryptedTextField(_("account number"), blank=True, default="")
    # Who of the staff entered it where the platform gave the money back: another one agrees.
    account_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("account entered by"),
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    requested_label = models.CharField(_("who asked"), max_length=150)
    proof = models.CharField(_("proof"), max_length=200, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    created_at = models.DateTimeField(_("created"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    checked_at = models.DateTimeField(_("last looked at"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    tenant_path: ClassVar[str] = "intent__cpo"

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ("-created_at",)
        constraints: ClassVar = [
            choice_check("status", RefundStatus, name="refund_status_is_known"),
            choice_check("route", RefundRoute, name="refund_route_is_known"),
            choice_check("cause", RefundCause, name="refund_cause_is_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_is_positive"),
            models.UniqueConstraint(
                fields=["attempt", "cause"],
                condition=~Q(cause="person"),
                name="refund_that_the_platform_decides_happens_once_per_attempt",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["checked_at"],
                name="refund_open",
                condition=Q(status__in=["requested", "sending", "pending", "unknown"]),
            ),
        ]

    def __str__(self) -> str:
        return self.reference
