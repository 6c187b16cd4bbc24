"""Which status of a ticket may follow which. Values only: no models here."""

from __future__ import annotations

from typing import Final

from unievp.lib.transitions import Transitions

TICKET: Final = Transitions(
    {
        # A cause that ends resolves its ticket, whatever was being done about it.
        "open": {"in_progress", "waiting", "resolved", "closed"},
        "in_progress": {"open", "waiting", "resolved", "closed"},
        "waiting": {"in_progress", "resolved", "closed"},
        "resolved": {"closed", "reopened"},
        "closed": {"reopened"},
        "reopened": {"in_progress", "waiting", "resolved", "closed"},
    }
)
