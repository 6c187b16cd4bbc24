"""A page that prices a session which somebody describes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from tariffs.describe import price_text
from tariffs.models import TariffTemplate
from tariffs.preview import Described, preview
from tariffs.pricing import Rounded, Snapshot
from tariffs.selectors.versions import newest_version, version_in_force
from tariffs.services.snapshots import rules_of
from tariffs.wording.lines import ToldLine, tell_lines
from unievp.lib import clock
from unievp.lib.admin import DeskAdmin, money
from unievp.lib.admin.confirm import change_page
from unievp.lib.money import exponent

ZONES = (("Asia/Jakarta", "WIB"), ("Asia/Makassar", "WITA"), ("Asia/Jayapura", "WIT"))


class SessionForm(forms.Form):
    energy_kwh = forms.DecimalField(
        label=_("Energy (kWh)"),
        initial=Decimal(20),
        min_value=0,
        max_value=2000,
        decimal_places=3,
        widget=UnfoldAdminDecimalFieldWidget(),
    )
    day = forms.DateField(label=_("On"), widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}))
    at = forms.TimeField(label=_("At"), widget=UnfoldAdminTextInputWidget(attrs={"type": "time"}))
    time_zone = forms.ChoiceField(
        label=_("By the clock of"), choices=ZONES, widget=UnfoldAdminSelectWidget()
    )
    power_kw = forms.DecimalField(
        label=_("Power (kW)"),
        initial=Decimal(7),
        min_value=Decimal("0.1"),
        max_value=2000,
        decimal_places=3,
        widget=UnfoldAdminDecimalFieldWidget(),
    )
    idle_minutes = forms.IntegerField(
        label=_("Minutes of standing on after charging"),
        initial=0,
        min_value=0,
        max_value=44_640,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    pbjt_percent = forms.DecimalField(
        label=_("PBJT (%)"),
        initial=Decimal(0),
        min_value=0,
        max_value=10,
        decimal_places=4,
        widget=UnfoldAdminDecimalFieldWidget(),
    )

    def described(self) -> Described:
        values = self.cleaned_data
        return Described(
            energy_wh=int(values["energy_kwh"] * 1000),
            starts_at=datetime.combine(values["day"], values["at"]),
            power_w=int(values["power_kw"] * 1000),
            idle_s=values["idle_minutes"] * 60,
        )


def preview_view(admin: DeskAdmin, request: HttpRequest, template: TariffTemplate) -> HttpResponse:
    """A GET with the session in the address: it can be sent to a colleague."""
    form = SessionForm(request.GET if "energy_kwh" in request.GET else None, initial=_usual())
    version = version_in_force(template, clock.now()) or newest_version(template)
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "title": _("What does it cost?"),
        "original": template,
        "version": version,
        "opts": admin.opts,
        "back": change_page(template),
        "form": form,
    }
    if version is not None:
        rules = rules_of(version)
        language = translation.get_language() or "id"
        snapshot = Snapshot(rules)
        if form.is_valid():
            values = form.cleaned_data
            snapshot = Snapshot(rules, values["time_zone"], values["pbjt_percent"])
            result = preview(snapshot, form.described())
            rounded = result.rounded(exponent(result.currency))
            context |= {"waived": result.waived, **_told(rounded, result.currency, language)}
        context["text"] = price_text(snapshot, language=language)
    return TemplateResponse(request, "admin/tariffs/preview.html", context)


def _usual() -> dict[str, Any]:
    return {"day": clock.now().date().isoformat(), "at": "19:00"}


def _told(rounded: Rounded, currency: str, language: str) -> dict[str, Any]:
    lines: list[ToldLine] = tell_lines(rounded, currency, language)
    return {
        "lines": lines,
        "total": money(rounded.total, currency),
        "tax": money(rounded.tax, currency),
    }
