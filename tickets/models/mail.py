from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tickets.models.comment import TicketComment
from tickets.models.ticket import Ticket
from tickets.states import TicketMailKind, TicketMailStatus
from unievp.lib.constraints import choice_check


class TicketMail(models.Model):
    """A mail to somebody who reported something and has no account: once per `key`.

    The row is the order to send; a worker that died while sending leaves `sending`, and the sweep
    sends it once more: a mail twice is better than none.
    """

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="mails", verbose_name=_("ticket")
    )
    key = models.CharField(_("key"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=TicketMailKind)
    comment = models.ForeignKey(
        TicketComment,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("comment"),
    )
    email = models.EmailField(_("to"))
    language = models.CharField(_("language"), max_length=5)
    status = models.CharField(
        _("status"), max_length=8, choices=TicketMailStatus, default=TicketMailStatus.WAITING
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    error = models.CharField(_("error"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created"))
    tried_at = models.DateTimeField(_("latest try"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    tenant_path: ClassVar[str] = "ticket__cpo"

    class Meta:
        verbose_name = _("mail of a ticket")
        verbose_name_plural = _("mails of tickets")
        ordering = ("-id",)
        constraints: ClassVar = [
            choice_check("kind", TicketMailKind, name="ticket_mail_kind_is_known"),
            choice_check("status", TicketMailStatus, name="ticket_mail_status_is_known"),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False),
                name="ticket_mail_that_is_sent_has_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"],
                name="ticket_mail_to_send",
                condition=Q(status__in=["waiting", "sending"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.kind}"
