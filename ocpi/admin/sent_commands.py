"""Commands of ours to other companies' chargers, and what became of them."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from ocpi.models import SentCommand, SentStatus
from unievp.lib.admin import ReadOnlyAdmin, column, since

_SENT_COLOURS: Final = {
    SentStatus.QUEUED: "info",
    SentStatus.SENT: "info",
    SentStatus.ACCEPTED: "info",
    SentStatus.SUCCEEDED: "success",
    SentStatus.REFUSED: "danger",
    SentStatus.TIMED_OUT: "warning",
    SentStatus.CANCELLED: "warning",
}


@admin.register(SentCommand)
class SentCommandAdmin(ReadOnlyAdmin):
    list_display = ("type", "partner", "for_whom", "state", "result", "asked", "error")
    list_filter = ("type", "status", ("partner", AutocompleteSelectFilter))
    list_select_related = ("partner", "driver", "token")
    search_fields = ("driver__name", "session_id", "authorization_reference", "evse_uid")
    fields = readonly_fields = (
        "type",
        "partner",
        "for_whom",
        "requested_label",
        "owner",
        "location_id",
        "evse_uid",
        "connector_id",
        "session_id",
        "reservation_id",
        "expires_at",
        "authorization_reference",
        "state",
        "result",
        "message",
        "error",
        "asked",
        "sent_at",
        "deadline_at",
        "told_at",
        "ended_at",
    )

    @column(_("driver"), ordering="driver__name")
    def for_whom(self, row: SentCommand) -> str:
        return str(row.driver) if row.driver else str(_("help desk"))

    @column(_("party"))
    def owner(self, row: SentCommand) -> str:
        return f"{row.country_code}-{row.party_id}"

    @column(_("status"), label=_SENT_COLOURS)
    def state(self, row: SentCommand) -> Any:
        return row.status, row.get_status_display()

    @column(_("asked"), ordering="created_at")
    def asked(self, row: SentCommand) -> str:
        return since(row.created_at)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SentCommand]:
        return super().get_queryset(request).defer("key")
