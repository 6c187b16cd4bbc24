"""The meter: a register that only a broken one takes back, and the sampled values it reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from simulator.car import PHASE_VOLTAGE, WS_PER_WH

SampledValue = dict[str, Any]

ENERGY = "Energy.Active.Import.Register"
# What MeterValuesSampledData names by default: eight values either way.
AC_MEASURANDS = (ENERGY, "Power.Active.Import", "Current.Import", "Voltage")
DC_MEASURANDS = (
    *AC_MEASURANDS,
    "SoC",
    "Temperature",
    "Current.Offered",
    "Power.Offered",
)
MEASURANDS = frozenset({*DC_MEASURANDS, "Frequency"})


@dataclass
class EnergyRegister:
    """Counts watt-seconds; shows whole watt-hours, as OCPP's meterStart and meterStop do."""

    ws: int = 0

    @property
    def wh(self) -> int:
        return self.ws // WS_PER_WH

    def add(self, watt_seconds: int) -> None:
        if watt_seconds < 0:
            message = "a meter does not run backwards"
            raise ValueError(message)
        self.ws += watt_seconds

    def reset(self) -> None:
        """What a meter does that loses its memory or is exchanged."""
        self.ws = 0


@dataclass(frozen=True)
class Measurement:
    """What is seen at a connector at one moment; `phases` is 0 for direct current."""

    energy_wh: int
    power_w: int
    offered_w: int
    phases: int
    soc: int | None = None

    @property
    def voltage(self) -> int:
        if self.phases:
            return PHASE_VOLTAGE
        return 350 + (self.soc or 0) // 10

    @property
    def current_ma(self) -> int:
        """Per phase."""
        return self.power_w * 1000 // (self.voltage * max(1, self.phases))

    @property
    def temperature(self) -> int:
        """Of the connector, tenths of a degree: warm from the climate and the current."""
        return 290 + self.current_ma // 1000


def sample(
    seen: Measurement, measurands: Iterable[str], context: str | None = None
) -> list[SampledValue]:
    """The sampled values of a MeterValue for the measurands asked for (OCPP 1.6 §7.43).

    A context of None is left out: it means Sample.Periodic.
    """
    values: list[SampledValue] = []
    for measurand in measurands:
        values.extend(_values(seen, measurand))
    if context is not None:
        for value in values:
            value["context"] = context
    return values


def _values(seen: Measurement, measurand: str) -> list[SampledValue]:
    if measurand in ("Current.Import", "Voltage"):
        return _electric(seen, measurand)
    simple: dict[str, tuple[str, str]] = {
        ENERGY: (str(seen.energy_wh), "Wh"),
        "Power.Active.Import": (str(seen.power_w), "W"),
        "Power.Offered": (str(seen.offered_w), "W"),
        "Current.Offered": (str(seen.offered_w // (seen.voltage * max(1, seen.phases))), "A"),
        "Temperature": (_tenths(seen.temperature), "Celsius"),
    }
    if measurand == "SoC":
        return [] if seen.soc is None else [_value(measurand, _tenths(seen.soc), "Percent", "EV")]
    if measurand == "Frequency":
        return [{"value": "50.0", "measurand": measurand}]
    if measurand not in simple:
        return []
    return [_value(measurand, *simple[measurand])]


def _electric(seen: Measurement, measurand: str) -> list[SampledValue]:
    current = measurand == "Current.Import"
    text = _thousandths(seen.current_ma) if current else f"{seen.voltage}.0"
    unit = "A" if current else "V"
    if not seen.phases:
        return [_value(measurand, text, unit)]
    values = []
    for number in (1, 2, 3):
        phase = f"L{number}" if current else f"L{number}-N"
        shown = "0.000" if current and number > seen.phases else text
        values.append({**_value(measurand, shown, unit), "phase": phase})
    return values


def _value(measurand: str, value: str, unit: str, location: str = "Outlet") -> SampledValue:
    return {"value": value, "measurand": measurand, "unit": unit, "location": location}


def _tenths(number: int) -> str:
    return f"{number // 10}.{number % 10}"


def _thousandths(number: int) -> str:
    return f"{number // 1000}.{number % 1000:03}"
