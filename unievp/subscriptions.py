"""Who reacts to what: the whole wiring of events, on one screen.

An event is a nudge, sent on commit; a lost one is found by the sweep in `unievp.celery.SCHEDULE`.
"""

from __future__ import annotations

from chargers import events as field
from chargers import live
from chargers import tasks as charger_tasks
from payments import tasks as payment_tasks
from unievp.celery import app as celery_app
from unievp.lib.events import subscribe


def connect_subscriptions() -> None:
    """Connect every subscriber; calling it again changes nothing."""
    celery_app.set_default()
    subscribe(field.SessionEnded, bill_ended_session)
    subscribe(field.CommandQueued, charger_tasks.nudge_charger)
    subscribe(field.SessionStarted, live.on_session_started)
    subscribe(field.SessionEnded, live.on_session_ended)
    subscribe(field.ConnectorStatusChanged, live.on_connector_status_changed)
    subscribe(field.ChargerPresenceChanged, live.on_presence_changed)


def bill_ended_session(event: field.SessionEnded) -> None:
    # A nudge: without a broker it is dropped at once, and the sweep bills the session.
    payment_tasks.bill_session.apply_async((event.session_id,), retry=False)
