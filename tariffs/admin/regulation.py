"""The law's caps and rates. Rows are added; one that is in force is never changed."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from cpo.admin import AuditedAdmin
from cpo.models import User
from tariffs.models import PriceCap, VatRate
from tariffs.services.regulation import CURRENCY, local_day
from tariffs.wording.numbers import format_rate
from unievp.lib import clock
from unievp.lib.admin import column


class RuleAdmin(AuditedAdmin):
    """Staff add a row with its day; until that day it can still be put right or taken back."""

    date_hierarchy = "valid_from"
    readonly_fields = ("created_by", "created_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not self._in_force(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not self._in_force(obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Deleting many at once would not ask whether each may be."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def save_model(
        self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: Any
    ) -> None:
        if not change:
            cast("PriceCap | VatRate", obj).created_by = cast("User", request.user)
        super().save_model(request, obj, form, change)

    @staticmethod
    def _in_force(obj: Any) -> bool:
        return obj is not None and obj.valid_from <= local_day(clock.now())


@admin.register(PriceCap)
class PriceCapAdmin(RuleAdmin):
    list_display = ("kind", "where", "most", "valid_from", "rule", "state")
    list_filter = ("kind", "charging_class")
    search_fields = ("rule", "source")
    fields = (("kind", "charging_class"), ("amount", "valid_from"), "rule", "source",
              ("created_by", "created_at"))  # fmt: skip

    @column(_("charging class"), ordering="charging_class")
    def where(self, cap: PriceCap) -> str:
        return cap.get_charging_class_display() if cap.charging_class else str(_("every class"))

    @column(_("at most (Rp, without VAT)"), ordering="amount")
    def most(self, cap: PriceCap) -> str:
        if cap.amount is None:
            return str(_("no cap"))
        return format_rate(cap.amount, CURRENCY, translation.get_language() or "id")

    @column(_("in force"), label={"now": "success", "later": "info"})
    def state(self, cap: PriceCap) -> Any:
        return ("now", _("Begun")) if self._in_force(cap) else ("later", _("Later"))


@admin.register(VatRate)
class VatRateAdmin(RuleAdmin):
    list_display = ("rule", "effective", "valid_from", "state")
    search_fields = ("rule", "source")
    fields = ("percent", ("base_numerator", "base_denominator"), "valid_from", "rule", "source",
              ("created_by", "created_at"))  # fmt: skip

    @column(_("of the price (%)"))
    def effective(self, rate: VatRate) -> str:
        return f"{rate.effective_percent.normalize():f}"

    @column(_("in force"), label={"now": "success", "later": "info"})
    def state(self, rate: VatRate) -> Any:
        return ("now", _("Begun")) if self._in_force(rate) else ("later", _("Later"))
