from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.admin import colours
from chargers.models import Command, CommandStatus
from chargers.selectors.commands import shown_payload
from unievp.lib.admin import ReadOnlyAdmin, change_link, column, get_row, pretty_json, when

OPEN = frozenset({CommandStatus.QUEUED, CommandStatus.SENT})


@admin.register(Command)
class CommandAdmin(ReadOnlyAdmin):
    list_display = (
        "action",
        "charger_link",
        "state",
        "answer",
        "requested_label",
        "asked",
        "took",
        "error",
    )
    list_filter = (
        "status",
        ("charger", AutocompleteSelectFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("charger",)
    search_fields = ("charger__identity", "action", "requested_label")
    fields = (
        "action",
        "charger_link",
        "requested_label",
        "asked",
        "deadline",
        "message_id",
        "payload_text",
    )
    readonly_fields = fields
    change_form_before_template = "admin/chargers/command_answer.html"

    def get_urls(self) -> list[URLPattern]:
        answer = path(
            "<path:object_id>/answer/",
            self.admin_site.admin_view(self.answer_view),
            name="chargers_command_answer",
        )
        return [answer, *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = extra_context or {}
        command = self.get_object(request, object_id) if object_id else None
        if isinstance(command, Command):
            context |= answer_context(command)
        return super().changeform_view(request, object_id, form_url, context)

    def answer_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The answer's card alone; asks for itself again until the command is finished."""
        command = get_row(self, request, object_id)
        return TemplateResponse(
            request, "admin/chargers/command_answer_card.html", answer_context(command)
        )

    @column(_("charger"), ordering="charger__identity")
    def charger_link(self, command: Command) -> Any:
        return change_link(command.charger, command.charger.identity)

    @column(_("status"), ordering="status", label=colours.COMMAND)
    def state(self, command: Command) -> Any:
        return command.status, command.get_status_display()

    @column(_("charger says"), label={word: word for word in ("success", "warning", "danger")})
    def answer(self, command: Command) -> Any:
        return answer_label(command)

    @column(_("asked"), ordering="created_at")
    def asked(self, command: Command) -> str:
        return when(command.created_at)

    @column(_("deadline"))
    def deadline(self, command: Command) -> str:
        return when(command.deadline_at)

    @column(_("answered after"))
    def took(self, command: Command) -> str:
        return latency(command)

    @column(_("payload"))
    def payload_text(self, command: Command) -> Any:
        return pretty_json(shown_payload(command))


def answer_label(command: Command) -> tuple[str, str] | None:
    """Colour and the charger's own word, untranslated."""
    word = command.response_status
    return (colours.answer(word), word) if word else None


def latency(command: Command) -> str:
    if command.answered_at is None or command.sent_at is None:
        return "-"
    microseconds = (command.answered_at - command.sent_at).microseconds
    seconds = int((command.answered_at - command.sent_at).total_seconds())
    return f"{seconds}.{microseconds // 1000:03d} s"


def answer_context(command: Command) -> dict[str, Any]:
    label = answer_label(command)
    return {
        "command": command,
        "open": command.status in OPEN,
        "status_colour": colours.COMMAND[CommandStatus(command.status)],
        "answer_text": label[1] if label else "",
        "answer_colour": label[0] if label else "",
        "response_text": pretty_json(command.response),
        "latency": latency(command),
    }
