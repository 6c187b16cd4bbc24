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

ORPHAN_STOP: Final = Transitions(
    {
        "waiting": {"attached", "dismissed"},
        "contradicts": {"dismissed"},
        "dismissed": {"attached"},
    }
)

SESSION_CORRECTION: Final = Transitions({"open": {"done"}})

REMOTE_START: Final = Transitions(
    {
        # Some chargers start first and answer then.
        "asked": {"accepted", "started", "failed"},
        "accepted": {"started", "failed"},
    }
)

# What the charger says last is true: an answer may come late, a start may use what had ended here.
RESERVATION: Final = Transitions(
    {
        "requested": {"active", "rejected", "failed", "cancelled", "used"},
        "active": {"used", "cancelled", "expired"},
        "failed": {"active", "rejected", "cancelled", "used"},
        "cancelled": {"used"},
        "expired": {"used"},
    }
)

CONFIGURATION_READING: Final = Transitions(
    {
        "due": {"due", "asked", "failed"},
        "asked": {"due", "read", "failed"},
        "read": {"due"},
        "failed": {"due"},
    }
)

LOCAL_LIST: Final = Transitions(
    {
        "off": {"due", "unsupported"},
        "due": {"due", "asked", "current", "off", "unsupported"},
        "asked": {"due", "current", "off", "unsupported"},
        "current": {"due", "unsupported"},
        "unsupported": {"due", "off"},
    }
)

CONFIGURATION_RUN: Final = Transitions(
    {
        "running": {"paused", "finished", "cancelled"},
        "paused": {"running", "cancelled"},
    }
)

RUN_ITEM: Final = Transitions(
    {
        "waiting": {"working", "failed", "cancelled"},
        "working": {"done", "partly", "failed", "cancelled"},
    }
)

CONFIGURATION_CHANGE: Final = Transitions(
    {
        "waiting": {"sent", "failed", "cancelled"},
        # Back to waiting: asked again, because no answer came.
        "sent": {"answered", "waiting", "failed", "cancelled"},
        # An answer that comes late is still the charger's answer.
        "failed": {"answered"},
    }
)

FIRMWARE_CAMPAIGN: Final = Transitions(
    {
        "draft": {"running", "aborted"},
        "running": {"paused", "finished", "aborted"},
        "paused": {"running", "aborted"},
    }
)

_UNDER_WAY: Final = frozenset({"confirmed", "failed", "waiting", "cancelled"})
# Chargers leave steps out and report them in any order; only the ends are firm. A charger that
# boots with the new version has it, whatever we had written down before.
FIRMWARE_UPDATE: Final = Transitions(
    {
        "waiting": {"asked", "skipped", "failed", "cancelled", "confirmed"},
        "asked": {"accepted", "downloading", "downloaded", "installing", "installed"} | _UNDER_WAY,
        "accepted": {"downloading", "downloaded", "installing", "installed"} | _UNDER_WAY,
        "downloading": {"downloaded", "installing", "installed"} | _UNDER_WAY,
        "downloaded": {"downloading", "installing", "installed"} | _UNDER_WAY,
        "installing": {"installed"} | _UNDER_WAY,
        "installed": _UNDER_WAY,
        "failed": {"waiting", "confirmed"},
        "skipped": {"waiting"},
    }
)

CHARGER_LOG: Final = Transitions(
    {
        "requested": {"accepted", "uploading", "uploaded", "failed"},
        "accepted": {"uploading", "uploaded", "failed"},
        "uploading": {"uploaded", "failed"},
        # The file may come after we gave up.
        "failed": {"uploaded"},
    }
)

PROFILE: Final = Transitions(
    {
        "pending": {"installed", "refused", "unsure", "unsent", "ended"},
        # A late answer is still the charger's answer.
        "unsure": {"installed", "refused", "replaced", "cleared", "ended"},
        "installed": {"replaced", "cleared", "ended"},
    }
)

PASSWORD_ROTATION: Final = Transitions(
    {
        "asked": {"unsure", "done", "refused", "unsent"},
        # Asked again with the same password, or settled by a late answer or a connection.
        "unsure": {"asked", "done", "refused"},
    }
)

CHARGER_CERTIFICATE: Final = Transitions(
    {
        "requested": {"denied", "sent"},
        "sent": {"installed", "refused", "revoked"},
        "installed": {"revoked"},
    }
)
