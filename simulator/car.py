"""Cars: a battery, what the car accepts at its state of charge, and what a full one does.

Energy is integer watt-seconds (J) and power integer watts, so no energy is lost to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from random import Random

WS_PER_WH = 3600
FULL = 1000

# (state of charge, share of the car's maximum), both in permille; straight lines between.
DC_CURVE = ((0, 700), (80, 1000), (500, 1000), (800, 560), (900, 260), (FULL, 60))
AC_CURVE = ((0, 1000), (930, 1000), (980, 450), (FULL, 150))
# What reaches the battery of what the meter counts: the onboard charger of the car costs some.
AC_EFFICIENCY = 920
DC_EFFICIENCY = 985
MINIMUM_CURRENT_A = 6  # IEC 61851-1: below it an AC car pauses
PHASE_VOLTAGE = 230


@dataclass(frozen=True)
class CarModel:
    name: str
    battery_wh: int
    max_dc_w: int
    ac_phases: int
    max_ac_current_a: int

    @property
    def max_ac_w(self) -> int:
        return self.ac_phases * self.max_ac_current_a * PHASE_VOLTAGE


MODELS = (
    CarModel("Ioniq 5", 72_600, 220_000, 3, 16),
    CarModel("Air EV", 26_700, 0, 1, 32),
    CarModel("Seal", 82_500, 150_000, 3, 16),
    CarModel("BinguoEV", 31_900, 50_000, 1, 32),
    CarModel("MG4 EV", 51_000, 117_000, 1, 32),
    CarModel("Dolphin", 44_900, 60_000, 1, 32),
    CarModel("EV6", 77_400, 233_000, 3, 16),
    CarModel("Atto 3", 60_500, 88_000, 3, 16),
    CarModel("Zoe R135", 52_000, 46_000, 3, 32),
)


@dataclass
class Car:
    """One car at a charger. `target` is the charge limit its driver set, in permille."""

    model: CarModel
    stored_ws: int
    target: int = FULL

    @classmethod
    def arriving(cls, rng: Random, *, dc: bool) -> Car:
        """A car of a random model that can charge here, with a fairly empty battery."""
        model = rng.choice([model for model in MODELS if model.max_dc_w or not dc])
        soc = rng.randint(80, 550)
        target = rng.choice((800, 800, 900, FULL)) if dc else rng.choice((800, FULL, FULL))
        return cls(model, model.battery_wh * WS_PER_WH * soc // FULL, target)

    @property
    def soc(self) -> int:
        """State of charge in permille."""
        return min(FULL, self.stored_ws * FULL // (self.model.battery_wh * WS_PER_WH))

    @property
    def satisfied(self) -> bool:
        return self.soc >= self.target

    def accepts(self, offered_w: int, *, dc: bool) -> int:
        """The watts the car takes of those offered; 0 when it is full or the offer is too small."""
        if self.satisfied:
            return 0
        if dc:
            ceiling = self.model.max_dc_w * _share(DC_CURVE, self.soc) // FULL
            return max(0, min(offered_w, ceiling))
        if offered_w < self.model.ac_phases * MINIMUM_CURRENT_A * PHASE_VOLTAGE:
            return 0
        return min(offered_w, self.model.max_ac_w * _share(AC_CURVE, self.soc) // FULL)

    def charge(self, power_w: int, milliseconds: int, *, dc: bool) -> int:
        """Take `power_w` for so long; the watt-seconds the charger's meter counts for it."""
        counted = power_w * milliseconds // 1000
        efficiency = DC_EFFICIENCY if dc else AC_EFFICIENCY
        self.stored_ws = min(
            self.model.battery_wh * WS_PER_WH, self.stored_ws + counted * efficiency // 1000
        )
        return counted


def _share(curve: tuple[tuple[int, int], ...], soc: int) -> int:
    for (low, share_low), (high, share_high) in pairwise(curve):
        if soc <= high:
            return share_low + (share_high - share_low) * (soc - low) // (high - low)
    return curve[-1][1]
