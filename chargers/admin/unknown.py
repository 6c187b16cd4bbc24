from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget
from unfold.widgets import UnfoldAdminTextInputWidget as TextWidget

from chargers.models import Charger, Location, UnknownCharger
from chargers.services.registration import adopting
from cpo.access import visible
from cpo.models import User
from unievp.lib.admin import DeskAdmin, Question, ask, column, detail_action, get_row, since
from unievp.lib.admin.confirm import change_page


@admin.register(UnknownCharger)
class UnknownChargerAdmin(DeskAdmin):
    """Who knocked and was refused. Deleting a row clears the inbox; it comes back if it knocks."""

    list_display = (
        "identity",
        "reason",
        "attempts",
        "ago",
        "remote_address",
        "subprotocols",
        "first_seen_at",
    )
    list_filter = ("reason", ("last_seen_at", RangeDateTimeFilter))
    search_fields = ("identity", "remote_address")
    date_hierarchy = "last_seen_at"
    actions_detail = ("adopt",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_adopt_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm("chargers.add_charger")

    @column(_("last seen"), ordering="last_seen_at")
    def ago(self, unknown: UnknownCharger) -> str:
        return since(unknown.last_seen_at)

    @detail_action(_("Adopt"), url_path="adopt", icon="add_circle", permissions=("adopt",))
    def adopt(self, request: HttpRequest, object_id: str) -> HttpResponse:
        unknown = get_row(self, request, object_id)
        question = Question(
            title=_("Adopt this charger"),
            text=_("It becomes a charger of the location's CPO, with a password of its own."),
            submit=_("Adopt"),
            form_class=_form_for(request, unknown),
        )

        def run(answer: dict[str, Any]) -> HttpResponse:
            charger, password = adopting.adopt_charger(
                unknown,
                location=answer["location"],
                identity=answer["identity"],
                connectors=answer["connectors"],
                actor=cast("User", request.user),
            )
            return _adopted_page(self, request, charger, password)

        return ask(self, request, unknown, question, run)


def _form_for(request: HttpRequest, unknown: UnknownCharger) -> type[forms.Form]:
    locations = visible(request.user, Location.objects.select_related("cpo"))

    class AdoptForm(forms.Form):
        location = forms.ModelChoiceField(
            label=_("location"), queryset=locations, widget=UnfoldAdminSelectWidget
        )
        identity = forms.CharField(
            label=_("charger id"),
            max_length=48,
            initial=adopting.suggested_identity(unknown),
            widget=TextWidget,
        )
        connectors = forms.IntegerField(
            label=_("connectors"),
            required=False,
            min_value=1,
            max_value=16,
            help_text=_("Empty: as the charger reports them."),
            widget=UnfoldAdminIntegerFieldWidget,
        )

    return AdoptForm


def _adopted_page(
    model_admin: DeskAdmin, request: HttpRequest, charger: Charger, password: str
) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Adopted: %(charger)s") % {"charger": charger.identity},
        "explanation": _(
            "Enter these at the charger. Most chargers append their id to the address themselves;"
            " the others take the whole address."
        ),
        "secrets": [
            (_("Address"), adopting.endpoint_of(charger)),
            (_("Whole address"), adopting.charger_url(charger)),
            (_("User name"), charger.identity),
            (_("Password"), password),
        ],
        "back": change_page(charger),
        "original": charger,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/uniev/secret.html", context)
