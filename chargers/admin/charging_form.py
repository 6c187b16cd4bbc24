"""The form that installs a charging profile. Its fields are named as OCPP names them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from chargers.models import ProfileKind, ProfilePurpose, RateUnit, Recurrency
from chargers.smart_charging.profiles import Period, Profile


class TimeField(forms.DateTimeField):
    widget = UnfoldAdminTextInputWidget({"placeholder": "2026-12-31 18:00"})


class PeriodsField(forms.CharField):
    """One period per line: when it begins (HH:MM into the schedule), its limit, its phases."""

    widget = UnfoldAdminTextareaWidget({"rows": 4, "placeholder": "00:00 16\n08:00 10.5 3"})

    def clean(self, value: Any) -> Any:
        text: str = super().clean(value)
        lines = [line.split() for line in text.splitlines() if line.strip()]
        return tuple(_period(number, words) for number, words in enumerate(lines, start=1))


def _period(number: int, words: list[str]) -> Period:
    try:
        begins, limit, *phases = words
        hours, minutes = begins.split(":")
        start_s = int(hours) * 3600 + int(minutes) * 60
        value = Decimal(limit.replace(",", "."))
        count = int(phases[0]) if phases else None
        if not value.is_finite() or start_s < 0 or abs(value) >= 10**8 or start_s > 2**31 - 1:
            raise ValueError(limit)
    except (ValueError, InvalidOperation):
        message = _("Line %(number)d: write when, limit and maybe phases, such as 08:00 10.5 3.")
        raise forms.ValidationError(message, params={"number": number}) from None
    return Period(start_s, value, count)


class ProfileForm(forms.Form):
    connectorId = forms.IntegerField(  # noqa: N815  (OCPP's name)
        label=_("Connector"),
        min_value=0,
        max_value=999,
        initial=1,
        help_text=_("0: the whole charger."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    chargingProfilePurpose = forms.ChoiceField(  # noqa: N815
        label=_("For"),
        choices=ProfilePurpose,
        initial=ProfilePurpose.TX_DEFAULT,
        widget=UnfoldAdminSelectWidget(),
    )
    stackLevel = forms.IntegerField(  # noqa: N815
        label=_("Stack level"),
        min_value=0,
        max_value=2**31 - 1,
        initial=0,
        help_text=_("Of two profiles for the same, the higher level wins."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    chargingProfileKind = forms.ChoiceField(  # noqa: N815
        label=_("Kind"),
        choices=ProfileKind,
        initial=ProfileKind.RELATIVE,
        widget=UnfoldAdminSelectWidget(),
    )
    recurrencyKind = forms.ChoiceField(  # noqa: N815
        label=_("Repeats"),
        choices=[("", "-"), *Recurrency.choices],
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    chargingRateUnit = forms.ChoiceField(  # noqa: N815
        label=_("Unit"), choices=RateUnit, widget=UnfoldAdminSelectWidget()
    )
    periods = PeriodsField(
        label=_("Limits"),
        help_text=_("One per line: hours into the schedule, limit, and phases where they matter."),
    )
    startSchedule = TimeField(  # noqa: N815
        label=_("Schedule starts"),
        required=False,
        help_text=_("For a point in time, or the first day or week."),
    )
    duration = forms.IntegerField(
        label=_("Lasts (s)"),
        required=False,
        min_value=0,
        max_value=2**31 - 1,
        help_text=_("Empty: for ever."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    validTo = TimeField(label=_("Valid to"), required=False)  # noqa: N815
    insist = forms.BooleanField(
        label=_("Send it anyway"),
        required=False,
        help_text=_("Even if we expect the charger to refuse it."),
        widget=UnfoldBooleanSwitchWidget(),
    )

    def profile(self, profile_id: int) -> Profile:
        data: dict[str, Any] = self.cleaned_data
        start_at: datetime | None = data["startSchedule"]
        return Profile(
            profile_id=profile_id,
            stack_level=data["stackLevel"],
            purpose=data["chargingProfilePurpose"],
            kind=data["chargingProfileKind"],
            unit=data["chargingRateUnit"],
            periods=data["periods"],
            connector=data["connectorId"],
            recurrency=data["recurrencyKind"] or None,
            valid_to=data["validTo"],
            start_at=start_at,
            duration_s=data["duration"],
        )

    def add_refusal(self, field: str | None, text: str) -> None:
        """A refusal of the service, at its field; OCPP's names of parts mean the whole."""
        parts = {
            "startPeriod": "periods",
            "limit": "periods",
            "numberPhases": "periods",
            "chargingSchedulePeriod": "periods",
        }
        name = parts.get(field or "", field)
        self.add_error(name if name in self.fields else None, text)
