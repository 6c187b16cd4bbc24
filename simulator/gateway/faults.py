"""What goes wrong on purpose, for as many calls or webhooks as asked (payments.md §3.6)."""

from __future__ import annotations

from dataclasses import dataclass, field

CALLS = {
    "error_500": "answer 500 and do nothing",
    "error_503": "answer 503 and do nothing",
    "html_502": "answer 502 with a page instead of JSON, and do nothing",
    "slow_after": "do it, and answer after the caller has given up",
    "lost_after": "do it, and cut the connection without an answer",
    "rate_limit": "answer 429 with a Rate-Limit-Reset",
    "unknown_status": "answer a status that no one knows",
    "upper_case": "answer Midtrans' statuses in capitals",
}
WEBHOOKS = {
    "lost": "do not send it",
    "duplicate": "send it three times",
    "late": "send it seconds later",
    "reorder": "send it after the next one",
    "forged": "send it with a wrong token or signature, too",
    "nested": "nest Xendit's data twice",
}
ALL = {**CALLS, **WEBHOOKS}


@dataclass
class Faults:
    """`left[name]` more times; a name counts for the calls or the webhooks it is about."""

    left: dict[str, int] = field(default_factory=dict)

    def set(self, name: str, times: int) -> None:
        """Raises KeyError for a fault that does not exist."""
        if name not in ALL:
            raise KeyError(name)
        self.left[name] = times

    def clear(self) -> None:
        self.left.clear()

    def take(self, name: str) -> bool:
        """Whether it strikes now; counts it."""
        if self.left.get(name, 0) <= 0:
            return False
        self.left[name] -= 1
        return True
