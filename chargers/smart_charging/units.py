"""Amperes and watts. In OCPP 1.6 §7.9 an A is per phase, a W is the total of all phases."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Final, Literal

RateUnit = Literal["A", "W"]
TENTH: Final = Decimal("0.1")
# The voltage between phase and neutral that Indonesia and Europe have (IEC 60038).
VOLTS: Final = 230


@dataclass(frozen=True, slots=True)
class Supply:
    """What a limit is converted with: phases in use, and volts between phase and neutral."""

    phases: int = 3
    volts: int = VOLTS

    def convert(self, limit: Decimal, unit: RateUnit, into: RateUnit) -> Decimal:
        """`limit` in the other unit, exact; the caller rounds."""
        if unit == into:
            return limit
        watts_per_ampere = self.phases * self.volts
        return limit * watts_per_ampere if unit == "A" else limit / watts_per_ampere

    def limit_of(self, milliamperes: int, unit: RateUnit) -> Decimal:
        """A current per phase as a limit in `unit`, rounded down: never more than was allowed."""
        return floor(self.convert(Decimal(milliamperes) / 1000, "A", unit))

    def milliamperes(self, limit: Decimal, unit: RateUnit) -> int:
        """A limit as the most current per phase that it allows, rounded up to a whole mA."""
        return -int(-self.convert(limit, unit, "A") * 1000 // 1)

    def share_of_power(self, watts: int) -> int:
        """Milliamperes per phase that `watts` of this supply are, rounded down."""
        return watts * 1000 // (self.phases * self.volts)


THREE_PHASES: Final = Supply()


def floor(limit: Decimal) -> Decimal:
    """Rounded down to the one decimal that OCPP allows."""
    return limit.quantize(TENTH, rounding=ROUND_DOWN)
