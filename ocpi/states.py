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

# A partner's command: the charger's answer, or the end of waiting, decides it once.
COMMAND_REQUEST: Final = Transitions(
    {
        "waiting": {"decided"},
        "decided": {"told", "untold"},
        # A reservation that was granted may be taken back by us.
        "told": {"decided"},
        "untold": {"decided"},
    }
)

# A new change wakes what was delivered or given up.
PUSH: Final = Transitions(
    {
        "waiting": {"waiting", "sent", "dead"},
        "sent": {"waiting"},
        "dead": {"waiting"},
    }
)

# What a partner knows as COMPLETED or INVALID stays so (OCPI 2.2.1 §9.4.5).
# A reservation becomes the session that uses it, or comes to nothing.
ROAMING_SESSION: Final = Transitions(
    {
        "RESERVATION": {"RESERVATION", "ACTIVE", "COMPLETED", "INVALID"},
        "PENDING": {"PENDING", "ACTIVE", "COMPLETED", "INVALID"},
        "ACTIVE": {"ACTIVE", "COMPLETED", "INVALID"},
    }
)

# A session of our driver elsewhere. What is over stays over, whatever an operator says later; one
# that it calls invalid may still turn out to be complete.
FOREIGN_SESSION: Final = Transitions(
    {
        "RESERVATION": {"RESERVATION", "PENDING", "ACTIVE", "COMPLETED", "INVALID"},
        "PENDING": {"PENDING", "ACTIVE", "COMPLETED", "INVALID"},
        "ACTIVE": {"ACTIVE", "COMPLETED", "INVALID"},
        "INVALID": {"INVALID", "COMPLETED"},
        "COMPLETED": {"COMPLETED"},
    }
)

CONTRACT: Final = Transitions(
    {
        "active": {"blocked"},
        "blocked": {"active"},
    }
)

# A command of ours is sent once. Its result counts whenever it comes, also after our patience; a
# reservation that was granted may be taken back by the other side.
SENT_COMMAND: Final = Transitions(
    {
        "queued": {"sent", "refused", "timed_out"},
        "sent": {"accepted", "succeeded", "refused", "timed_out"},
        "accepted": {"succeeded", "refused", "timed_out"},
        "timed_out": {"succeeded", "refused"},
        # The answer was to a repetition, or overtaken: the charger's own yes weighs more.
        "refused": {"succeeded"},
        "succeeded": {"cancelled"},
    }
)
