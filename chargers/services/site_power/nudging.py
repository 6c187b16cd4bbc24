"""Events of the field that move a site's shares."""

from __future__ import annotations

from collections.abc import Sequence

from chargers import events
from chargers.services.site_power.rebalancing import bring_forward
from unievp.lib import clock

Event = (
    events.SessionStarted
    | events.SessionEnded
    | events.ConnectorStatusChanged
    | events.ChargerPresenceChanged
    | events.CommandFinished
)


def budgets_moved(happened: Sequence[Event]) -> dict[int, float]:
    """Budgets that these events bring forward, and in how many seconds each is due."""
    chargers, sessions, commands = set(), set(), set()
    for event in happened:
        if isinstance(event, events.SessionStarted | events.SessionEnded):
            sessions.add(event.session_id)
        elif isinstance(event, events.CommandFinished):
            commands.add(event.command_id)
        else:
            chargers.add(event.charger_id)
    now = clock.now()
    due = bring_forward(chargers=chargers, sessions=sessions, commands=commands, now=now)
    return {pk: max((at - now).total_seconds(), 0.0) for pk, at in due.items()}
