from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.models import LocationTax, TariffDefault
from chargers.services.tariff_defaults import set_default_tariff, withdraw_default
from cpo.admin import AuditedAdmin
from cpo.models import User
from unievp.lib import clock
from unievp.lib.admin import AppendOnlyAdmin, Question, ask, column, detail_action, get_row


@admin.register(TariffDefault)
class TariffDefaultAdmin(AppendOnlyAdmin):
    """A new default is a new row; the one before is history."""

    list_display = ("cpo", "where", "sold", "begun", "valid_from")
    list_filter = (
        ("cpo", AutocompleteSelectFilter),
        ("location", AutocompleteSelectFilter),
        ("valid_from", RangeDateTimeFilter),
    )
    list_select_related = ("cpo", "location", "template")
    search_fields = ("cpo__name", "location__name", "template__name")
    autocomplete_fields = ("cpo", "location", "template")
    readonly_fields = ("created_at",)
    fields = (("cpo", "location"), ("template", "valid_from"), "created_at")
    actions_detail = ("withdraw",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"valid_from": clock.now(), **super().get_changeform_initial_data(request)}

    def save_model(
        self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: Any
    ) -> None:
        wanted = cast("TariffDefault", obj)
        made = set_default_tariff(
            wanted.cpo,
            template=wanted.template,
            location=wanted.location,
            valid_from=wanted.valid_from,
            actor=cast("User", request.user),
        )
        wanted.pk = made.pk

    @detail_action(_("Withdraw"), url_path="withdraw", icon="undo", permissions=("view",))
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        default = get_row(self, request, object_id)
        if not self.has_add_permission(request):
            raise PermissionDenied
        question = Question(
            title=_("Withdraw this default"),
            text=_("Only one that has not begun; what was sold is history."),
            submit=_("Withdraw"),
            danger=True,
        )

        def run(_answer: dict[str, Any]) -> HttpResponse:
            withdraw_default(default, actor=cast("User", request.user))
            return HttpResponseRedirect(reverse("admin:chargers_tariffdefault_changelist"))

        return ask(self, request, default, question, run)

    @column(_("location"), ordering="location__name")
    def where(self, default: TariffDefault) -> str:
        return str(default.location) if default.location else str(_("all locations"))

    @column(_("tariff"), ordering="template__name")
    def sold(self, default: TariffDefault) -> str:
        return str(default.template) if default.template else str(_("none from then on"))

    @column(_("in force"), label={"now": "success", "later": "info"})
    def begun(self, default: TariffDefault) -> Any:
        later = default.valid_from > clock.now()
        return ("later", _("Later")) if later else ("now", _("Begun"))


@admin.register(LocationTax)
class LocationTaxAdmin(AuditedAdmin):
    """A new rate is a new row: sessions keep the rate that they started with."""

    list_display = ("location", "share", "paid_by_supplier", "valid_from", "rule")
    list_filter = (("location", AutocompleteSelectFilter), "paid_by_supplier")
    list_select_related = ("location",)
    search_fields = ("location__name", "location__city", "rule")
    autocomplete_fields = ("location",)
    readonly_fields = ("created_by", "created_at")
    fields = ("location", ("percent", "paid_by_supplier"), "valid_from", "rule",
              ("created_by", "created_at"))  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One that has not begun may be taken back."""
        begun = obj is not None and obj.valid_from <= clock.now()
        return super().has_delete_permission(request, obj) and not begun

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Deleting many at once would not ask whether each may be."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def save_model(
        self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: Any
    ) -> None:
        cast("LocationTax", obj).created_by = cast("User", request.user)
        super().save_model(request, obj, form, change)

    @column(_("PBJT (%)"), ordering="percent")
    def share(self, tax: LocationTax) -> str:
        return f"{tax.percent.normalize():f}"
