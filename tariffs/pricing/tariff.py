"""What a tariff says: a superset of the OCPI 2.2.1 tariff object (§11.4), frozen and exact.

Prices and percentages are `Decimal` in major units of the currency, energy Wh, power W, current
mA, durations seconds. Times of day and dates are those of the location.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, time
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """What is priced (OCPI TariffDimensionType), and the two lines that keep a total in bounds."""

    ENERGY = "ENERGY"
    TIME = "TIME"
    PARKING_TIME = "PARKING_TIME"
    FLAT = "FLAT"
    MIN_PRICE = "MIN_PRICE"
    MAX_PRICE = "MAX_PRICE"


class Reservation(StrEnum):
    RESERVATION = "RESERVATION"
    RESERVATION_EXPIRES = "RESERVATION_EXPIRES"


class TaxCode(StrEnum):
    VAT = "VAT"  # PPN
    PBJT = "PBJT"  # the regency's tax on electricity


@dataclass(frozen=True, slots=True)
class Tax:
    """`percent` of the net amount. A component without one is not taxed, which is not 0 %."""

    code: TaxCode
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Component:
    """`price` per kWh (ENERGY), per hour (TIME, PARKING_TIME) or once (FLAT).

    `step_size` in Wh or seconds; 0 means exact.
    """

    kind: Kind
    price: Decimal
    step_size: int = 0
    taxes: tuple[Tax, ...] = ()


@dataclass(frozen=True, slots=True)
class Restrictions:
    """All that are set must hold (OCPI 2.2.1 §11.4.6); lower bounds included, upper bounds not.

    `days`: ISO weekdays, 1 = Monday, empty = all. `min_idle_s` is an extension: seconds since
    charging last ended, the grace before an idle fee.
    """

    start_time: time | None = None
    end_time: time | None = None
    start_date: date | None = None
    end_date: date | None = None
    days: frozenset[int] = frozenset()
    min_energy_wh: int | None = None
    max_energy_wh: int | None = None
    min_power_w: int | None = None
    max_power_w: int | None = None
    min_current_ma: int | None = None
    max_current_ma: int | None = None
    min_duration_s: int | None = None
    max_duration_s: int | None = None
    min_idle_s: int | None = None
    reservation: Reservation | None = None

    @property
    def are_none(self) -> bool:
        # The same object, mostly: comparing fifteen fields for every slice is slow.
        return self is UNRESTRICTED or self == UNRESTRICTED

    @property
    def follow_the_clock(self) -> bool:
        return bool(
            self.start_time or self.end_time or self.start_date or self.end_date or self.days
        )


UNRESTRICTED = Restrictions()
RESTRICTION_NAMES = tuple(item.name for item in fields(Restrictions))


@dataclass(frozen=True, slots=True)
class Element:
    components: tuple[Component, ...]
    restrictions: Restrictions = UNRESTRICTED

    def component(self, kind: Kind) -> Component | None:
        return next((part for part in self.components if part.kind is kind), None)


@dataclass(frozen=True, slots=True)
class Bound:
    """A least or highest price; both sides are compared on their own (OCPI 2.2.1 §11.3.1).

    A side that is not given follows the other one in proportion.
    """

    excl: Decimal | None = None
    incl: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The prices themselves, the same at every location. Elements in order: the first match wins.

    `tax_included`: component prices are what the driver pays. A session with less energy than
    `free_below_wh` costs nothing.
    """

    elements: tuple[Element, ...]
    currency: str = "IDR"
    tax_included: bool = False
    min_price: Bound | None = None
    max_price: Bound | None = None
    free_below_wh: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Rules as they apply to one session: at one location, with its clock and its local tax.

    `pbjt_percent` is added to every ENERGY component. `label` names the source for people.
    """

    rules: Rules
    time_zone: str = "UTC"
    pbjt_percent: Decimal = field(default=Decimal(0))
    label: str = ""

    def taxes_of(self, component: Component) -> tuple[Tax, ...]:
        if component.kind is Kind.ENERGY and self.pbjt_percent:
            return (*component.taxes, Tax(TaxCode.PBJT, self.pbjt_percent))
        return component.taxes
