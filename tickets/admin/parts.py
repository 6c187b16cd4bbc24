"""What stands below a ticket: its changes, and the mails to who reported it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tickets.admin.colours import MAIL
from tickets.models import TicketChange, TicketMail
from unievp.lib.admin import ReadOnlyInline, column, when


class ChangeInline(ReadOnlyInline):
    model = TicketChange
    verbose_name_plural = _("history")
    fields = readonly_fields = ("time", "field", "before", "after", "who", "reason")
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).order_by("-pk")

    @column(_("time"))
    def time(self, change: TicketChange) -> str:
        return when(change.at)

    @column(_("before"))
    def before(self, change: TicketChange) -> str:
        return change.old_words or "-"

    @column(_("after"))
    def after(self, change: TicketChange) -> str:
        return change.new_words or "-"

    @column(_("by whom"))
    def who(self, change: TicketChange) -> str:
        return change.who


class MailInline(ReadOnlyInline):
    model = TicketMail
    fields = readonly_fields = ("created", "kind", "email", "state", "tries", "error")
    show_change_link = False

    @column(_("created"))
    def created(self, mail: TicketMail) -> str:
        return when(mail.created_at)

    @column(_("status"), label=MAIL)
    def state(self, mail: TicketMail) -> Any:
        return mail.status, mail.get_status_display()
