"""Drivers of partners: their tokens, sessions and CDRs."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from cpo.models import User
from ocpi.models import Cdr, RoamingSession, RoamingTag, RoamingToken
from ocpi.services.selling.cdrs import issue_credit
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
from unievp.lib.admin.confirm import ReasonForm

_BY_PARTNER = (("partner", AutocompleteSelectFilter),)


@admin.register(RoamingToken)
class RoamingTokenAdmin(ReadOnlyAdmin):
    """Pushed by partners; theirs to change."""

    list_display = ("uid", "type", "partner", "contract_id", "valid", "whitelist", "changed")
    list_filter = ("type", "valid", "whitelist", *_BY_PARTNER)
    list_select_related = ("partner",)
    search_fields = ("uid", "contract_id", "visual_number")
    fields = readonly_fields = (
        "uid",
        "type",
        "partner",
        "contract_id",
        "visual_number",
        "issuer",
        "group_id",
        "valid",
        "whitelist",
        "changed",
        "sent",
    )

    @column(_("changed"), ordering="last_updated")
    def changed(self, row: RoamingToken) -> str:
        return since(row.last_updated)

    @column(_("as the partner sent it"))
    def sent(self, row: RoamingToken) -> str:
        return pretty_json(row.body)


@admin.register(RoamingTag)
class RoamingTagAdmin(ReadOnlyAdmin):
    """What chargers know roaming drivers by."""

    list_display = ("uid", "tag", "partner", "auth_method", "authorization_reference")
    list_filter = ("auth_method", *_BY_PARTNER)
    list_select_related = ("partner", "id_token")
    search_fields = ("uid", "id_token__token", "authorization_reference")
    fields = readonly_fields = (
        "uid",
        "type",
        "tag",
        "partner",
        "contract_id",
        "auth_method",
        "authorization_reference",
        "allowed_until",
    )

    @column(_("id tag"))
    def tag(self, row: RoamingTag) -> str:
        return change_link(row.id_token)


@admin.register(RoamingSession)
class RoamingSessionAdmin(ReadOnlyAdmin):
    list_display = ("ocpi_id", "partner", "uid", "status", "charging", "changed")
    list_filter = ("status", "auth_method", *_BY_PARTNER)
    list_select_related = ("partner", "session")
    search_fields = ("ocpi_id", "uid", "authorization_reference")
    fields = readonly_fields = (
        "ocpi_id",
        "partner",
        "uid",
        "type",
        "contract_id",
        "auth_method",
        "authorization_reference",
        "status",
        "charging",
        "reserved",
        "changed",
        "told",
    )

    @column(_("reservation"))
    def reserved(self, row: RoamingSession) -> str:
        return change_link(row.reservation)

    @column(_("charging session"))
    def charging(self, row: RoamingSession) -> str:
        return change_link(row.session)

    @column(_("changed"), ordering="last_updated")
    def changed(self, row: RoamingSession) -> str:
        return since(row.last_updated)

    @column(_("as the partner sees it"))
    def told(self, row: RoamingSession) -> str:
        return pretty_json(row.body)


@admin.register(Cdr)
class CdrAdmin(ReadOnlyAdmin):
    """Never changed; taken back by a credit."""

    list_display = ("ocpi_id", "partner", "of_session", "of_bill", "takes_back", "issued")
    list_filter = (("credits", admin.EmptyFieldListFilter), *_BY_PARTNER)
    list_select_related = ("partner", "roaming_session", "bill", "credits")
    search_fields = ("ocpi_id", "roaming_session__ocpi_id")
    fields = readonly_fields = (
        "ocpi_id",
        "partner",
        "of_session",
        "of_bill",
        "takes_back",
        "issued",
        "told",
    )
    actions_detail = ("credit",)

    @column(_("session"))
    def of_session(self, row: Cdr) -> str:
        return change_link(row.roaming_session)

    @column(_("bill"))
    def of_bill(self, row: Cdr) -> str:
        return change_link(row.bill)

    @column(_("takes back"))
    def takes_back(self, row: Cdr) -> str:
        return change_link(row.credits)

    @column(_("issued"), ordering="last_updated")
    def issued(self, row: Cdr) -> str:
        return since(row.last_updated)

    @column(_("as the partner sees it"))
    def told(self, row: Cdr) -> str:
        return pretty_json(row.body)

    @detail_action(_("Take back"), url_path="credit", icon="undo", permissions=("ocpi.change_cdr",))
    def credit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        cdr = get_row(self, request, object_id)
        question = Question(
            title=_("Take this CDR back"),
            text=_("A credit CDR of the same amount goes to the partner. The bill stays."),
            submit=_("Take back"),
            danger=True,
            form_class=ReasonForm,
        )

        def run(answer: dict[str, Any]) -> None:
            issue_credit(cdr, actor=cast("User", request.user), reason=answer["reason"])

        return ask(self, request, cdr, question, run)
