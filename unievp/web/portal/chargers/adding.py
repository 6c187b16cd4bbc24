"""A company adds a charger: what is asked, what to enter at the charger, and its first sign."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from chargers.models import Charger, Location, PowerType
from chargers.selectors.board import locations
from chargers.services.chargers import ConnectorSpec, register_charger
from chargers.services.locations import find_or_create_location
from cpo.access import Right
from cpo.models import CPO, User
from unievp.lib.errors import DomainError
from unievp.web.portal.chargers.common import charger_row
from unievp.web.portal.chargers.recipes import RECIPES
from unievp.web.portal.company import Desk, portal_page

_MOST_CONNECTORS: Final = 8
_ZONES: Final = (
    ("Asia/Jakarta", gettext_lazy("WIB (Jakarta)")),
    ("Asia/Makassar", gettext_lazy("WITA (Makassar)")),
    ("Asia/Jayapura", gettext_lazy("WIT (Jayapura)")),
)
# OCPI ConnectorType, and whether it is direct current.
_PLUGS: Final = (
    ("IEC_62196_T2", "Type 2 (AC)"),
    ("IEC_62196_T2_COMBO", "CCS2 (DC)"),
    ("CHADEMO", "CHAdeMO (DC)"),
    ("GBT_AC", "GB/T (AC)"),
    ("GBT_DC", "GB/T (DC)"),
)
_AC: Final = frozenset({"IEC_62196_T2", "GBT_AC"})
_VOLTS: Final = {True: 400, False: 1000}


class ChargerForm(forms.Form):
    """`location` is one of the company's; empty: `location_name` makes a new one."""

    cpo = forms.ModelChoiceField(CPO.objects.none(), label=gettext_lazy("Company"))
    identity = forms.CharField(
        label=gettext_lazy("Charger id"),
        max_length=255,
        help_text=gettext_lazy("As the charger sends it: often its serial number."),
    )
    name = forms.CharField(label=gettext_lazy("Name for people"), max_length=120, required=False)
    location = forms.ModelChoiceField(
        Location.objects.none(),
        label=gettext_lazy("Location"),
        required=False,
        empty_label=gettext_lazy("A new location"),
    )
    location_name = forms.CharField(
        label=gettext_lazy("Name of the new location"), max_length=120, required=False
    )
    address = forms.CharField(label=gettext_lazy("Address"), max_length=200, required=False)
    city = forms.CharField(label=gettext_lazy("City"), max_length=80, required=False)
    time_zone = forms.ChoiceField(label=gettext_lazy("Its time"), choices=_ZONES)
    connectors = forms.IntegerField(
        label=gettext_lazy("Connectors"), min_value=1, max_value=_MOST_CONNECTORS, initial=1
    )
    standard = forms.ChoiceField(label=gettext_lazy("Plug"), choices=_PLUGS)
    power_kw = forms.IntegerField(
        label=gettext_lazy("Power of each connector (kW)"),
        min_value=1,
        max_value=1_000,
        initial=22,
    )

    def __init__(self, *args: Any, desk: Desk, cpos: list[CPO], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        companies = CPO.objects.filter(pk__in=[cpo.pk for cpo in cpos])
        self.fields["cpo"].queryset = companies  # type: ignore[attr-defined]  # a model choice
        self.fields["cpo"].initial = desk.cpo or cpos[0]
        if len(cpos) == 1:
            self.fields["cpo"].widget = forms.HiddenInput()
        sites = locations(desk.user, desk.cpo_id).filter(cpo__in=companies)
        self.fields["location"].queryset = sites  # type: ignore[attr-defined]  # a model choice

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        location = values.get("location")
        if location is None and not values.get("location_name", "").strip():
            self.add_error("location_name", _("Choose a location, or name a new one."))
        if location is not None and values.get("cpo") and location.cpo_id != values["cpo"].pk:
            self.add_error("location", _("This location belongs to another company."))
        return values


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page
def add_charger(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The form; after it, once, the address and the password to enter at the charger."""
    cpos = desk.cpos_with(Right.OPERATE)
    if not cpos:
        raise PermissionDenied
    form = ChargerForm(request.POST or None, desk=desk, cpos=cpos)
    context: dict[str, Any] = {"desk": desk, "nav": "board", "form": form}
    if request.method == "POST" and form.is_valid():
        made = _register(form, desk.user)
        if made is not None:
            charger, password = made
            context |= {
                "charger": charger,
                "row": charger_row(desk, charger.pk),
                "password": password,
                "url": settings.OCPP_PUBLIC_TLS_URL or settings.OCPP_PUBLIC_URL,
                "recipes": RECIPES,
            }
            return render(request, "portal/charger/added.html", context)
    status = 200 if request.method != "POST" else 422
    return render(request, "portal/charger/add.html", context, status=status)


@require_GET
@portal_page
def first_sign(request: HttpRequest, desk: Desk, charger_pk: int) -> HttpResponse:
    """Whether the charger has connected: asked again and again by the page that waits for it."""
    context = {"desk": desk, "row": charger_row(desk, charger_pk)}
    return render(request, "portal/charger/first_sign.html", context)


def _register(form: ChargerForm, actor: User) -> tuple[Charger, str] | None:
    """None where it was refused; the form then says why."""
    try:
        with transaction.atomic():
            return register_charger(
                _location(form, actor),
                identity=form.cleaned_data["identity"],
                name=form.cleaned_data["name"],
                connectors=_connectors(form.cleaned_data),
                max_power_w=form.cleaned_data["power_kw"] * 1000,
                actor=actor,
            )
    except DomainError as refusal:
        field = {"charger_id": "identity", "location.name": "location_name"}.get(
            refusal.field or ""
        )
        form.add_error(field, str(refusal))
    except ValidationError as refusal:
        form.add_error("identity", refusal.messages[0])
    return None


def _location(form: ChargerForm, actor: User) -> Location:
    values = form.cleaned_data
    chosen: Location | None = values["location"]
    return chosen or find_or_create_location(
        values["cpo"],
        name=values["location_name"],
        actor=actor,
        address=values["address"],
        city=values["city"],
        time_zone=values["time_zone"],
    )


def _connectors(values: dict[str, Any]) -> list[ConnectorSpec]:
    power_w, standard = values["power_kw"] * 1000, values["standard"]
    is_ac = standard in _AC
    volts = _VOLTS[is_ac]
    # Three phases share the current; direct current has one path.
    amps = round(power_w / (volts * 3**0.5)) if is_ac else -(-power_w // volts)
    return [
        ConnectorSpec(
            number=number,
            standard=standard,
            power_type=PowerType.AC_3_PHASE if is_ac else PowerType.DC,
            max_power_w=power_w,
            max_current_a=max(1, amps),
            max_voltage_v=volts,
        )
        for number in range(1, values["connectors"] + 1)
    ]
