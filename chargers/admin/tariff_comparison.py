"""A page that prices past sessions again: what they cost, and what they would have cost."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from chargers.models import ChargingSession
from chargers.selectors.tariff_comparison import MOST_SESSIONS, compare_prices, last_month
from cpo.access import visible
from tariffs.admin.forms import DeskPricesForm
from tariffs.forms import rules_of_form
from tariffs.models import TariffTemplate
from tariffs.pricing import Rules
from tariffs.selectors.versions import newest_version
from tariffs.services.snapshots import rules_of
from tariffs.wording.numbers import format_number
from unievp.lib import clock
from unievp.lib.admin import DeskAdmin, energy, money
from unievp.lib.admin.confirm import change_page
from unievp.lib.admin.links import change_url


class ComparisonForm(DeskPricesForm):
    """Sessions of some days, at prices of one's own or at the newest ones of the tariff."""

    since = forms.DateField(
        label=_("From"), widget=UnfoldAdminTextInputWidget(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("Until and with"), widget=UnfoldAdminTextInputWidget(attrs={"type": "date"})
    )
    every = forms.BooleanField(
        label=_("All sessions of the company, not only those of this tariff"),
        required=False,
        widget=UnfoldBooleanWidget(),
    )
    field_order = ("since", "until", "every")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in DeskPricesForm.base_fields:
            self.fields[name].required = False
            self.fields[name].initial = None
        self.fields["per_kwh"].help_text = _(
            "Empty: the newest prices of this tariff. With a price here, what is empty below is 0."
        )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            self.add_error("until", _("It has to end after it begins."))
        return values

    def span(self) -> tuple[datetime, datetime]:
        """By the office's clock."""
        zone = timezone.get_current_timezone()
        first, last = self.cleaned_data["since"], self.cleaned_data["until"]
        return (
            datetime.combine(first, time(0), zone),
            datetime.combine(last + timedelta(days=1), time(0), zone),
        )

    def rules(self) -> Rules | None:
        """None: no price was given."""
        values = self.cleaned_data
        return None if values.get("per_kwh") is None else rules_of_form(values, at=clock.now())


def comparison_view(admin: DeskAdmin, request: HttpRequest, template_id: int) -> HttpResponse:
    """A GET: it reads, and can be sent to a colleague."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    rows = visible(request.user, TariffTemplate.objects.select_related("cpo"))
    template = rows.filter(pk=template_id).first() if template_id < 2**63 else None
    if template is None:
        raise Http404
    asked = "since" in request.GET
    form = ComparisonForm(request.GET if asked else None, initial=_usual())
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "title": _("Compare past sessions"),
        "original": template,
        "opts": template._meta,
        "back": change_page(template),
        "form": form,
        "most": MOST_SESSIONS,
    }
    if asked and form.is_valid():
        context["found"] = _compared(request, template, form)
    return TemplateResponse(request, "admin/chargers/tariff_comparison.html", context)


def _usual() -> dict[str, Any]:
    first, last = last_month(timezone.localtime(clock.now()))
    return {"since": first.date(), "until": last.date() - timedelta(days=1)}


def _compared(
    request: HttpRequest, template: TariffTemplate, form: ComparisonForm
) -> dict[str, Any] | None:
    """Texts for the page; None for a tariff without prices."""
    newest = newest_version(template)
    rules = form.rules() or (rules_of(newest) if newest else None)
    if rules is None:
        return None
    since, until = form.span()
    sessions = visible(request.user, ChargingSession.objects.all()).filter(
        cpo=template.cpo_id, started_at__gte=since, started_at__lt=until
    )
    if not form.cleaned_data["every"]:
        sessions = sessions.filter(tariff_version__template=template)
    found = compare_prices(sessions, rules)
    language = translation.get_language() or "id"
    percent = None if found.percent is None else format_number(
        Decimal(str(round(found.percent, 1))), language
    )  # fmt: skip
    return {
        "counts": found,
        "energy": energy(found.energy_wh),
        "old": money(found.old_total, found.currency),
        "new": money(found.new_total, found.currency),
        "difference": money(found.difference, found.currency),
        "percent": percent,
        "examples": [
            {
                "url": change_url("chargers.chargingsession", one.session.pk),
                "session": one.session,
                "energy": energy(one.session.energy_wh),
                "old": money(one.old, found.currency),
                "new": money(one.new, found.currency),
                "difference": money(one.difference, found.currency),
            }
            for one in found.examples
        ],
    }
