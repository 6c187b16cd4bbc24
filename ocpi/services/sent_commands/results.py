"""What a partner tells `response_url`, once, twice or late; and the end of our patience."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from ocpi.events import SentCommandQueued
from ocpi.models import OPEN_STATUSES, CommandType, Partner, SentCommand, SentStatus
from ocpi.services.sent_commands.moving import message_in, move_command
from ocpi.states import SENT_COMMAND
from ocpi.wire.codes import Code, not_found
from ocpi.wire.reading import Reader
from unievp.lib import clock
from unievp.lib.events import publish

logger = logging.getLogger(__name__)

_WITHDRAWN: Final = "CANCELED_RESERVATION"
_PER_SWEEP: Final = 500


def take_result(partner: Partner, *, kind: str, key: str, body: Any) -> None:
    """CommandResult. The first one counts; again, or another one, changes nothing.

    Raises OcpiError: 404 for what is no address of a command to this partner, 2001 for a field.
    """
    result = Reader(body).code("result", 24).upper()
    with transaction.atomic():
        row = (
            SentCommand.objects.select_for_update(of=("self",))
            .filter(partner=partner, type=kind, key=key)
            .first()
        )
        if row is None:
            raise not_found("There is no such command", Code.CLIENT_ERROR)
        status = _status_of(row, result)
        is_first = row.told_at is None or status == SentStatus.CANCELLED
        if not is_first or not SENT_COMMAND.allows(row.status, status):
            logger.info("%s of %s came again: %s", kind, partner, result)
            return
        move_command(
            row, status, result=result, message=message_in(body)[:512], told_at=clock.now()
        )


def _status_of(row: SentCommand, result: str) -> SentStatus:
    if result == _WITHDRAWN and row.type == CommandType.RESERVE_NOW:
        # Granted and taken back; or never granted.
        granted = row.status == SentStatus.SUCCEEDED
        return SentStatus.CANCELLED if granted else SentStatus.REFUSED
    return SentStatus.SUCCEEDED if result == "ACCEPTED" else SentStatus.REFUSED


def sweep_sent_commands(now: datetime | None = None) -> int:
    """Those whose nudge was lost are sent, those without a result in time end; how many ended."""
    now = now or clock.now()
    unsent = SentCommand.objects.filter(status=SentStatus.QUEUED, deadline_at__gt=now)
    for pk in unsent.order_by("created_at").values_list("pk", flat=True)[:_PER_SWEEP]:
        publish(SentCommandQueued(str(pk)))
    late = SentCommand.objects.filter(status__in=OPEN_STATUSES, deadline_at__lte=now)
    pks = list(late.order_by("deadline_at").values_list("pk", flat=True)[:_PER_SWEEP])
    return sum(_end_late(pk, now) for pk in pks)


def _end_late(pk: UUID, now: datetime) -> bool:
    """Unless its response has come meanwhile, and promised a later result."""
    with transaction.atomic():
        row = (
            SentCommand.objects.select_for_update(of=("self",))
            .filter(pk=pk, status__in=OPEN_STATUSES, deadline_at__lte=now)
            .first()
        )
        if row is not None:
            move_command(row, SentStatus.TIMED_OUT)
    return row is not None
