from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.models.ticket import Ticket
from tickets.states import ChangedField, TicketCategory, TicketPriority, TicketSide, TicketStatus
from tickets.words import shown_name
from unievp.lib.constraints import choice_check


class TicketChange(models.Model):
    """Who changed what of a ticket, and when; never changed itself.

    `old` and `new` are the values as programs write them; of an assignee it is the user name, ""
    for nobody. `actor` None: a key, a driver or a rule, by its name in `actor_label`.
    """

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="changes", verbose_name=_("ticket")
    )
    at = models.DateTimeField(_("time"))
    field = models.CharField(_("what"), max_length=12, choices=ChangedField)
    old = models.CharField(_("before"), max_length=150, blank=True)
    new = models.CharField(_("after"), max_length=150, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by whom"),
    )
    actor_label = models.CharField(_("by whom (name)"), max_length=150)
    side = models.CharField(_("side"), max_length=8, choices=TicketSide)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    tenant_path: ClassVar[str] = "ticket__cpo"

    class Meta:
        verbose_name = _("change of a ticket")
        verbose_name_plural = _("changes of tickets")
        ordering = ("id",)
        constraints: ClassVar = [
            choice_check("field", ChangedField, name="ticket_change_is_of_a_known_field"),
            choice_check("side", TicketSide, name="ticket_change_side_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.old} → {self.new}"

    @property
    def who(self) -> str:
        """Who changed it, as people read it."""
        return shown_name(self.actor_label)

    @property
    def old_words(self) -> str:
        return self._words(self.old)

    @property
    def new_words(self) -> str:
        """As people read it, in the language of now; "" for no assignee."""
        return self._words(self.new)

    def _words(self, value: str) -> str:
        kinds = {
            ChangedField.STATUS: TicketStatus,
            ChangedField.PRIORITY: TicketPriority,
            ChangedField.CATEGORY: TicketCategory,
        }
        kind = kinds.get(ChangedField(self.field))
        return str(kind(value).label) if kind and value in kind.values else value
