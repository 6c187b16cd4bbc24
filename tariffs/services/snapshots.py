"""A stored version as the price engine reads it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import prefetch_related_objects

from tariffs.models import PriceComponent, TariffElement, TariffVersion
from tariffs.pricing.serial import to_json
from tariffs.pricing.tariff import (
    Bound,
    Component,
    Element,
    Kind,
    Reservation,
    Restrictions,
    Rules,
    Snapshot,
    Tax,
    TaxCode,
)


def build_snapshot(
    version: TariffVersion, *, time_zone: str, pbjt_percent: Decimal = Decimal(0)
) -> dict[str, Any]:
    """The JSON that is frozen into a session: `snapshot_from_json` reads it again."""
    snapshot = Snapshot(
        rules=rules_of(version),
        time_zone=time_zone,
        pbjt_percent=pbjt_percent,
        label=str(version),
    )
    return to_json(snapshot)


def rules_of(version: TariffVersion) -> Rules:
    """By two queries, or by none where `elements__components` is prefetched."""
    prefetch_related_objects([version], "elements__components")
    elements = sorted(version.elements.all(), key=lambda row: row.position)
    return Rules(
        elements=tuple(_element(row) for row in elements),
        currency=version.currency,
        tax_included=version.tax_included,
        min_price=_bound(version.min_price_excl, version.min_price_incl),
        max_price=_bound(version.max_price_excl, version.max_price_incl),
        free_below_wh=version.free_below_wh,
    )


def _bound(excl: Decimal | None, incl: Decimal | None) -> Bound | None:
    return None if excl is None and incl is None else Bound(excl, incl)


def _element(row: TariffElement) -> Element:
    return Element(
        components=tuple(_component(part) for part in row.components.all()),
        restrictions=Restrictions(
            start_time=row.start_time,
            end_time=row.end_time,
            start_date=row.start_date,
            end_date=row.end_date,
            days=frozenset(row.days_of_week),
            min_energy_wh=row.min_energy_wh,
            max_energy_wh=row.max_energy_wh,
            min_power_w=row.min_power_w,
            max_power_w=row.max_power_w,
            min_current_ma=row.min_current_ma,
            max_current_ma=row.max_current_ma,
            min_duration_s=row.min_duration_s,
            max_duration_s=row.max_duration_s,
            min_idle_s=row.min_idle_s,
            reservation=Reservation(row.reservation) if row.reservation else None,
        ),
    )


def _component(part: PriceComponent) -> Component:
    return Component(
        kind=Kind(part.kind),
        price=part.price,
        step_size=part.step_size,
        taxes=() if part.vat_percent is None else (Tax(TaxCode.VAT, part.vat_percent),),
    )
