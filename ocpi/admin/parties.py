"""What our companies are called in OCPI."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from cpo.admin.audited import AuditedAdmin
from ocpi.models import Party
from unievp.lib.admin import column


@admin.register(Party)
class PartyAdmin(AuditedAdmin):
    """Codes stand in every object and address: they never change once the party is there."""

    list_display = ("code", "role", "company", "name", "open_data")
    list_filter = ("role", ("cpo", AutocompleteSelectFilter))
    list_select_related = ("cpo",)
    search_fields = ("name", "party_id", "cpo__name")
    autocomplete_fields = ("cpo",)
    fields = ("cpo", "role", "country_code", "party_id", "name", "website", "logo_url",
              "open_data")  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("cpo", "role", "country_code", "party_id") if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @column(_("code"), ordering="party_id")
    def code(self, party: Party) -> str:
        return f"{party.country_code}-{party.party_id}"

    @column(_("CPO"), ordering="cpo__name")
    def company(self, party: Party) -> str:
        return str(party.cpo) if party.cpo else str(_("The platform"))
