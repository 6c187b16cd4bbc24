"""Local lists: what was sent, what the charger holds, why it does not; and the cache's button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from chargers.admin import colours
from chargers.models import LocalList
from chargers.services.local_lists import switching
from cpo.models import User
from unievp.lib.admin import (
    DeskAdmin,
    Question,
    ReadOnlyAdmin,
    ask,
    change_link,
    column,
    detail_action,
    get_row,
    when,
)
from unievp.lib.admin.confirm import change_page

if TYPE_CHECKING:
    Base = DeskAdmin
else:
    Base = object

DECIDE: Final = ("decide",)


class LocalListActions(Base):
    """Mixed into the charger's admin page."""

    @detail_action(_("Local list"), url_path="local-list", icon="badge")
    def local_list(self, request: HttpRequest, object_id: str) -> HttpResponse:
        charger = get_row(self, request, object_id)
        row = LocalList.objects.filter(charger=charger).first()
        if row is not None:
            return HttpResponseRedirect(change_page(row))
        question = Question(
            title=_("Keep a local list at %(charger)s") % {"charger": charger.identity},
            text=_("It will know its company's tokens also while it is offline."),
            submit=_("Keep the list"),
        )

        def run(_answer: dict[str, Any]) -> HttpResponse:
            kept = switching.keep_list(charger, actor=cast("User", request.user))
            return HttpResponseRedirect(change_page(kept))

        return ask(self, request, charger, question, run)

    @detail_action(_("Clear authorization cache"), url_path="clear-cache", icon="mop")
    def clear_cache(self, request: HttpRequest, object_id: str) -> HttpResponse:
        charger = get_row(self, request, object_id)
        question = Question(
            title=_("Clear the authorization cache of %(charger)s") % {"charger": charger.identity},
            text=_("It forgets every tag it remembers; its local list stays."),
            submit=_("Ask the charger"),
        )

        def run(_answer: dict[str, Any]) -> HttpResponse:
            command = switching.clear_cache(charger, actor=cast("User", request.user))
            return HttpResponseRedirect(change_page(command))

        return ask(self, request, charger, question, run)


@admin.register(LocalList)
class LocalListAdmin(ReadOnlyAdmin):
    list_display = (
        "charger_link",
        "shown_state",
        "holds",
        "held_version",
        "told_version",
        "left_out",
        "since",
        "problem",
    )
    list_filter = (
        "state",
        "kept",
        ("charger", AutocompleteSelectFilter),
        ("charger__cpo", AutocompleteSelectFilter),
    )
    list_select_related = ("charger", "command__charger")
    search_fields = ("charger__identity", "error")
    actions_detail = ("keep", "drop", "send_whole", "ask_version")
    fields = (
        ("charger_link", "shown_state"),
        ("held_version", "told_version"),
        ("sent_version", "since"),
        ("holds", "left_out"),
        ("problem", "next_try"),
        "command_link",
    )
    readonly_fields = (
        "charger_link",
        "shown_state",
        "held_version",
        "told_version",
        "sent_version",
        "since",
        "holds",
        "left_out",
        "problem",
        "next_try",
        "command_link",
    )

    def has_decide_permission(self, request: HttpRequest, _object_id: object = None) -> bool:
        return request.user.has_perm("chargers.change_locallist")

    @column(_("charger"), ordering="charger__identity")
    def charger_link(self, row: LocalList) -> SafeString | str:
        return change_link(row.charger, row.charger.identity)

    @column(_("state"), ordering="state", label=colours.LOCAL_LIST)
    def shown_state(self, row: LocalList) -> Any:
        return row.state, row.get_state_display()

    @column(_("tokens it holds"))
    def holds(self, row: LocalList) -> str:
        return str(len(row.held))

    @column(_("version it told"), ordering="reported_version")
    def told_version(self, row: LocalList) -> str:
        if row.reported_version is None:
            return "-"
        meaning = {-1: _text("no list supported"), 0: _text("empty")}.get(row.reported_version)
        shown = f"{row.reported_version} ({meaning})" if meaning else str(row.reported_version)
        return f"{shown}, {when(row.reported_at)}" if row.reported_at else shown

    @column(_("up to date since"), ordering="current_since")
    def since(self, row: LocalList) -> str:
        return when(row.current_since)

    @column(_("error"))
    def problem(self, row: LocalList) -> str:
        return in_words(row.error)

    @column(_("next try"))
    def next_try(self, row: LocalList) -> str:
        return when(row.due_at) if row.state == "due" else "-"

    @column(_("latest request"))
    def command_link(self, row: LocalList) -> SafeString | str:
        return change_link(row.command)

    @detail_action(_("Keep it"), url_path="keep", icon="toggle_on", permissions=DECIDE)
    def keep(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = get_row(self, request, object_id)
        question = Question(
            title=_("Keep the list of %(charger)s") % {"charger": row},
            text=_("It will know its company's tokens also while it is offline."),
            submit=_("Keep the list"),
        )

        def run(_answer: dict[str, Any]) -> None:
            switching.keep_list(row.charger, actor=cast("User", request.user))

        return ask(self, request, row, question, run)

    @detail_action(_("Keep it no longer"), url_path="drop", icon="toggle_off", permissions=DECIDE)
    def drop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = get_row(self, request, object_id)
        question = Question(
            title=_("Keep the list of %(charger)s no longer") % {"charger": row},
            text=_("The charger is told to forget every token of the list."),
            submit=_("Empty the list"),
            danger=True,
        )

        def run(_answer: dict[str, Any]) -> None:
            switching.drop_list(row.charger, actor=cast("User", request.user))

        return ask(self, request, row, question, run)

    @detail_action(_("Send the whole list"), url_path="send-whole", icon="send", permissions=DECIDE)
    def send_whole(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = get_row(self, request, object_id)
        question = Question(
            title=_("Send the whole list to %(charger)s") % {"charger": row},
            text=_("It replaces whatever the charger holds."),
            submit=_("Send it"),
        )

        def run(_answer: dict[str, Any]) -> None:
            switching.send_whole_list(row, actor=cast("User", request.user))

        return ask(self, request, row, question, run)

    @detail_action(
        _("Ask for its version"), url_path="ask-version", icon="help", permissions=DECIDE
    )
    def ask_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = get_row(self, request, object_id)
        question = Question(
            title=_("Ask %(charger)s for the version of its list") % {"charger": row},
            text=_("If it is another one than we believe, the whole list is sent again."),
            submit=_("Ask the charger"),
        )

        def run(_answer: dict[str, Any]) -> HttpResponse:
            command = switching.ask_version(row.charger, actor=cast("User", request.user))
            return HttpResponseRedirect(change_page(command))

        return ask(self, request, row, question, run)


def in_words(error: str) -> str:
    """The stored error in the reader's language; what the charger said stays as it said it."""
    head, colon, said = error.partition(": ")
    if not error:
        return "-"
    return _text(head + ": %s") % said if colon else _text(error)
