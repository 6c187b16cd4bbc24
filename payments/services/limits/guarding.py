"""Limited charges are looked at as prepaid ones are, and asked to stop until they have."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from chargers.models import ChargingSession, CommandStatus, RemoteStartStatus, SessionStatus
from chargers.services.commands import queue_command
from chargers.services.stop_latencies import stop_latency
from payments.models import ChargeLimit, StopReason
from payments.services.prepaid.guarding import Limits, judge, meter_of
from payments.services.prepaid.stopping import ACTION, PATIENCE, REPEAT, REPEAT_LATER
from tariffs.pricing import snapshot_from_json
from unievp.lib import clock
from unievp.lib.errors import DomainError

logger = logging.getLogger(__name__)

_OPEN_COMMAND: Final = (CommandStatus.QUEUED, CommandStatus.SENT)
_PARTS: Final = (
    "remote_start__session__connector",
    "remote_start__session__charger",
    "stop_command",
)


def guard_limits(now: datetime | None = None) -> int:
    """Every limited charge that is due for a look; how many were. One that fails hurts no other."""
    now = now or clock.now()
    due = ChargeLimit.objects.filter(Q(look_at=None) | Q(look_at__lte=now), ended_at=None)
    looked = 0
    for pk in due.values_list("pk", flat=True):
        try:
            guard_limit(pk, now=now)
            looked += 1
        except Exception:
            logger.exception("The limit %s was not looked at", pk)
    return looked


def guard_limit(pk: int, *, now: datetime | None = None) -> StopReason | None:
    """Ask for the stop if it is time to, and say when to look again; the limit that is reached."""
    now = now or clock.now()
    with transaction.atomic():
        limit = (
            ChargeLimit.objects.select_for_update(of=("self",))
            .select_related(*_PARTS)
            .filter(pk=pk, ended_at=None)
            .first()
        )
        if limit is None:
            return None
        wish = limit.remote_start
        session = wish.session
        if wish.status == RemoteStartStatus.FAILED or (
            session is not None and session.status == SessionStatus.ENDED
        ):
            limit.ended_at = now
            limit.save(update_fields=["ended_at"])
        elif session is not None:
            _look(limit, session, now)
    return StopReason(limit.stop_reason) if limit.stop_reason else None


def _look(limit: ChargeLimit, session: ChargingSession, now: datetime) -> None:
    snapshot = session.tariff_snapshot
    reason, wait = judge(
        snapshot_from_json(snapshot) if snapshot is not None else None,
        meter_of(session, now),
        Limits(
            limit.amount,
            limit.energy_wh,
            timedelta(minutes=limit.minutes) if limit.minutes else None,
        ),
        now=now,
        latency=stop_latency(session.charger_id),
    )
    limit.look_at = now + wait
    # The first reason stays, whatever the meter says afterwards.
    limit.stop_reason = limit.stop_reason or (reason.value if reason else "")
    if limit.stop_reason and _is_time(limit, now):
        limit.stop_tries += 1
        limit.stop_repeated_at = now
        try:
            limit.stop_command = queue_command(
                session.charger,
                action=ACTION,
                payload={"transactionId": session.transaction_id},
                actor="limits",
            )
        except DomainError:
            logger.warning("%s cannot be asked to stop any more", session.charger)
    limit.save()


def _is_time(limit: ChargeLimit, now: datetime) -> bool:
    """Not while the last one is on its way, nor right after it."""
    if limit.stop_repeated_at is None:
        return True
    command = limit.stop_command
    if command is not None and command.status in _OPEN_COMMAND and command.deadline_at > now:
        return False
    wait = REPEAT if limit.stop_tries < PATIENCE else REPEAT_LATER
    return now - limit.stop_repeated_at >= wait
