"""Other operators' places, prices and our drivers' sessions there: theirs to change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from ocpi.models import (
    ForeignLocation,
    ForeignSession,
    ForeignStatus,
    ForeignTariff,
    ForeignTariffVersion,
    PulledList,
)
from unievp.lib.admin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    change_link,
    column,
    money,
    pretty_json,
    since,
    when,
)
from unievp.lib.money import EXPONENTS, round_half_up

_BY_PARTNER: Final = (("partner", AutocompleteSelectFilter),)
_COUNTS: Final = ("objects_read", "objects_refused")
_SESSION_COLOURS: Final = {
    ForeignStatus.PENDING: "info",
    ForeignStatus.RESERVATION: "info",
    ForeignStatus.ACTIVE: "success",
    ForeignStatus.COMPLETED: "",
    ForeignStatus.INVALID: "warning",
}


class ForeignAdmin(ReadOnlyAdmin):
    """What every object of an operator has."""

    @column(_("party"), ordering="party_id")
    def party(self, row: Any) -> str:
        return f"{row.country_code}-{row.party_id}"

    @column(_("changed"), ordering="last_updated")
    def changed(self, row: Any) -> str:
        return since(row.last_updated)

    @column(_("as the partner sent it"))
    def sent(self, row: Any) -> str:
        return pretty_json(row.body)


@admin.register(ForeignLocation)
class ForeignLocationAdmin(ForeignAdmin):
    list_display = ("place", "city", "partner", "party", "is_offered", "changed")
    list_filter = ("is_offered", *_BY_PARTNER)
    list_select_related = ("partner",)
    search_fields = ("name", "address", "city", "ocpi_id")
    fields = readonly_fields = (
        "place",
        "address",
        "city",
        "country",
        "time_zone",
        "latitude",
        "longitude",
        "partner",
        "party",
        "ocpi_id",
        "is_offered",
        "removed_at",
        "changed",
        "received_at",
        "sent",
    )

    @column(_("name"), ordering="name")
    def place(self, row: ForeignLocation) -> str:
        return str(row)


class VersionInline(ReadOnlyInline):
    model = ForeignTariffVersion
    fields = readonly_fields = ("number", "last_updated", "received_at", "sent")

    @column(_("as the partner sent it"))
    def sent(self, row: ForeignTariffVersion) -> str:
        return pretty_json(row.body)


@admin.register(ForeignTariff)
class ForeignTariffAdmin(ForeignAdmin):
    """Every version that we were told: CDRs are checked against the one of their time."""

    list_display = ("ocpi_id", "partner", "party", "currency", "changed", "removed_at")
    list_filter = _BY_PARTNER
    list_select_related = ("partner",)
    search_fields = ("ocpi_id",)
    fields = readonly_fields = (
        "ocpi_id",
        "partner",
        "party",
        "currency",
        "changed",
        "removed_at",
    )
    inlines = (VersionInline,)


@admin.register(ForeignSession)
class ForeignSessionAdmin(ForeignAdmin):
    list_display = ("ocpi_id", "whose", "partner", "state", "energy", "cost", "began", "missed")
    list_filter = ("status", ("started_at", RangeDateTimeFilter), *_BY_PARTNER)
    list_select_related = ("partner", "own_token__contract__driver")
    search_fields = ("ocpi_id", "authorization_reference", "own_token__uid")
    fields = readonly_fields = (
        "ocpi_id",
        "whose",
        "partner",
        "party",
        "state",
        "energy",
        "cost",
        "began",
        "ended_at",
        "location_id",
        "evse_uid",
        "connector_id",
        "authorization_reference",
        "missed",
        "changed",
        "sent",
    )

    @column(_("driver"))
    def whose(self, row: ForeignSession) -> str:
        return whose(row)

    @column(_("status"), ordering="status", label=_SESSION_COLOURS)
    def state(self, row: ForeignSession) -> Any:
        return row.status, row.get_status_display()

    @column(_("energy"), ordering="energy_wh")
    def energy(self, row: ForeignSession) -> str:
        return kwh(row.energy_wh)

    @column(_("cost"), ordering="total_incl")
    def cost(self, row: ForeignSession) -> str:
        total = row.total_excl if row.total_incl is None else row.total_incl
        return major(total, row.currency)

    @column(_("started"), ordering="started_at")
    def began(self, row: ForeignSession) -> str:
        return when(row.started_at)

    @column(_("CDR missed"), ordering="cdr_missed_at", label={"missed": "danger", "": ""})
    def missed(self, row: ForeignSession) -> Any:
        if row.cdr_missed_at is None:
            return "", "-"
        return "missed", since(row.cdr_missed_at)


@admin.register(PulledList)
class PulledListAdmin(ReadOnlyAdmin):
    """How far each operator's list was read, and what kept it."""

    list_display = (
        "partner",
        "module",
        "read",
        "tried",
        *_COUNTS,
        "error",
    )
    list_filter = ("module", *_BY_PARTNER)
    list_select_related = ("partner",)
    fields = readonly_fields = (
        "partner",
        "module",
        "read",
        "whole_at",
        "tried",
        *_COUNTS,
        "error",
    )

    @column(_("read until"), ordering="until")
    def read(self, row: PulledList) -> str:
        return when(row.until) if row.until else "-"

    @column(_("tried"), ordering="tried_at")
    def tried(self, row: PulledList) -> str:
        return since(row.tried_at)


def whose(row: Any) -> str:
    """The driver of a session or CDR elsewhere."""
    if row.own_token is None:
        return str(_("None of ours"))
    return change_link(row.own_token.contract.driver)


def kwh(energy_wh: int) -> str:
    return f"{Decimal(energy_wh).scaleb(-3):.3f} kWh"


def major(amount: Any, currency: str) -> str:
    """An amount in major units, as people read money; as it is where we trade no such currency."""
    if amount is None:
        return "-"
    if currency not in EXPONENTS:
        return f"{amount:f} {currency}"
    return money(round_half_up(amount, currency), currency)
