from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tickets.states import RuleKind, TicketCategory, TicketPriority
from unievp.lib.constraints import choice_check


class TicketRule(models.Model):
    """Whether, when and how a kind of trouble opens a ticket; one row per kind."""

    kind = models.CharField(_("rule"), max_length=32, choices=RuleKind, unique=True)
    enabled = models.BooleanField(_("on"), default=True)
    after_minutes = models.PositiveIntegerField(
        _("after (min)"), default=0, help_text=_("How long it has to last.")
    )
    priority = models.CharField(_("priority"), max_length=8, choices=TicketPriority)
    category = models.CharField(_("category"), max_length=16, choices=TicketCategory)
    self_closing = models.BooleanField(
        _("resolves itself"),
        default=True,
        help_text=_("The ticket is resolved when its cause ends."),
    )

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("rule for tickets")
        verbose_name_plural = _("rules for tickets")
        ordering = ("kind",)
        constraints: ClassVar = [
            choice_check("kind", RuleKind, name="ticket_rule_kind_is_known"),
            choice_check("priority", TicketPriority, name="ticket_rule_priority_is_known"),
            choice_check("category", TicketCategory, name="ticket_rule_category_is_known"),
            models.CheckConstraint(
                condition=Q(after_minutes__lte=10_080),
                name="ticket_rule_waits_a_week_at_most",
                violation_error_message=_("At most a week (10,080 minutes)."),
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
