from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.admin import colours
from chargers.models import IdToken, IdTokenStatus
from cpo.admin import AuditedAdmin
from unievp.lib.admin import column, list_link


@admin.register(IdToken)
class IdTokenAdmin(AuditedAdmin):
    list_display = ("token", "label", "state", "owner", "driver", "group", "expires_at", "sessions")
    list_filter = (
        "status",
        ("cpo", AutocompleteSelectFilter),
        ("driver", AutocompleteSelectFilter),
        ("expires_at", RangeDateTimeFilter),
    )
    list_select_related = ("cpo", "driver")
    search_fields = ("token", "label", "group", "driver__name")
    autocomplete_fields = ("cpo", "driver")
    readonly_fields = ("created_at", "sessions")
    actions = ("block", "unblock")

    @column(_("status"), ordering="status", label=colours.TOKEN)
    def state(self, token: IdToken) -> Any:
        return token.status, token.get_status_display()

    @column(_("issued by"), ordering="cpo__name")
    def owner(self, token: IdToken) -> str:
        return token.cpo.name if token.cpo else str(_("Platform"))

    @column(_("sessions"))
    def sessions(self, token: IdToken) -> str:
        return list_link("chargers.chargingsession", _("show"), id_token__id__exact=token.pk)

    @admin.action(description=_("Block the selected tokens"), permissions=["change"])
    def block(self, request: HttpRequest, tokens: QuerySet[IdToken]) -> None:
        self._set_status(request, tokens, IdTokenStatus.BLOCKED)

    @admin.action(description=_("Unblock the selected tokens"), permissions=["change"])
    def unblock(self, request: HttpRequest, tokens: QuerySet[IdToken]) -> None:
        self._set_status(request, tokens, IdTokenStatus.ACTIVE)

    def _set_status(
        self, request: HttpRequest, tokens: QuerySet[IdToken], status: IdTokenStatus
    ) -> None:
        for token in tokens.exclude(status=status).select_related("cpo"):
            before = {"status": token.status}
            token.status = status
            token.save(update_fields=["status"])
            self.log(request, token, "edited", before=before, after={"status": status.value})
