"""Which status may follow which. Values only: no models here."""

from __future__ import annotations

from typing import Final

from unievp.lib.transitions import Transitions

CPO: Final = Transitions(
    {
        "pending": {"verified", "rejected"},
        "verified": {"suspended"},
        # A company that was turned away may come back with better papers.
        "rejected": {"verified"},
        "suspended": {"verified", "rejected"},
    }
)

# Sent again by a person; a request that was under way when it was given up may still arrive.
EVENT_DELIVERY: Final = Transitions(
    {
        "pending": {"pending", "delivered", "failed"},
        "delivered": {"pending"},
        "failed": {"pending", "delivered"},
    }
)
