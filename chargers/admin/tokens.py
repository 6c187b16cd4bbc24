from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.admin import colours
from chargers.admin.token_import import import_view
from chargers.events import IdTokensChanged
from chargers.models import IdToken, TokenSighting
from chargers.services.id_tokens import managing
from chargers.services.id_tokens.importing import export_tokens
from cpo.admin import AuditedAdmin
from cpo.models import User
from unievp.lib.admin import column, detail_action, list_link, run_for_each, since
from unievp.lib.events import publish


@admin.register(IdToken)
class IdTokenAdmin(AuditedAdmin):
    list_display = (
        "token",
        "label",
        "state",
        "owner",
        "driver",
        "group",
        "expires_at",
        "seen",
        "sessions",
    )
    list_filter = (
        "status",
        ("cpo", AutocompleteSelectFilter),
        ("driver", AutocompleteSelectFilter),
        ("charger", AutocompleteSelectFilter),
        ("expires_at", RangeDateTimeFilter),
    )
    list_select_related = ("cpo", "driver")
    search_fields = ("token", "label", "group", "driver__name")
    autocomplete_fields = ("cpo", "driver", "charger")
    readonly_fields = ("created_at", "seen", "sessions")
    actions = ("block", "unblock", "expire", "export_csv")
    actions_list = ("import_csv",)

    def get_readonly_fields(self, request: HttpRequest, obj: IdToken | None = None) -> Any:
        """Whose it is stays: its sessions and its money are booked there."""
        return (*self.readonly_fields, "cpo") if obj else self.readonly_fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[IdToken]:
        seen = TokenSighting.objects.filter(id_token=OuterRef("pk")).order_by("-last_seen_at")
        rows: QuerySet[IdToken] = super().get_queryset(request)
        return rows.annotate(
            last_seen=Subquery(seen.values("last_seen_at")[:1]),
            last_seen_where=Subquery(seen.values("charger__identity")[:1]),
        )

    def save_model(
        self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: Any
    ) -> None:
        token = cast("IdToken", obj)
        actor = cast("User", request.user)
        names = [name for name in managing.FIELDS if name in form.cleaned_data]
        values = {name: form.cleaned_data[name] for name in names}
        if change:
            changed = {name: values[name] for name in names if name in form.changed_data}
            managing.change_token(token, actor=actor, **changed)
        else:
            row = managing.create_token(form.cleaned_data.get("cpo"), actor=actor, **values)
            token.pk, token._state.adding = row.pk, False

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        super().delete_model(request, obj)
        cpo_id = cast("IdToken", obj).cpo_id
        if cpo_id:
            publish(IdTokensChanged(cpo_id))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        cpo_ids = {row.cpo_id for row in queryset if row.cpo_id}
        super().delete_queryset(request, queryset)
        for cpo_id in cpo_ids:
            publish(IdTokensChanged(cpo_id))

    @detail_action(_("Import"), url_path="import", icon="upload_file", permissions=("add",))
    def import_csv(self, request: HttpRequest) -> HttpResponse:
        return import_view(self, request)

    @column(_("status"), ordering="status", label=colours.TOKEN)
    def state(self, token: IdToken) -> Any:
        return token.status, token.get_status_display()

    @column(_("issued by"), ordering="cpo__name")
    def owner(self, token: IdToken) -> str:
        return token.cpo.name if token.cpo else str(_("Platform"))

    @column(_("last seen"))
    def seen(self, token: IdToken) -> str:
        at = getattr(token, "last_seen", None)
        return f"{since(at)} · {getattr(token, 'last_seen_where', '')}" if at else "-"

    @column(_("sessions"))
    def sessions(self, token: IdToken) -> str:
        return list_link("chargers.chargingsession", _("show"), id_token__id__exact=token.pk)

    @admin.action(description=_("Block the selected tokens"), permissions=["change"])
    def block(self, request: HttpRequest, tokens: QuerySet[IdToken]) -> None:
        actor = cast("User", request.user)
        run_for_each(self, request, tokens, lambda row: managing.block_token(row, actor=actor))

    @admin.action(description=_("Unblock the selected tokens"), permissions=["change"])
    def unblock(self, request: HttpRequest, tokens: QuerySet[IdToken]) -> None:
        actor = cast("User", request.user)
        run_for_each(self, request, tokens, lambda row: managing.unblock_token(row, actor=actor))

    @admin.action(description=_("Let the selected tokens expire now"), permissions=["change"])
    def expire(self, request: HttpRequest, tokens: QuerySet[IdToken]) -> None:
        actor = cast("User", request.user)
        run_for_each(self, request, tokens, lambda row: managing.expire_token(row, actor=actor))

    @admin.action(description=_("Export the selected tokens as CSV"), permissions=["view"])
    def export_csv(self, _request: HttpRequest, tokens: QuerySet[IdToken]) -> StreamingHttpResponse:
        return StreamingHttpResponse(
            export_tokens(tokens.iterator(chunk_size=2_000)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="id-tokens.csv"'},
        )
