from tariffs.models.element import ComponentKind, PriceComponent, ReservationRule, TariffElement
from tariffs.models.template import TariffTemplate
from tariffs.models.version import TariffVersion

__all__ = [
    "ComponentKind",
    "PriceComponent",
    "ReservationRule",
    "TariffElement",
    "TariffTemplate",
    "TariffVersion",
]
