from typing import ClassVar

from simulator.behaviour import Behaviour


class SlowAnswers(Behaviour):
    """Commands are answered after 2 to 45 s: slowly, and sometimes later than anyone waits."""

    name: ClassVar[str] = "slow_answers"

    def answer_delay(self, action: str) -> float:  # noqa: ARG002  (a hook)
        return self.rng.choice((2.0, 5.0, 12.0, 25.0, 45.0))
