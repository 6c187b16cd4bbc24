"""Every way a fleet can behave, by name; one small class each."""

from __future__ import annotations

from simulator.behaviour import Behaviour
from simulator.scenarios.dropped_sockets import DroppedSockets
from simulator.scenarios.duplicates import Duplicates
from simulator.scenarios.faults import Faults
from simulator.scenarios.garbage import Garbage
from simulator.scenarios.idle import Idle
from simulator.scenarios.lost_stops import LostStops
from simulator.scenarios.normal import Normal
from simulator.scenarios.offline_queue import OfflineQueue
from simulator.scenarios.power_failure import PowerFailure
from simulator.scenarios.reconnect_storm import ReconnectStorm
from simulator.scenarios.register_reset import RegisterReset
from simulator.scenarios.reordering import Reordering
from simulator.scenarios.slow_answers import SlowAnswers
from simulator.scenarios.wrong_clock import WrongClock
from simulator.scenarios.wrong_units import WrongUnits

SCENARIOS: dict[str, type[Behaviour]] = {
    scenario.name: scenario
    for scenario in (
        Normal,
        OfflineQueue,
        Duplicates,
        Reordering,
        PowerFailure,
        RegisterReset,
        WrongClock,
        WrongUnits,
        SlowAnswers,
        DroppedSockets,
        ReconnectStorm,
        LostStops,
        Faults,
        Garbage,
        Idle,
    )
}


def describe() -> str:
    """One line per scenario for the help of the command."""
    width = max(map(len, SCENARIOS))
    lines = []
    for name, scenario in SCENARIOS.items():
        first = (scenario.__doc__ or "").strip().splitlines()[0]
        lines.append(f"  {name:<{width}}  {first}")
    return "\n".join(lines)
