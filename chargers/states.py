"""Which status may follow which. Values only: no models here."""

from __future__ import annotations

from typing import Final

from unievp.lib.transitions import Transitions

COMMAND: Final = Transitions(
    {
        "queued": {"sent", "expired", "cancelled"},
        "sent": {"answered", "failed", "timed_out"},
        # An answer that comes late is still the charger's answer.
        "timed_out": {"answered", "failed"},
    }
)

SESSION: Final = Transitions(
    {
        "active": {"awaiting_stop", "ended"},
        "awaiting_stop": {"ended"},
        # The charger's own Stop replaces an end that we made up, until it is billed.
        "ended": {"ended"},
    }
)

BILLING: Final = Transitions(
    {
        "unbilled": {"billed", "held"},
        "held": {"unbilled", "billed", "not_billable"},
    }
)
