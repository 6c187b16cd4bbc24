from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cpo.models import Driver
from tickets.models.ticket import Ticket
from tickets.states import TicketSide, TicketVia
from unievp.lib.constraints import choice_check


class TicketComment(models.Model):
    """Something that was said; never changed.

    `internal`: read by the side that wrote it, and by the platform; a driver's is always public.
    Who may read what: `tickets.selectors.comments`. `author` None: a key, a driver, who replied by
    link, or a rule, by name in `author_label`.
    """

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="comments", verbose_name=_("ticket")
    )
    at = models.DateTimeField(_("time"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("author"),
    )
    driver = models.ForeignKey(
        Driver,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("driver"),
    )
    author_label = models.CharField(_("author (name)"), max_length=150)
    side = models.CharField(_("side"), max_length=8, choices=TicketSide)
    internal = models.BooleanField(_("internal"), default=False)
    via = models.CharField(_("came by"), max_length=8, choices=TicketVia)
    body = models.TextField(_("text"))

    tenant_path: ClassVar[str] = "ticket__cpo"

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ("id",)
        constraints: ClassVar = [
            choice_check("side", TicketSide, name="ticket_comment_side_is_known"),
            choice_check("via", TicketVia, name="ticket_comment_came_by_a_known_way"),
            models.CheckConstraint(
                condition=Q(internal=False) | ~Q(side="driver"),
                name="ticket_comment_of_a_driver_is_public",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author_label}: {self.body[:40]}"
