"""What a charger said that it can hold (GetConfiguration, OCPP 1.6 §9.4); None where unknown."""

from __future__ import annotations

from dataclasses import dataclass

from chargers.selectors.configuration import known_number, known_value, known_words
from chargers.smart_charging.units import RateUnit

# The key speaks of Current and Power, not of A and W [errata 3.86]; some chargers do not know that.
_UNITS: dict[str, RateUnit] = {"current": "A", "a": "A", "power": "W", "w": "W"}


@dataclass(frozen=True, slots=True)
class ChargerLimits:
    max_stack_level: int | None = None
    units: frozenset[RateUnit] | None = None
    max_periods: int | None = None
    max_installed: int | None = None
    switches_phases: bool | None = None


def limits_of(charger_pk: int) -> ChargerLimits:
    words = known_words(charger_pk, "ChargingScheduleAllowedChargingRateUnit")
    units = frozenset(_UNITS[word.casefold()] for word in words or () if word.casefold() in _UNITS)
    switch = known_value(charger_pk, "ConnectorSwitch3to1PhaseSupported")
    return ChargerLimits(
        max_stack_level=known_number(charger_pk, "ChargeProfileMaxStackLevel"),
        units=units or None,
        max_periods=known_number(charger_pk, "ChargingScheduleMaxPeriods"),
        max_installed=known_number(charger_pk, "MaxChargingProfilesInstalled"),
        switches_phases=None if switch is None else switch.strip().casefold() == "true",
    )
