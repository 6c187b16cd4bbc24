"""What happens to virtual chargers, published on commit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SimulatorRunAsked:
    run_id: int
