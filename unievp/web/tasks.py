"""Background work that mixes apps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from celery import shared_task

from tickets.events import TicketMoved
from unievp.web.analytics import uptimes
from unievp.web.notices import chargers as charger_notices
from unievp.web.notices import money as money_notices
from unievp.web.notices import tickets as ticket_notices
from unievp.web.webhooks import field, money, tickets
from unievp.web.webhooks.source import sweep, tell
from unievp.web.webhooks.sources import SOURCES

# Nudges that name what changed, not the line of its log: how to find the lines.
_LINES: Final[dict[str, Callable[[Sequence[Any]], Sequence[Any]]]] = {
    field.PRESENCE.name: field.last_presences,
    field.FAULTS.name: field.last_faults,
    money.PAYMENTS.name: money.payment_events_of,
    money.SETTLEMENTS.name: money.settlement_changes_of,
    tickets.CHANGED.name: tickets.changes_of,
    tickets.COMMENTED.name: tickets.comments_of,
}
# Of these the nudge finds older lines, too: an endpoint hears of none from before it was on.
_WHOLE_HISTORY: Final = frozenset(
    source.name
    for source in (
        money.PAYMENTS,
        money.SETTLEMENTS,
        tickets.CREATED,
        tickets.CHANGED,
        tickets.COMMENTED,
    )
)

# So long a nudge waits for others of its kind, which then need none.
TOGETHER_S: Final = 2.0
_nudged: dict[str, float] = {}


@shared_task
def tell_webhooks(source_name: str, subjects: list[Any]) -> int:
    source, lines = SOURCES[source_name], _LINES.get(source_name)
    ids = lines(subjects) if lines else subjects
    return tell(source, ids, swept=source_name in _WHOLE_HISTORY)


@shared_task
def keep_uptimes() -> int:
    """Whoever opens the dashboard next waits for none of it."""
    return uptimes.keep_uptimes()


@shared_task
def sweep_webhooks() -> int:
    """What lost nudges left, and what runs: charging sessions go on without any event."""
    return sum(sweep(source) for source in SOURCES.values())


@shared_task
def tell_of_settlements() -> int:
    return money_notices.tell_of_settlements()


@shared_task
def tell_of_tickets() -> int:
    return ticket_notices.tell_of_tickets()


def on_tickets_moved(_events: Sequence[TicketMoved]) -> None:
    """A nudge: the sweep reads the tickets' logs as well.

    An outage opens hundreds at once. They are read together, by a task that begins after the last
    of them.
    """
    now = time.monotonic()
    if now - _nudged.get("tickets", -math.inf) >= TOGETHER_S:
        _nudged["tickets"] = now
        tell_of_tickets.apply_async(countdown=TOGETHER_S, retry=False)


@shared_task
def sweep_notices() -> int:
    """What people are to be told of that no process told them at once."""
    return (
        money_notices.tell_of_settlements()
        + money_notices.tell_of_payouts()
        + charger_notices.tell_of_offline_chargers()
        + charger_notices.tell_of_faults()
        + ticket_notices.tell_of_tickets()
    )
