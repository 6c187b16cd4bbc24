"""How soon tickets are answered and resolved, and the days on which nobody works."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from cpo.admin import AuditedAdmin
from tickets.admin.colours import PRIORITY
from tickets.models import Holiday, ServiceLevel
from tickets.models.service_level import working_days
from unievp.lib.admin import column

_NEAR = "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"


class ServiceLevelForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    zone = forms.ChoiceField(label=_("Time zone"), widget=UnfoldAdminSelectWidget())
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Weekdays"),
        choices=list(WEEKDAYS.items()),
        coerce=int,
        initial=working_days,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields.get("zone")
        if isinstance(zone, forms.ChoiceField):
            names = sorted(available_timezones() - set(_NEAR))
            zone.choices = [(name, name) for name in (*_NEAR, *names)]


@admin.register(ServiceLevel)
class ServiceLevelAdmin(AuditedAdmin):
    form = ServiceLevelForm
    list_display = ("whose", "urgency", "answer", "solution", "hours", "days")
    list_filter = (("cpo", AutocompleteSelectFilter), "priority")
    list_select_related = ("cpo",)
    search_fields = ("cpo__name",)
    autocomplete_fields = ("cpo",)
    fields = (
        ("cpo", "priority"),
        ("answer_minutes", "resolve_minutes"),
        ("opens", "closes"),
        "zone",
        "weekdays",
    )

    @column(_("CPO"), ordering="cpo__name")
    def whose(self, level: ServiceLevel) -> str:
        return str(level.cpo or _("every company"))

    @column(_("priority"), ordering="priority", label=PRIORITY)
    def urgency(self, level: ServiceLevel) -> Any:
        return level.priority, level.get_priority_display()

    @column(_("first answer"), ordering="answer_minutes")
    def answer(self, level: ServiceLevel) -> str:
        return _span(level.answer_minutes)

    @column(_("solution"), ordering="resolve_minutes")
    def solution(self, level: ServiceLevel) -> str:
        return _span(level.resolve_minutes)

    @column(_("business hours"), ordering="opens")
    def hours(self, level: ServiceLevel) -> str:
        return f"{level.opens:%H:%M} - {level.closes:%H:%M} {level.zone}"

    @column(_("weekdays"))
    def days(self, level: ServiceLevel) -> SafeString | str:
        return ", ".join(str(WEEKDAYS_ABBR[day]) for day in sorted(level.weekdays))


@admin.register(Holiday)
class HolidayAdmin(AuditedAdmin):
    list_display = ("date", "name")
    search_fields = ("name",)
    date_hierarchy = "date"
    ordering = ("-date",)
    fields = (("date", "name"),)


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return _text("%(hours)d:%(minutes)02d h") % {"hours": hours, "minutes": rest}
