"""Which status may follow which. Values only: no models here."""

from __future__ import annotations

from typing import Final

from unievp.lib.transitions import Transitions

# A partner that unregistered may be invited again; its rows stay.
PARTNER: Final = Transitions(
    {
        "invited": {"registered", "disconnected"},
        "registered": {"registered", "suspended", "disconnected"},
        "suspended": {"registered", "disconnected"},
        "disconnected": {"invited", "registered"},
    }
)
