"""What goes to and comes from partners: pushes, commands, the log."""

from __future__ import annotations

from typing import Any, Final, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from cpo.models import User
from ocpi.models import CommandRequest, Exchange, HubClient, Push, PushStatus, RequestStatus
from ocpi.services.pushing.sweeping import resend
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ask,
    change_link,
    column,
    detail_action,
    get_row,
    pretty_json,
    since,
)

_BY_PARTNER = (("partner", AutocompleteSelectFilter),)
_PUSH_COLOURS: Final = {
    PushStatus.WAITING: "info",
    PushStatus.SENT: "success",
    PushStatus.DEAD: "danger",
}
_REQUEST_COLOURS: Final = {
    RequestStatus.WAITING: "info",
    RequestStatus.DECIDED: "info",
    RequestStatus.TOLD: "success",
    RequestStatus.UNTOLD: "danger",
}


@admin.register(HubClient)
class HubClientAdmin(ReadOnlyAdmin):
    """Told by hubs; theirs to change."""

    list_display = ("country_code", "party_id", "role", "partner", "status", "changed")
    list_filter = ("status", "role", ("partner", AutocompleteSelectFilter))
    list_select_related = ("partner",)
    search_fields = ("party_id", "partner__name")
    fields = (("country_code", "party_id", "role"), "partner", ("status", "changed"))
    readonly_fields = ("changed",)

    @column(_("changed"), ordering="last_updated")
    def changed(self, row: HubClient) -> str:
        return since(row.last_updated)


@admin.register(Push)
class PushAdmin(ReadOnlyAdmin):
    """One row per partner and object."""

    list_display = ("shown", "partner", "state", "changed", "delivered", "attempts", "error")
    list_filter = ("status", "module", *_BY_PARTNER)
    list_select_related = ("partner",)
    search_fields = ("object_id",)
    fields = readonly_fields = (
        "shown",
        "partner",
        "state",
        "changed",
        "next",
        "delivered",
        "attempts",
        "error",
        "their_url",
        "has",
    )
    actions_detail = ("again",)

    @column(_("object"), ordering="object_id")
    def shown(self, row: Push) -> str:
        return str(row)

    @column(_("status"), label=_PUSH_COLOURS)
    def state(self, row: Push) -> Any:
        return row.status, row.get_status_display()

    @column(_("changed"), ordering="marked_at")
    def changed(self, row: Push) -> str:
        return since(row.marked_at)

    @column(_("next attempt"))
    def next(self, row: Push) -> str:
        return since(row.next_at) if row.status == PushStatus.WAITING else "-"

    @column(_("delivered"), ordering="sent_at")
    def delivered(self, row: Push) -> str:
        return since(row.sent_at) if row.sent_at else "-"

    @column(_("what the partner has"))
    def has(self, row: Push) -> str:
        return pretty_json(row.known)

    @detail_action(
        _("Send again"), url_path="again", icon="replay", permissions=("ocpi.change_push",)
    )
    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        push = get_row(self, request, object_id)
        question = Question(
            title=_("Send this object again"),
            text=_("Whole, as it is now, within seconds."),
            submit=_("Send again"),
        )

        def run(_answer: dict[str, Any]) -> None:
            resend(push, actor=cast("User", request.user))

        return ask(self, request, push, question, run)


@admin.register(CommandRequest)
class CommandRequestAdmin(ReadOnlyAdmin):
    list_display = ("type", "partner", "at_charger", "state", "result", "asked", "error")
    list_filter = ("type", "status", *_BY_PARTNER)
    list_select_related = ("partner", "charger", "command__charger", "tag", "reservation")
    search_fields = ("charger__identity", "their_reservation_id")
    fields = readonly_fields = (
        "type",
        "partner",
        "at_charger",
        "to_charger",
        "tag",
        "reservation",
        "their_reservation_id",
        "response_url",
        "state",
        "result",
        "asked",
        "told_at",
        "attempts",
        "error",
    )

    @column(_("charger"), ordering="charger__identity")
    def at_charger(self, row: CommandRequest) -> str:
        return change_link(row.charger)

    @column(_("command to the charger"))
    def to_charger(self, row: CommandRequest) -> str:
        return change_link(row.command)

    @column(_("status"), label=_REQUEST_COLOURS)
    def state(self, row: CommandRequest) -> Any:
        return row.status, row.get_status_display()

    @column(_("asked"), ordering="created_at")
    def asked(self, row: CommandRequest) -> str:
        return since(row.created_at)


@admin.register(Exchange)
class ExchangeAdmin(ReadOnlyAdmin):
    """The log: every request and its answer, tokens masked."""

    list_display = (
        "when_it_was",
        "direction",
        "partner",
        "module",
        "method",
        "http_status",
        "status_code",
        "duration_ms",
        "error",
    )
    list_filter = ("direction", "module", *_BY_PARTNER)
    list_select_related = ("partner",)
    search_fields = ("url", "request_id", "correlation_id")
    fields = readonly_fields = (
        "when_it_was",
        "direction",
        "partner",
        "module",
        "method",
        "url",
        "request_id",
        "correlation_id",
        "http_status",
        "status_code",
        "duration_ms",
        "error",
        "asked",
        "answered",
    )

    @column(_("time"), ordering="at")
    def when_it_was(self, row: Exchange) -> str:
        return since(row.at)

    @column(_("request"))
    def asked(self, row: Exchange) -> str:
        return pretty_json(row.request)

    @column(_("answer"))
    def answered(self, row: Exchange) -> str:
        return pretty_json(row.response)
