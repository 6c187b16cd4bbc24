"""Tags that were seen: the inbox of unknown ones, adopted in one click."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from chargers.admin import colours
from chargers.models import TokenSighting
from chargers.services.id_tokens.managing import LONGEST, LONGEST_LABEL, adopt_sighting
from cpo.models import User
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ask,
    change_link,
    column,
    detail_action,
    get_row,
    run_for_each,
    since,
    when,
)
from unievp.lib.admin.confirm import change_page


class AdoptForm(forms.Form):
    label = forms.CharField(
        label=_("label"),
        max_length=LONGEST_LABEL,
        required=False,
        help_text=_("Whose it is, for example."),
        widget=UnfoldAdminTextInputWidget,
    )
    group = forms.CharField(
        label=_("group (parent id)"),
        max_length=LONGEST,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )


class UnknownFilter(admin.SimpleListFilter):
    title = _("known")
    parameter_name = "known"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("Unknown")), ("yes", _("Known"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(id_token__isnull=self.value() == "no")


@admin.register(TokenSighting)
class TokenSightingAdmin(ReadOnlyAdmin):
    list_display = ("tag", "token_link", "verdict", "charger_link", "cpo", "times", "ago")
    list_filter = (
        UnknownFilter,
        "status",
        ("cpo", AutocompleteSelectFilter),
        ("charger", AutocompleteSelectFilter),
        ("last_seen_at", RangeDateTimeFilter),
    )
    list_select_related = ("cpo", "charger", "id_token")
    search_fields = ("tag", "charger__identity")
    actions = ("adopt_selected",)
    actions_detail = ("adopt",)
    fields = (
        ("tag", "token_link"),
        ("cpo", "charger_link"),
        ("verdict", "times"),
        ("first_seen", "last_seen"),
    )
    readonly_fields = (
        "tag",
        "token_link",
        "cpo",
        "charger_link",
        "verdict",
        "times",
        "first_seen",
        "last_seen",
    )

    def has_adopt_permission(self, request: HttpRequest, _object_id: object = None) -> bool:
        return request.user.has_perm("chargers.add_idtoken")

    @column(_("id token"))
    def token_link(self, row: TokenSighting) -> SafeString | str:
        return change_link(row.id_token)

    @column(_("verdict"), ordering="status", label=colours.AUTHORIZATION)
    def verdict(self, row: TokenSighting) -> Any:
        return row.status, row.get_status_display()

    @column(_("charger"), ordering="charger__identity")
    def charger_link(self, row: TokenSighting) -> SafeString | str:
        return change_link(row.charger, row.charger.identity)

    @column(_("last seen"), ordering="last_seen_at")
    def ago(self, row: TokenSighting) -> str:
        return since(row.last_seen_at)

    @column(_("first seen"))
    def first_seen(self, row: TokenSighting) -> str:
        return when(row.first_seen_at)

    @column(_("last seen"))
    def last_seen(self, row: TokenSighting) -> str:
        return when(row.last_seen_at)

    @admin.action(description=_("Adopt the selected tags"), permissions=["adopt"])
    def adopt_selected(self, request: HttpRequest, rows: QuerySet[TokenSighting]) -> None:
        actor = cast("User", request.user)
        unknown = rows.filter(id_token__isnull=True)
        run_for_each(self, request, unknown, lambda row: adopt_sighting(row, actor=actor))

    @detail_action(_("Adopt"), url_path="adopt", icon="add_circle", permissions=("adopt",))
    def adopt(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = get_row(self, request, object_id)
        question = Question(
            title=_("Adopt tag %(tag)s") % {"tag": row.tag},
            text=_("It becomes a token of %(cpo)s, good at once.") % {"cpo": row.cpo},
            submit=_("Adopt"),
            form_class=AdoptForm,
        )

        def run(answer: dict[str, Any]) -> HttpResponse:
            token = adopt_sighting(row, actor=cast("User", request.user), **answer)
            return HttpResponseRedirect(change_page(token))

        return ask(self, request, row, question, run)
