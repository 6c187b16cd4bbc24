"""All sources by name, as the sweep reads them and nudges name them."""

from __future__ import annotations

from typing import Final

from unievp.web.webhooks import field, money, sessions, tickets

SOURCES: Final = {
    source.name: source
    for source in (
        sessions.STARTED,
        sessions.ENDED,
        sessions.BILLED,
        sessions.CORRECTED,
        sessions.PROGRESS,
        field.PRESENCE,
        field.FAULTS,
        field.COMMANDS,
        money.PAYMENTS,
        money.SETTLEMENTS,
        tickets.CREATED,
        tickets.CHANGED,
        tickets.COMMENTED,
    )
}
