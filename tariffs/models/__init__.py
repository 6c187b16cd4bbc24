from tariffs.models.element import ComponentKind, PriceComponent, ReservationRule, TariffElement
from tariffs.models.regulation import CapKind, ChargingClass, PriceCap, VatRate
from tariffs.models.template import TariffTemplate
from tariffs.models.version import TariffVersion

__all__ = [
    "CapKind",
    "ChargingClass",
    "ComponentKind",
    "PriceCap",
    "PriceComponent",
    "ReservationRule",
    "TariffElement",
    "TariffTemplate",
    "TariffVersion",
    "VatRate",
]
