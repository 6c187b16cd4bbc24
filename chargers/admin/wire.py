"""The wire log and the meter readings: the two busiest tables, for reading only.

Both are partitioned and point at nothing with foreign keys; the charger's name comes with the
same query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.contrib.filters.admin import RangeDateTimeFilter

from chargers.models import Charger, Frame, MeterReading
from unievp.lib.admin import (
    ReadOnlyAdmin,
    column,
    energy,
    power,
    pretty_json,
    when,
)
from unievp.lib.admin.links import change_url, link

if TYPE_CHECKING:
    from django.contrib.admin import SimpleListFilter as TextFilter
else:
    from unfold.contrib.filters.admin import TextFilter


class ChargerFilter(TextFilter):
    """By the charger's id as people write it, or by its number in links (`charger_id=7`)."""

    title = _("charger id")
    parameter_name = "charger"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        identity = (self.value() or "").strip()
        if not identity:
            return queryset
        chargers = Charger.objects.filter(identity__lower=identity.lower())
        return queryset.filter(charger_id__in=list(chargers.values_list("pk", flat=True)))


class ActionFilter(TextFilter):
    title = _("message")
    parameter_name = "message"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        action = (self.value() or "").strip()
        return queryset.filter(action__iexact=action) if action else queryset


class OutcomeFilter(admin.SimpleListFilter):
    title = _("outcome")
    parameter_name = "ended"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("result", _("Answered")),
            ("failed", _("Failed")),
            ("open", pgettext_lazy("message", "Open")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {
            "result": Q(outcome="result"),
            "failed": ~Q(outcome__in=["result", ""]),
            "open": Q(outcome=""),
        }.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(wanted)


def with_identity(rows: QuerySet[Any]) -> QuerySet[Any]:
    charger = Charger.objects.filter(pk=OuterRef("charger_id"))
    named: QuerySet[Any] = rows.annotate(charger_identity=Subquery(charger.values("identity")[:1]))
    return named


class WireRowAdmin(ReadOnlyAdmin):
    @column(_("charger"))
    def charger(self, row: Any) -> SafeString | str:
        identity = getattr(row, "charger_identity", None)
        if identity is None:
            return str(row.charger_id)
        return link(change_url("chargers.charger", row.charger_id), identity)

    def get_ordering(self, request: HttpRequest) -> Any:
        """By their time for one charger or session, as its index has them; all of them as they
        came, for no index has every charger's in the order of time.
        """
        narrow = any(request.GET.get(name) for name in (ChargerFilter.parameter_name, SEARCH_VAR))
        return super().get_ordering(request) if narrow else ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_identity(super().get_queryset(request))


@admin.register(Frame)
class FrameAdmin(WireRowAdmin):
    list_display = ("time", "charger", "arrow", "action", "result", "latency", "preview")
    list_filter = (
        ChargerFilter,
        ActionFilter,
        OutcomeFilter,
        "direction",
        ("at", RangeDateTimeFilter),
    )
    search_fields = ("message_id__exact", "action__iexact", "outcome__iexact")
    search_help_text = _("Message id, action or outcome, in full")
    ordering = ("-at", "-id")
    fields = (
        "time",
        "charger",
        "arrow",
        "action",
        "message_id",
        "result",
        "latency",
        "request_text",
        "response_text",
    )
    readonly_fields = fields

    @column(_("time"), ordering="at")
    def time(self, frame: Frame) -> str:
        return when(frame.at)

    @column(_("direction"), label={"in": "info", "out": "primary"})
    def arrow(self, frame: Frame) -> Any:
        return frame.direction, frame.get_direction_display()

    @column(
        _("outcome"),
        label={"result": "success", "open": "", "timeout": "warning", "error": "danger"},
    )
    def result(self, frame: Frame) -> Any:
        known = {"result": "result", "": "open", "timeout": "timeout"}
        return known.get(frame.outcome, "error"), frame.outcome or _("open")

    @column(_("latency"))
    def latency(self, frame: Frame) -> str:
        return "-" if frame.latency_us is None else f"{frame.latency_us / 1000:.1f} ms"

    @column(_("request"))
    def preview(self, frame: Frame) -> SafeString | str:
        return frame.request if len(frame.request) <= 90 else f"{frame.request[:90]}…"

    @column(_("request"))
    def request_text(self, frame: Frame) -> Any:
        return pretty_json(frame.request)

    @column(_("answer"))
    def response_text(self, frame: Frame) -> Any:
        return pretty_json(frame.response)


@admin.register(MeterReading)
class MeterReadingAdmin(WireRowAdmin):
    list_display = (
        "time",
        "charger",
        "connector_number",
        "session",
        "register",
        "load",
        "soc_percent",
        "doubts",
    )
    list_filter = (ChargerFilter, ("measured_at", RangeDateTimeFilter))
    search_fields = ("session_id", "transaction_id")
    search_numbers = search_fields
    search_help_text = _("Number of a session or transaction")
    ordering = ("-measured_at", "-id")
    fields = (
        "time",
        "received_at",
        "charger",
        "connector_number",
        "session",
        "transaction_id",
        "register",
        "interval_wh",
        "load",
        "current_ma",
        "voltage_mv",
        "soc_percent",
        "temperature_mc",
        "rest",
        "raw",
        "doubts",
    )
    readonly_fields = fields

    @column(_("measured"), ordering="measured_at")
    def time(self, reading: MeterReading) -> str:
        return when(reading.measured_at)

    @column(_("session"))
    def session(self, reading: MeterReading) -> SafeString | str:
        if reading.session_id is None:
            return "-"
        url = change_url("chargers.chargingsession", reading.session_id)
        return link(url, f"#{reading.transaction_id or reading.session_id}")

    @column(_("energy register"))
    def register(self, reading: MeterReading) -> str:
        return energy(reading.energy_wh)

    @column(_("power"))
    def load(self, reading: MeterReading) -> str:
        return power(reading.power_w)

    @column(_("adjustments"))
    def doubts(self, reading: MeterReading) -> str:
        return "; ".join(map(str, reading.adjustments or ())) or "-"

    @column(_("other values"))
    def rest(self, reading: MeterReading) -> Any:
        return pretty_json(reading.others)

    @column(_("samples"))
    def raw(self, reading: MeterReading) -> Any:
        return pretty_json(reading.samples)


def wire_log_url(charger: Charger) -> str:
    """The portal's page: with connections and refusals between the frames, and an export."""
    return reverse("portal:wire", args=(charger.pk,))
