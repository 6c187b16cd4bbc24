from __future__ import annotations

import re
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chargers.models import Charger, ChargingSession, Connector
from cpo.models import CPO, Driver
from payments.models import PaymentIntent, Settlement
from tickets.states import (
    DONE,
    TicketCategory,
    TicketPriority,
    TicketStatus,
    TicketVia,
)
from tickets.words import filled
from unievp.lib.constraints import choice_check

_DONE: Final = [status.value for status in DONE]
_NUMBER: Final = re.compile(r"(?:#|T-)?0*([1-9]\d{0,17})", re.IGNORECASE)


def pk_of_number(text: str) -> int | None:
    """The primary key that "T-000123", "t-123", "#123" or "123" means; None for other words."""
    found = _NUMBER.fullmatch(text.strip())
    return int(found[1]) if found else None


class Ticket(models.Model):
    """Something that people have to deal with, opened by somebody or by a rule.

    `cpo` None: the platform's own. Words of people are `subject` and `description`; what a rule
    opened has `title_code` and `title_args` instead and is rendered in the reader's language
    (`title`, `details`). `cause_key` names what is wrong, `occurrence` when it came last: a cause
    has one ticket that is not done. Clocks count business time from `clock_started_at`, and
    `waited_s` of it does not count for the resolution.
    """

    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("CPO"),
    )
    category = models.CharField(_("category"), max_length=16, choices=TicketCategory)
    priority = models.CharField(
        _("priority"), max_length=8, choices=TicketPriority, default=TicketPriority.NORMAL
    )
    status = models.CharField(
        _("status"), max_length=16, choices=TicketStatus, default=TicketStatus.OPEN
    )
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    description = models.TextField(_("description"), blank=True)
    title_code = models.CharField(_("kind of title"), max_length=48, blank=True)
    title_args = models.JSONField(_("words of the title"), default=dict, blank=True)

    charger = models.ForeignKey(
        Charger,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("charger"),
    )
    connector = models.ForeignKey(
        Connector,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("connector"),
    )
    session = models.ForeignKey(
        ChargingSession,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("charging session"),
    )
    payment = models.ForeignKey(
        PaymentIntent,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("payment"),
    )
    settlement = models.ForeignKey(
        Settlement,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("settlement"),
    )

    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="opened_tickets",
        verbose_name=_("opened by"),
    )
    opened_label = models.CharField(_("opened by (name)"), max_length=150, blank=True)
    opened_via = models.CharField(_("came by"), max_length=8, choices=TicketVia)
    driver = models.ForeignKey(
        Driver,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("driver"),
    )
    reporter_name = models.CharField(_("reported by"), max_length=120, blank=True)
    reporter_email = models.EmailField(_("e-mail"), blank=True)
    reporter_phone = models.CharField(_("phone"), max_length=32, blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True)
    # Links to reply that were signed before are void.
    reply_links_since = models.DateTimeField(null=True, blank=True, editable=False)

    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="assigned_tickets",
        verbose_name=_("with"),
    )
    watchers = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="watched_tickets",
        verbose_name=_("followed by"),
    )

    cause_key = models.CharField(_("cause"), max_length=120, blank=True)
    occurrence = models.CharField(_("latest occurrence"), max_length=64, blank=True)
    repeats = models.PositiveIntegerField(_("repeats"), default=0)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    self_closing = models.BooleanField(_("resolves itself"), default=False)
    cause_ended_at = models.DateTimeField(_("the cause ended"), null=True, blank=True)

    opened_at = models.DateTimeField(_("opened"))
    updated_at = models.DateTimeField(_("latest change"))
    clock_started_at = models.DateTimeField(_("clock started"))
    waiting_since = models.DateTimeField(_("waiting since"), null=True, blank=True)
    waited_s = models.PositiveIntegerField(_("business time spent waiting (s)"), default=0)
    due_first_answer_at = models.DateTimeField(_("first answer due"), null=True, blank=True)
    due_resolution_at = models.DateTimeField(_("solution due"), null=True, blank=True)
    first_answered_at = models.DateTimeField(_("first answer"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    # When people were warned, once each.
    answer_late_at = models.DateTimeField(_("answer was late"), null=True, blank=True)
    resolution_late_at = models.DateTimeField(_("solution was late"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    tenant_path: ClassVar[str] = "cpo"
    driver_path: ClassVar[str] = "driver"

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ("-id",)
        constraints: ClassVar = [
            choice_check("category", TicketCategory, name="ticket_category_is_known"),
            choice_check("priority", TicketPriority, name="ticket_priority_is_known"),
            choice_check("status", TicketStatus, name="ticket_status_is_known"),
            choice_check("opened_via", TicketVia, name="ticket_came_by_a_known_way"),
            models.UniqueConstraint(
                fields=["cause_key"],
                condition=~Q(cause_key="") & ~Q(status__in=_DONE),
                name="ticket_is_one_per_cause_until_it_is_done",
            ),
            models.CheckConstraint(
                condition=~Q(subject="") | ~Q(title_code=""), name="ticket_has_a_title"
            ),
            models.CheckConstraint(
                condition=Q(status="waiting", waiting_since__isnull=False)
                | (~Q(status="waiting") & Q(waiting_since__isnull=True)),
                name="ticket_that_waits_says_since_when",
            ),
            models.CheckConstraint(
                condition=Q(status__in=_DONE, resolved_at__isnull=False)
                | (~Q(status__in=_DONE) & Q(resolved_at__isnull=True)),
                name="ticket_that_is_done_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False)
                | (~Q(status="closed") & Q(closed_at__isnull=True)),
                name="ticket_that_is_closed_has_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["cpo", "-id"], name="ticket_by_cpo"),
            models.Index(
                fields=["cpo", "-id"], name="ticket_not_done", condition=~Q(status__in=_DONE)
            ),
            models.Index(fields=["cause_key", "-id"], name="ticket_by_cause"),
            models.Index(
                fields=["resolved_at"], name="ticket_to_close", condition=Q(status="resolved")
            ),
            models.Index(
                fields=["due_resolution_at"],
                name="ticket_due",
                condition=~Q(status__in=_DONE),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What people call it: T-000123."""
        return f"T-{self.pk:06d}"

    @property
    def title(self) -> str:
        """In the language of now."""
        return self.subject or filled(self.title_code, "title", self.title_args)

    @property
    def details(self) -> str:
        """What it is about, in the language of now where a rule wrote it."""
        return self.description or filled(self.title_code, "details", self.title_args)

    @property
    def occurrences(self) -> int:
        return self.repeats + 1

    @property
    def is_done(self) -> bool:
        return self.status in _DONE
