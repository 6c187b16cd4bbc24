from typing import ClassVar

from simulator.behaviour import Behaviour


class Normal(Behaviour):
    """Cars arrive at random, drivers authorise, charge, linger and leave."""

    name: ClassVar[str] = "normal"
