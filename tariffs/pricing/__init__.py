"""What a session costs: pure, exact, without Django and without the rest of the house."""

from tariffs.pricing.engine import price
from tariffs.pricing.result import Line, PriceResult, Rounded, RoundedLine, TaxAmount, to_decimal
from tariffs.pricing.serial import SnapshotError, snapshot_from_json, to_json
from tariffs.pricing.simple import SimpleTariff, simple_rules, simple_tariff_of
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
from tariffs.pricing.usage import Period, State, Usage

__all__ = [
    "Bound",
    "Component",
    "Element",
    "Kind",
    "Line",
    "Period",
    "PriceResult",
    "Reservation",
    "Restrictions",
    "Rounded",
    "RoundedLine",
    "Rules",
    "SimpleTariff",
    "Snapshot",
    "SnapshotError",
    "State",
    "Tax",
    "TaxAmount",
    "TaxCode",
    "Usage",
    "price",
    "simple_rules",
    "simple_tariff_of",
    "snapshot_from_json",
    "to_decimal",
    "to_json",
]
