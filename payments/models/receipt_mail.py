from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.models.intent import PaymentIntent
from payments.states import MailStatus
from unievp.lib.constraints import choice_check


class ReceiptMail(models.Model):
    """A receipt that goes to a driver's mailbox: by itself once per payment, or asked for again.

    The row is the order to send; a worker that died while sending leaves `sending`, and the sweep
    sends it once more: a receipt twice is better than none.
    """

    intent = models.ForeignKey(
        PaymentIntent,
        on_delete=models.PROTECT,
        related_name="receipt_mails",
        verbose_name=_("payment"),
    )
    email = models.EmailField(_("receipt to"))
    language = models.CharField(_("language"), max_length=5)
    by_itself = models.BooleanField(_("sent by itself"))
    status = models.CharField(
        _("status"), max_length=8, choices=MailStatus, default=MailStatus.WAITING
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    error = models.CharField(_("error"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created"))
    tried_at = models.DateTimeField(_("latest try"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    tenant_path: ClassVar[str] = "intent__cpo"

    class Meta:
        verbose_name = _("receipt by mail")
        verbose_name_plural = _("receipts by mail")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            choice_check("status", MailStatus, name="receipt_mail_status_is_known"),
            models.UniqueConstraint(
                fields=["intent"],
                condition=Q(by_itself=True),
                name="receipt_mail_goes_out_by_itself_once",
            ),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False),
                name="receipt_mail_that_is_sent_has_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"],
                name="receipt_mail_to_send",
                condition=Q(status__in=["waiting", "sending"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.intent_id}: {self.status}"
