from typing import ClassVar

from simulator.behaviour import Behaviour


class Idle(Behaviour):
    """Connect and send heartbeats; no car ever comes."""

    name: ClassVar[str] = "idle"
    drivers: ClassVar[bool] = False
