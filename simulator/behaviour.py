"""What a charger does well or badly, as hooks. A scenario overrides those it is about.

One instance belongs to one charger, so a scenario may keep what it needs in it.
"""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, ClassVar

from simulator.clock import Clock
from simulator.link import Link
from simulator.meter import SampledValue
from simulator.outbox import Message, Outbox
from simulator.wire import Payload

if TYPE_CHECKING:
    from simulator.charger import Charger

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 30.0


class Behaviour:
    """An honest charger: its clock follows the central system, nothing is lost or said twice."""

    name: ClassVar[str]
    drivers: ClassVar[bool] = True
    boots_on_reconnect: ClassVar[bool] = False

    def __init__(self, number: int, rng: Random) -> None:
        self.number = number
        self.rng = rng

    def clock(self) -> Clock:
        return Clock()

    def outbox(self) -> Outbox:
        return Outbox()

    def reconnect_delay(self, attempt: int) -> float:
        """Real seconds before attempt 1, 2, …: doubling, with jitter so that a fleet spreads."""
        longest = min(LONGEST_DELAY_S, FIRST_DELAY_S * (1 << min(attempt - 1, 10)))
        return longest * self.rng.uniform(0.5, 1.5)

    def answer_delay(self, action: str) -> float:  # noqa: ARG002  (a hook)
        """Real seconds before the central system's call is answered."""
        return 0.0

    def sampled(self, values: list[SampledValue]) -> list[SampledValue]:
        return values

    async def delivered(
        self, charger: Charger, link: Link, message: Message, message_id: str, answer: Payload
    ) -> None:
        """Called after an acknowledged message of the outbox."""

    async def disturb(self, charger: Charger) -> None:  # noqa: ARG002  (a hook)
        """Runs beside the charger for its whole life; what goes wrong from outside."""
        await asyncio.Event().wait()
