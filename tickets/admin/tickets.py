"""The platform's queue of tickets, and one of them: read, answered, given to somebody, closed."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.timesince import timeuntil
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from tickets.admin.colours import PRIORITY, STATUS
from tickets.admin.conversation import DOWNLOAD, QUICK, conversation, download, quick
from tickets.admin.filters import QueueFilter
from tickets.admin.parts import ChangeInline, MailInline
from tickets.admin.working import TicketWork, staff
from tickets.models import Ticket, TicketVia
from tickets.selectors.clocks import clock_of
from tickets.services.opening import Report, open_ticket
from unievp.lib import clock
from unievp.lib.admin import (
    AppendOnlyAdmin,
    change_link,
    column,
    since,
    when,
)
from unievp.lib.admin.columns import badge

_ADDED: Final = (
    ("cpo", "category", "priority"),
    "subject",
    "description",
    ("charger", "session"),
)
_ROW: Final = (
    ("state", "urgency"),
    ("category", "due"),
    ("company", "assignee"),
    ("where", "session_link"),
    ("payment_link", "settlement_link"),
    ("reported_by", "opened_via"),
    ("reporter_email", "reporter_phone"),
    ("opened", "last_seen"),
    "times",
)


@admin.register(Ticket)
class TicketAdmin(TicketWork, AppendOnlyAdmin):
    """The page itself edits nothing: what is done goes through the buttons above it."""

    list_display = (
        "number_shown", "headline", "state", "urgency", "due", "holder", "about",
    )  # fmt: skip
    list_filter = (
        QueueFilter,
        "status",
        "priority",
        "category",
        ("cpo", AutocompleteSelectFilter),
        ("charger", AutocompleteSelectFilter),
        ("opened_at", RangeDateTimeFilter),
    )
    list_select_related = ("cpo", "charger", "connector", "assignee")
    search_fields = ("subject", "charger__identity", "reporter_email", "reporter_name")
    search_numbers = ("pk",)
    ordering = ("-pk",)
    autocomplete_fields = ("cpo", "charger", "session")
    inlines = (ChangeInline, MailInline)
    actions = ("take_all", "resolve_all", "close_all")
    actions_detail = ("answer", "assign", "edit", "links")
    change_form_outer_before_template = "admin/tickets/conversation.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/quick", wrap(quick), name=QUICK),
            path("<int:pk>/files/<uuid:file_pk>", wrap(download), name=DOWNLOAD),
            *super().get_urls(),
        ]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return _ADDED if obj is None else _ROW

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else tuple(name for row in _ROW for name in _names(row))

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return () if obj is None else self.inlines

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """`T-000123` is a number, too."""
        term = search_term.strip()
        number = term[2:].lstrip("0") if term[:2].upper() == "T-" else term
        return super().get_search_results(request, queryset, number)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        names = ("category", "priority", "subject", "description", "charger", "session")
        report = Report(**{name: getattr(obj, name) for name in names})
        opened = open_ticket(report, cpo=obj.cpo, actor=staff(request), via=TicketVia.ADMIN)
        obj.pk = opened.pk

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = extra_context or {}
        ticket = self.get_object(request, object_id) if object_id else None
        if ticket is not None:
            context |= conversation(request, ticket)
        return super().changeform_view(request, object_id, form_url, context)

    # --- columns --------------------------------------------------------------------------------

    @column(_("ticket"), ordering="pk")
    def number_shown(self, ticket: Ticket) -> str:
        return ticket.number

    @column(_("what"), ordering="subject")
    def headline(self, ticket: Ticket) -> str:
        return ticket.title

    @column(_("status"), ordering="status", label=STATUS)
    def state(self, ticket: Ticket) -> Any:
        return ticket.status, ticket.get_status_display()

    @column(_("priority"), ordering="priority", label=PRIORITY)
    def urgency(self, ticket: Ticket) -> Any:
        return ticket.priority, ticket.get_priority_display()

    @column(_("CPO"), ordering="cpo__name")
    def company(self, ticket: Ticket) -> str:
        return str(ticket.cpo or _("The platform"))

    @column(_("with"), ordering="assignee__username")
    def holder(self, ticket: Ticket) -> str:
        person = ticket.assignee
        return person.get_full_name() or person.get_username() if person else "-"

    @column(_("where"), ordering="charger__identity")
    def about(self, ticket: Ticket) -> str:
        company = str(ticket.cpo or _("The platform"))
        return f"{ticket.charger.identity} · {company}" if ticket.charger else company

    @column(_("due"), ordering="due_resolution_at")
    def due(self, ticket: Ticket) -> SafeString | str:
        found = clock_of(ticket, clock.now())
        if found is None:
            return "-"
        if found.late:
            return badge(_("%(time)s late") % {"time": since(found.due_at)}, "danger")
        if found.stands:
            return str(_("waits"))
        return str(_("in %(time)s") % {"time": timeuntil(found.due_at, clock.now(), depth=1)})

    @column(_("seen"), ordering="repeats")
    def times(self, ticket: Ticket) -> str:
        return f"{ticket.occurrences} x"

    @column(_("opened"), ordering="opened_at")
    def opened(self, ticket: Ticket) -> str:
        return when(ticket.opened_at)

    @column(_("last seen"))
    def last_seen(self, ticket: Ticket) -> str:
        return when(ticket.last_seen_at)

    @column(_("reported by"))
    def reported_by(self, ticket: Ticket) -> str:
        return ticket.reporter_name or ticket.opened_label or "-"

    @column(_("charger"))
    def where(self, ticket: Ticket) -> SafeString | str:
        return change_link(ticket.charger, ticket.connector or ticket.charger)

    @column(_("charging session"))
    def session_link(self, ticket: Ticket) -> SafeString | str:
        return change_link(ticket.session)

    @column(_("payment"))
    def payment_link(self, ticket: Ticket) -> SafeString | str:
        return change_link(ticket.payment)

    @column(_("settlement"))
    def settlement_link(self, ticket: Ticket) -> SafeString | str:
        return change_link(ticket.settlement)


def _names(row: str | tuple[str, ...]) -> tuple[str, ...]:
    return (row,) if isinstance(row, str) else row
