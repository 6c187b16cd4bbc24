from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from cpo.models import Invitation
from unievp.lib.admin import ReadOnlyAdmin, column, when


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Who was asked into which team; companies invite in their portal."""

    list_display = ("email", "cpo", "role", "invited_by", "invited", "accepted", "withdrawn")
    list_filter = (("cpo", AutocompleteSelectFilter), "role")
    list_select_related = ("cpo", "invited_by")
    search_fields = ("email", "cpo__name")

    @column(_("invited"), ordering="created_at")
    def invited(self, invitation: Invitation) -> str:
        return when(invitation.created_at)

    @column(_("accepted"), ordering="accepted_at")
    def accepted(self, invitation: Invitation) -> str:
        return when(invitation.accepted_at)

    @column(_("withdrawn"), ordering="withdrawn_at")
    def withdrawn(self, invitation: Invitation) -> str:
        return when(invitation.withdrawn_at)
