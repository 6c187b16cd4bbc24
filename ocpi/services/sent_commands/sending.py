"""The call itself, at most once per command (OCPI 2.2.1 §13.2), and what is answered at once.

A command is claimed before it is sent: where the process dies or the answer is lost, nobody knows
whether the charger starts, so it is not sent again; the result or the end of patience decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from django.db import transaction

from ocpi.addresses import EMSP_ROOT, absolute
from ocpi.models import (
    CommandType,
    InterfaceRole,
    OwnToken,
    PartnerStatus,
    SentCommand,
    SentStatus,
)
from ocpi.services.calling.client import (
    Call,
    CallError,
    Peer,
    below,
    endpoint_of,
    routing,
    try_call,
)
from ocpi.services.calling.transport import Reply
from ocpi.services.drivers.contracts import emsp_party
from ocpi.services.sent_commands.moving import end_command, message_in, move_command
from ocpi.wire import json
from ocpi.wire.codes import OcpiError
from ocpi.wire.reading import Reader
from unievp.lib import clock
from unievp.lib.errors import RefusedError

# A partner may promise its result within so long; more is not waited for.
LONGEST_PROMISE_S: Final = 600
# The result is on its way when the promise ends.
_GRACE: Final = timedelta(seconds=10)


def send_command(command_id: str) -> bool:
    """Send it if nobody has; whether the partner took it."""
    row = _claim(command_id)
    if row is None:
        return False
    try:
        url = endpoint_of(row.partner, "commands", InterfaceRole.RECEIVER)
        heads = routing(emsp_party(), row.country_code, row.party_id)
    except (CallError, RefusedError) as error:
        with transaction.atomic():
            end_command(row.pk, SentStatus.REFUSED, result="REJECTED", error=str(error))
        return False
    call = Call(
        "POST", below(url, row.type), "commands", _BODIES[CommandType(row.type)](row), heads
    )
    reply = try_call(Peer.of(row.partner), call)
    with transaction.atomic():
        return _take_response(row, reply)


def response_url(row: SentCommand) -> str:
    return absolute(f"{EMSP_ROOT}/commands/{row.type}/{row.key}")


def _claim(command_id: str) -> SentCommand | None:
    """QUEUED → SENT, committed before the call. None for one that is not to be sent (any more)."""
    now = clock.now()
    with transaction.atomic():
        row = (
            SentCommand.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("partner", "token")
            .filter(pk=command_id, status=SentStatus.QUEUED)
            .first()
        )
        if row is None:
            return None
        if row.deadline_at <= now:
            end_command(row.pk, SentStatus.TIMED_OUT, error="It was too late to send it")
            return None
        if row.partner.status != PartnerStatus.REGISTERED:
            end_command(
                row.pk, SentStatus.REFUSED, result="REJECTED", error="The partner is not connected"
            )
            return None
        move_command(row, SentStatus.SENT, sent_at=now)
    return row


def _take_response(row: SentCommand, reply: Reply) -> bool:
    """CommandResponse, or what came instead of it."""
    if reply.not_sent:
        end_command(row.pk, SentStatus.REFUSED, result="FAILED", error=reply.error)
        return False
    if reply.error and reply.unreachable:
        SentCommand.objects.filter(pk=row.pk).update(error=reply.error[:300])
        return False
    if reply.error:
        end_command(
            row.pk,
            SentStatus.REFUSED,
            result="REJECTED",
            error=reply.error,
            message=message_in(reply.data),
        )
        return False
    try:
        reader = Reader(reply.data)
        said = reader.code("result", 24)
        promise_s = min(max(reader.integer("timeout"), 0), LONGEST_PROMISE_S)
    except OcpiError as error:
        # It arrived and was understood as far as HTTP goes: the result may still come.
        SentCommand.objects.filter(pk=row.pk).update(error=error.message[:300])
        return False
    message = message_in(reply.data)
    if said != "ACCEPTED":
        end_command(row.pk, SentStatus.REFUSED, result=said, message=message)
        return False
    locked = SentCommand.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if locked.status == SentStatus.SENT:
        # A quick partner's result is here before its response.
        until = clock.now() + timedelta(seconds=promise_s) + _GRACE
        move_command(locked, SentStatus.ACCEPTED, deadline_at=until, message=message)
    return True


def _start(row: SentCommand) -> dict[str, Any]:
    return json.without_none(
        {
            "response_url": response_url(row),
            "token": _token(row.token),
            **_place(row),
            "authorization_reference": row.authorization_reference,
        }
    )


def _stop(row: SentCommand) -> dict[str, Any]:
    return {"response_url": response_url(row), "session_id": row.session_id}


def _reserve(row: SentCommand) -> dict[str, Any]:
    place = _place(row)
    place.pop("connector_id")
    return json.without_none(
        {
            "response_url": response_url(row),
            "token": _token(row.token),
            "expiry_date": row.expires_at,
            "reservation_id": row.reservation_id,
            **place,
            "authorization_reference": row.authorization_reference,
        }
    )


def _cancel(row: SentCommand) -> dict[str, Any]:
    return {"response_url": response_url(row), "reservation_id": row.reservation_id}


def _unlock(row: SentCommand) -> dict[str, Any]:
    return {"response_url": response_url(row), **_place(row)}


_BODIES: Final[Mapping[CommandType, Callable[[SentCommand], dict[str, Any]]]] = MappingProxyType(
    {
        CommandType.START_SESSION: _start,
        CommandType.STOP_SESSION: _stop,
        CommandType.RESERVE_NOW: _reserve,
        CommandType.CANCEL_RESERVATION: _cancel,
        CommandType.UNLOCK_CONNECTOR: _unlock,
    }
)


def _place(row: SentCommand) -> dict[str, str | None]:
    return {
        "location_id": row.location_id,
        "evse_uid": row.evse_uid or None,
        "connector_id": row.connector_id or None,
    }


def _token(token: OwnToken | None) -> Any:
    return None if token is None else json.Fragment(token.body)
