"""The editor: five numbers become rules, told to the driver and priced while they are typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from cpo.access import Right
from tariffs.describe import PriceText, price_text
from tariffs.estimate import estimate
from tariffs.forms import SimplePricesForm, rules_of_form
from tariffs.models import ChargingClass
from tariffs.pricing import Rounded, Rules, Snapshot
from tariffs.services.checks import check_rules
from tariffs.services.regulation import breaches_of
from tariffs.services.templates import create_template
from tariffs.wording.lines import ToldLine, tell_lines
from unievp.lib import clock
from unievp.lib.errors import DomainError
from unievp.lib.money import exponent
from unievp.web.portal.company import Desk, company_with, portal_page

# The example beside the editor: an evening's charge of a usual car.
_EXAMPLE_WH: Final = 20_000
_EXAMPLE_W: Final = 22_000
_EXAMPLE_AT: Final = time(19)
_ZONE: Final = ZoneInfo("Asia/Jakarta")


class NewTariffForm(SimplePricesForm):
    name = forms.CharField(label=_("Name"), max_length=120)
    field_order = ("name",)


@dataclass(frozen=True, slots=True)
class Trial:
    """What numbers would mean: the driver's text, an example's lines and total, and which caps of
    the law (also those of single charging classes) they are above.
    """

    text: PriceText
    lines: list[ToldLine]
    total: int
    currency: str
    refusals: list[str]


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page
def new_tariff(request: HttpRequest, desk: Desk) -> HttpResponse:
    if not desk.cpos_with(Right.PRICE):
        raise PermissionDenied
    wanted = request.POST.get("cpo") or request.GET.get("cpo", "")
    company = company_with(desk, Right.PRICE, wanted)
    form = NewTariffForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            template = create_template(
                company,
                name=form.cleaned_data["name"],
                rules=rules_of_form(form.cleaned_data, at=clock.now()),
                actor=desk.user,
            )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            return redirect("portal:tariff", template.pk)
    context: dict[str, Any] = {
        "desk": desk,
        "nav": "tariffs",
        "company": company,
        "companies": desk.cpos_with(Right.PRICE),
        "form": form,
        "trial": trial_of(form) if request.method == "POST" else None,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "portal/tariffs/new.html", context, status=status)


@require_POST
@portal_page
def try_prices(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The text and the example for what is in the form so far; nothing is kept."""
    if not desk.cpos_with(Right.PRICE):
        raise PermissionDenied
    form = SimplePricesForm(request.POST)
    context = {"desk": desk, "trial": trial_of(form), "form": form}
    return render(request, "portal/tariffs/trial.html", context)


def trial_of(form: SimplePricesForm) -> Trial | None:
    """None while the numbers are not all there, or mean nothing."""
    form.full_clean()
    names = SimplePricesForm.base_fields.keys()
    if any(name in form.errors for name in names):
        return None
    now = clock.now()
    rules = rules_of_form(form.cleaned_data, at=now)
    try:
        check_rules(rules)
    except DomainError:
        return None
    return try_rules(rules, at=now)


def try_rules(rules: Rules, *, at: datetime) -> Trial:
    language = get_language() or "id"
    snapshot = Snapshot(rules, _ZONE.key)
    rounded = _example(snapshot, at)
    breaches = breaches_of(rules, at=at, classes=ChargingClass)
    return Trial(
        text=price_text(snapshot, language=language),
        lines=tell_lines(rounded, rules.currency, language),
        total=rounded.total,
        currency=rules.currency,
        refusals=list(dict.fromkeys(breach.detail for breach in breaches)),
    )


def show_refusal(form: forms.Form, refusal: DomainError) -> None:
    """At its field where the form has it, else above all."""
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))


def _example(snapshot: Snapshot, now: datetime) -> Rounded:
    day = now.astimezone(_ZONE).date() + timedelta(days=1)
    begins = datetime.combine(day, _EXAMPLE_AT, _ZONE)
    result = estimate(snapshot, energy_wh=_EXAMPLE_WH, power_w=_EXAMPLE_W, at=begins)
    return result.rounded(exponent(result.currency))
