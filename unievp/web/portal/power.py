"""Power budgets of a company's sites: how much, who has what of it now, and switching it."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from chargers.models import Location, SiteAllocation, SiteBudget
from chargers.selectors.board import locations
from chargers.services.site_power.setting import set_budget
from cpo.access import Right, visible
from unievp.lib.errors import DomainError
from unievp.web.portal.company import Desk, portal_page

_MOST_PK: Final = 2**63 - 1
_MOST_KW: Final = 100_000


class BudgetForm(forms.Form):
    """Power in kW for people; in W for the service."""

    enabled = forms.BooleanField(label=_("Share this power among the chargers"), required=False)
    power_kw = forms.IntegerField(
        label=_("Power of the connection (kW)"), min_value=1, max_value=_MOST_KW
    )
    reserve_kw = forms.IntegerField(
        label=_("Of that for the building (kW)"), min_value=0, max_value=_MOST_KW, initial=0
    )
    phases = forms.TypedChoiceField(
        label=_("Phases"), coerce=int, choices=[(3, _("three")), (1, _("one"))]
    )

    def wanted(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "enabled": values["enabled"],
            "power_w": values["power_kw"] * 1000,
            "reserve_w": values["reserve_kw"] * 1000,
            "phases": values["phases"],
        }


@require_GET
@portal_page
def sites(request: HttpRequest, desk: Desk) -> HttpResponse:
    rows = locations(desk.user, desk.cpo_id).select_related("power_budget", "cpo")
    context = {"desk": desk, "nav": "power", "sites": rows}
    return render(request, "portal/power/sites.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page
def site(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """A POST sets the budget; the chargers learn of it at once."""
    location = _location(desk, pk)
    may_operate = location.cpo in desk.cpos_with(Right.OPERATE)
    budget = visible(desk.user, SiteBudget.objects.filter(location=location)).first()
    form = BudgetForm(request.POST) if request.method == "POST" else _form_of(budget)
    if request.method == "POST":
        if not may_operate:
            raise PermissionDenied
        if form.is_valid() and _set(form, location, desk):
            return redirect("portal:site", location.pk)
    shares = SiteAllocation.objects.filter(budget=budget).select_related(
        "connector", "connector__charger", "session"
    )
    context: dict[str, Any] = {
        "desk": desk,
        "nav": "power",
        "location": location,
        "budget": budget,
        "form": form,
        "may_operate": may_operate,
        "shares": shares.order_by("connector__charger__identity", "connector__number"),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "portal/power/site.html", context, status=status)


def _set(form: BudgetForm, location: Location, desk: Desk) -> bool:
    try:
        set_budget(location, actor=desk.user, **form.wanted())
    except DomainError as refusal:
        field = {"power_w": "power_kw", "reserve_w": "reserve_kw"}.get(refusal.field or "")
        form.add_error(field, str(refusal))
        return False
    return True


def _form_of(budget: SiteBudget | None) -> BudgetForm:
    if budget is None:
        return BudgetForm(initial={"enabled": True})
    return BudgetForm(
        initial={
            "enabled": budget.enabled,
            "power_kw": budget.power_w // 1000,
            "reserve_kw": budget.reserve_w // 1000,
            "phases": budget.phases,
        }
    )


def _location(desk: Desk, pk: int) -> Location:
    rows = locations(desk.user).select_related("cpo")
    location = rows.filter(pk=pk).first() if pk <= _MOST_PK else None
    if location is None:
        raise Http404
    return location
