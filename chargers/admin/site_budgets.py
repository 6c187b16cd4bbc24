from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.admin import charging_words as words
from chargers.models import (
    AllocationReason,
    Location,
    SessionCap,
    SiteAllocation,
    SiteAllocationChange,
    SiteBudget,
    SiteBudgetWindow,
    SiteConnector,
)
from chargers.services.site_power import switching
from cpo.admin import AuditedAdmin
from cpo.models import User
from unievp.lib.admin import (
    DeskTabularInline,
    ReadOnlyAdmin,
    change_link,
    column,
    list_link,
    power,
    when,
)
from unievp.lib.errors import DomainError

REASON = {
    AllocationReason.IDLE: "",
    AllocationReason.FULL: "success",
    AllocationReason.DEMAND: "info",
    AllocationReason.SHARE: "primary",
    AllocationReason.WAITING: "warning",
    AllocationReason.CAPPED: "info",
    AllocationReason.OFFLINE: "warning",
    AllocationReason.REFUSED: "danger",
    AllocationReason.DISABLED: "",
    AllocationReason.APART: "",
}


class WindowInline(DeskTabularInline):
    model = SiteBudgetWindow
    fields = ("begins", "ends", "power_w")


class SiteConnectorInline(DeskTabularInline):
    model = SiteConnector
    fields = ("connector", "cap_ma", "weight", "counted")
    raw_id_fields = ("connector",)


@admin.register(SiteBudget)
class SiteBudgetAdmin(AuditedAdmin):
    list_display = ("location_link", "cpo", "in_force", "power", "now", "computed")
    list_filter = (("location__cpo", AutocompleteSelectFilter), "enabled")
    list_select_related = ("location", "location__cpo")
    search_fields = ("location__name",)
    autocomplete_fields = ("location",)
    inlines = (WindowInline, SiteConnectorInline)
    readonly_fields = ("now", "computed", "history")
    change_form_before_template = "admin/chargers/site_budget.html"
    fieldsets: ClassVar[Any] = (
        (
            None,
            {
                "fields": (
                    ("location", "enabled"),
                    ("power_w", "reserve_w"),
                    ("phases", "voltage_v"),
                    ("now", "computed", "history"),
                )
            },
        ),
        (
            _("How it is shared"),
            {
                "classes": ("tab",),
                "fields": (
                    ("minimum_ma", "fallback_ma"),
                    ("threshold_ma", "debounce_s"),
                    ("lease_s", "turn_s"),
                ),
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # Another site is another budget.
        return (*self.readonly_fields, *(("location",) if obj else ()))

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: Any) -> None:
        switching.check_budget(obj)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        super().save_related(request, form, formsets, change)
        switching.apply_budget(form.instance, actor=cast("User", request.user))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        switching.withdraw_budget(obj, actor=cast("User", request.user))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for budget in queryset:
            switching.withdraw_budget(budget, actor=cast("User", request.user))
        super().delete_queryset(request, queryset)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = extra_context or {}
        budget = self.get_object(request, object_id) if object_id else None
        if isinstance(budget, SiteBudget):
            context |= shares_context(budget)
            if request.method == "GET":
                self._warn(request, budget)
        return super().changeform_view(request, object_id, form_url, context)

    def _warn(self, request: HttpRequest, budget: SiteBudget) -> None:
        """A fallback that has become too large is cut; say so."""
        try:
            switching.check_budget(budget)
        except DomainError as error:
            self.message_user(request, str(error), messages.WARNING)

    @column(_("location"), ordering="location__name")
    def location_link(self, budget: SiteBudget) -> str:
        return budget.location.name

    @column(_("CPO"), ordering="location__cpo__name")
    def cpo(self, budget: SiteBudget) -> str:
        return budget.location.cpo.name

    @column(_("in force"), boolean=True, ordering="enabled")
    def in_force(self, budget: SiteBudget) -> bool:
        return budget.enabled

    @column(_("power"), ordering="power_w")
    def power(self, budget: SiteBudget) -> str:
        return power(budget.power_w)

    @column(_("budget now"))
    def now(self, budget: SiteBudget) -> str:
        return words.amperes(budget.limit_ma)

    @column(_("computed"), ordering="computed_at")
    def computed(self, budget: SiteBudget) -> str:
        return when(budget.computed_at)

    @column(_("look at"))
    def history(self, budget: SiteBudget) -> Any:
        if budget._state.adding:
            return "-"
        return list_link("chargers.siteallocationchange", _("changes"), budget__id__exact=budget.pk)


def shares_context(budget: SiteBudget) -> dict[str, Any]:
    """What each connector has now, and which chargers cannot be limited."""
    rows = (
        SiteAllocation.objects.filter(budget=budget)
        .select_related("connector__charger", "session__cap")
        .order_by("connector__charger__identity", "connector__number")
    )
    shares = [_share(row) for row in rows]
    counted = sum(share["row"].counted_ma for share in shares)
    refusing = budget.chargers.exclude(refusal="").select_related("charger")
    return {
        "shares": shares,
        "counted": words.amperes(counted),
        "budget_now": words.amperes(budget.limit_ma),
        "is_over": counted > budget.limit_ma,
        "refusing": [
            {
                "charger": change_link(row.charger),
                "refusal": row.refusal,
                "retry": when(row.retry_at),
            }
            for row in refusing
        ],
    }


def _cap(cap: SessionCap | None) -> str:
    """Who limits the session besides us, and to what, one limit after the other."""
    if cap is None or not cap.periods:
        return ""
    limits = " → ".join(f"{limit} {cap.rate_unit}" for _start, limit in cap.periods)
    return f"{cap.set_by}: {limits}"


def _share(row: SiteAllocation) -> dict[str, Any]:
    reason = AllocationReason(row.reason)
    return {
        "row": row,
        "session": change_link(row.session),
        "colour": REASON[reason],
        "why": reason.label,
        "cap": _cap(getattr(row.session, "cap", None)),
        "counts": words.amperes(row.counted_ma),
        "share": words.amperes(row.target_ma),
        "confirmed": words.amperes(row.limit_ma),
        "takes": words.amperes(row.measured_ma),
        "until": when(row.limit_until),
    }


@admin.register(SiteAllocationChange)
class SiteAllocationChangeAdmin(ReadOnlyAdmin):
    list_display = ("time", "connector", "before", "after", "counts", "why", "version")
    list_filter = (
        ("budget", AutocompleteSelectFilter),
        "reason",
        ("at", RangeDateTimeFilter),
    )
    list_select_related = ("connector__charger",)
    search_fields = ("connector__charger__identity",)

    @column(_("time"), ordering="at")
    def time(self, change: SiteAllocationChange) -> str:
        return when(change.at)

    @column(_("before"), ordering="before_ma")
    def before(self, change: SiteAllocationChange) -> str:
        return words.amperes(change.before_ma)

    @column(_("share"), ordering="after_ma")
    def after(self, change: SiteAllocationChange) -> str:
        return words.amperes(change.after_ma)

    @column(_("counts with"), ordering="counted_ma")
    def counts(self, change: SiteAllocationChange) -> str:
        return words.amperes(change.counted_ma)

    @column(_("why"), ordering="reason", label=REASON)
    def why(self, change: SiteAllocationChange) -> Any:
        return change.reason, change.get_reason_display()


def budget_of(location: Location) -> SiteBudget | None:
    return SiteBudget.objects.filter(location=location).first()
