"""Events of the house that make a source look at once, if somebody listens.

Nothing is built here: the process that commits (the ocpp process, above all) only asks whether
anybody listens, and hands ids to a worker. Without a broker the sweep finds the rows.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from celery import current_app

from chargers import events as happened
from cpo.services.webhooks.outbox import listeners
from payments import events as paid
from tickets import events as desk
from unievp.web.webhooks import field, money, sessions, tickets
from unievp.web.webhooks.source import Source

TASK: Final = "unievp.web.tasks.tell_webhooks"
# Answers of `listeners` are good for so long: the ocpp process has better things to ask for.
ANSWERS_KEPT_S: Final = 3.0
_answers: dict[str, tuple[float, bool]] = {}


def on_sessions_started(events: Sequence[happened.SessionStarted]) -> None:
    _nudge(sessions.STARTED, [event.session_id for event in events])


def on_sessions_ended(events: Sequence[happened.SessionEnded]) -> None:
    _nudge(sessions.ENDED, [event.session_id for event in events])


def on_sessions_corrected(events: Sequence[happened.SessionCorrected]) -> None:
    _nudge(sessions.CORRECTED, [event.correction_id for event in events])


def on_presence_changed(events: Sequence[happened.ChargerPresenceChanged]) -> None:
    _nudge(field.PRESENCE, [event.charger_id for event in events])


def on_status_changed(events: Sequence[happened.ConnectorStatusChanged]) -> None:
    places = [
        (event.charger_id, event.connector_number) for event in events if event.status == "Faulted"
    ]
    if places:
        _nudge(field.FAULTS, places)


def on_commands_finished(events: Sequence[happened.CommandFinished]) -> None:
    _nudge(field.COMMANDS, [event.command_id for event in events])


def on_bills_issued(events: Sequence[paid.BillIssued]) -> None:
    _nudge(sessions.BILLED, [event.bill_id for event in events])


def on_payments_changed(events: Sequence[paid.PaymentStatusChanged]) -> None:
    _nudge(money.PAYMENTS, [str(event.intent_id) for event in events])


def on_settlements_requested(events: Sequence[paid.SettlementRequested]) -> None:
    _nudge(money.SETTLEMENTS, [event.settlement_id for event in events])


def on_settlements_changed(events: Sequence[paid.SettlementStatusChanged]) -> None:
    _nudge(money.SETTLEMENTS, [event.settlement_id for event in events])


def on_tickets_moved(events: Sequence[desk.TicketMoved]) -> None:
    for source in (tickets.CREATED, tickets.CHANGED, tickets.COMMENTED):
        _nudge(source, [event.ticket_id for event in events])


def _nudge(source: Source, subjects: list[Any]) -> None:
    if _is_heard(source):
        current_app.send_task(TASK, (source.name, subjects), retry=False)


def _is_heard(source: Source) -> bool:
    """Whether anybody listens, as of some seconds ago; the sweep finds what falls between."""
    asked_at, heard = _answers.get(source.name, (0.0, False))
    now = time.monotonic()
    if not asked_at or now - asked_at > ANSWERS_KEPT_S:
        heard = bool(listeners(source.types))
        _answers[source.name] = (now, heard)
    return heard
