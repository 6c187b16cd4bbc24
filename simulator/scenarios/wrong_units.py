from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import ClassVar

from simulator.behaviour import Behaviour
from simulator.meter import ENERGY, SampledValue


def _thousandth(value: SampledValue) -> str:
    return str(Decimal(value["value"]) / 1000)


def kilowatt_hours_labelled_wh(value: SampledValue) -> None:
    if value["measurand"] == ENERGY:
        value["value"] = _thousandth(value)


def kilo_units(value: SampledValue) -> None:
    if value.get("unit") in ("Wh", "W"):
        value.update(value=_thousandth(value), unit="k" + value["unit"])


def numbers(value: SampledValue) -> None:
    value["value"] = float(value["value"])


def misspelled(value: SampledValue) -> None:
    if value["measurand"] == "Current.Import":
        value["measurand"] = "Current.import"
    if value.get("unit") == "Celsius":
        value["unit"] = "Celcius"
    if value["measurand"] == "Voltage":
        value["unit"] = "Volt"


def no_units(value: SampledValue) -> None:
    value.pop("unit", None)
    if value["measurand"] == ENERGY:
        del value["measurand"]


def power_in_watt_hours(value: SampledValue) -> None:
    if value["measurand"] == "Power.Active.Import":
        value["unit"] = "Wh"


FAULTS: tuple[Callable[[SampledValue], None], ...] = (
    kilowatt_hours_labelled_wh,
    kilo_units,
    numbers,
    misspelled,
    no_units,
    power_in_watt_hours,
)


class WrongUnits(Behaviour):
    """kWh labelled Wh, numbers instead of strings, units misspelled, missing or of another kind."""

    name: ClassVar[str] = "wrong_units"

    def sampled(self, values: list[SampledValue]) -> list[SampledValue]:
        fault = FAULTS[self.number % len(FAULTS)]
        for value in values:
            fault(value)
        return values
