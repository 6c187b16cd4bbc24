"""Commands of partners (OCPI 2.2.1 §13): checked, handed to the charger, answered at once.

The charger's own answer goes to `response_url` later (`services.commands.telling`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction

from chargers.models import Command, Reservation, ReservationStatus, SessionStatus
from chargers.services.commands import queue_command
from chargers.services.remote_starts.intents import start_remotely
from chargers.services.reservations.asking import change_reservation, reserve
from chargers.services.reservations.cancelling import cancel_reservation
from ocpi.models import (
    CommandRequest,
    CommandType,
    Partner,
    RequestStatus,
    RoamingSession,
    RoamingTag,
)
from ocpi.objects.editions import OLDER
from ocpi.objects.tokens import TokenFields, read_token
from ocpi.services.commands.answers import accepted, rejected
from ocpi.services.commands.places import connector_of
from ocpi.services.tokens.receiving import check_owner
from ocpi.services.tokens.tags import tag_for_command
from ocpi.wire.codes import Code, OcpiError
from ocpi.wire.reading import Reader
from unievp.lib import clock
from unievp.lib.errors import ConflictError, DomainError
from unievp.lib.targets import check_url

LONGEST_RESERVATION: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A partner's command, read as far as all of them are alike."""

    partner: Partner
    kind: CommandType
    reader: Reader
    actor: str
    version: str

    @property
    def digest(self) -> str:
        text = json.dumps([self.kind, self.reader.raw], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Queued:
    """What is on its way to the charger."""

    command: Command
    tag: RoamingTag | None = None
    reservation: Reservation | None = None
    their_reservation_id: str = ""


def receive_command(
    partner: Partner,
    kind: CommandType,
    body: Any,
    *,
    sender: tuple[str, str],
    version: str = OLDER,
) -> dict[str, Any]:
    """The CommandResponse. `sender`: OCPI-from of the request, for the way back.

    Raises OcpiError: 2001 for a field, 2003 with a rejection for an unknown place.
    """
    reader = Reader(body)
    response_url = reader.url("response_url")
    check_url(response_url, allow_loopback=settings.OCPI_ALLOW_LOOPBACK, field="response_url")
    asked = _Asked(partner, kind, reader, f"ocpi: {partner.name}"[:150], version)
    if _is_waiting(asked):
        return accepted()
    try:
        with transaction.atomic():
            queued = _HANDLERS[kind](asked)
            _remember(asked, queued, response_url, sender)
    except OcpiError as error:
        if error.code == Code.SUCCESS and isinstance(error.data, dict):
            return error.data
        raise
    except DomainError as error:
        # The charger's side says no: a retired charger, a reservation of somebody else. Or both
        # came at the same moment, and it was the other one that made it wait.
        return accepted() if _is_waiting(asked) else rejected(str(error))
    except IntegrityError:
        if not _is_waiting(asked):
            raise
    return accepted()


def _is_waiting(asked: _Asked) -> bool:
    """Whether this very request came before, by a road that doubles or a caller that repeats, and
    the charger is still being asked: it gets the first one's answer, and one result.
    """
    return CommandRequest.objects.filter(
        partner=asked.partner, digest=asked.digest, status=RequestStatus.WAITING
    ).exists()


def _start(asked: _Asked) -> _Queued:
    fields = _token(asked)
    connector = connector_of(asked.partner, asked.reader, free=True)
    reference = asked.reader.optional_code("authorization_reference", 36)
    held = _reservation_of(asked.partner, fields, connector.charger_id, connector.number)
    tag = held.tag if held is not None else None
    if tag is None:
        tag = tag_for_command(asked.partner, fields, charger=connector.charger, reference=reference)
    elif reference:
        # The last reference counts.
        RoamingTag.objects.filter(pk=tag.pk).update(authorization_reference=reference)
    wish = start_remotely(
        connector.charger,
        id_tag=tag.id_token.token,
        actor=asked.actor,
        connector_number=connector.number,
    )
    return _Queued(wish.command, tag)


def _stop(asked: _Asked) -> _Queued:
    session_id = asked.reader.code("session_id", 36)
    row = (
        RoamingSession.objects.select_related("session__charger")
        .filter(partner=asked.partner, ocpi_id__iexact=session_id)
        .first()
    )
    if row is None:
        raise OcpiError(
            Code.SUCCESS, "", data=rejected("There is no such session", "UNKNOWN_SESSION")
        )
    session = row.session
    if session is None or session.status != SessionStatus.ACTIVE:
        raise ConflictError("Nobody charges in this session")
    command = queue_command(
        session.charger,
        action="RemoteStopTransaction",
        payload={"transactionId": session.transaction_id},
        actor=asked.actor,
        deadline_s=settings.OCPI_COMMAND_TIMEOUT_S,
    )
    return _Queued(command)


def _reserve(asked: _Asked) -> _Queued:
    fields = _token(asked)
    reader = asked.reader
    theirs = reader.code("reservation_id", 36)
    until = reader.moment("expiry_date")
    if until <= clock.now():
        raise reader.fault("expiry_date", "a time to come, please")
    if until > clock.now() + LONGEST_RESERVATION:
        # Else one message keeps a connector from everybody for years.
        raise OcpiError(Code.SUCCESS, "", data=rejected("No EVSE is kept for that long"))
    connector = connector_of(asked.partner, reader, free=True)
    known = _known_reservation(asked.partner, theirs)
    if known is not None and known.charger_id == connector.charger_id and known.reservation:
        # The same reservation again is another one in its place.
        row = change_reservation(
            known.reservation,
            actor=asked.actor,
            connector_number=connector.number,
            expires_at=until,
        )
        return _Queued(row.command, known.tag, row, theirs)
    tag = tag_for_command(
        asked.partner,
        fields,
        charger=connector.charger,
        reference=reader.optional_code("authorization_reference", 36),
        until=until,
    )
    row = reserve(
        connector.charger,
        connector_number=connector.number,
        id_tag=tag.id_token.token,
        expires_at=until,
        actor=asked.actor,
    )
    return _Queued(row.command, tag, row, theirs)


def _cancel(asked: _Asked) -> _Queued:
    theirs = asked.reader.code("reservation_id", 36)
    known = _known_reservation(asked.partner, theirs)
    if known is None or known.reservation is None:
        raise ConflictError("There is no such reservation")
    row = cancel_reservation(known.reservation, actor=asked.actor)
    return _Queued(row.cancel_command or row.command, known.tag, row, theirs)


def _unlock(asked: _Asked) -> _Queued:
    asked.reader.code("evse_uid", 36)
    connector = connector_of(asked.partner, asked.reader, free=False)
    active = connector.sessions.filter(status=SessionStatus.ACTIVE)
    if active.exclude(roaming__partner=asked.partner).exists():
        # A charger that unlocks ends the charge: nobody ends another's.
        raise ConflictError("Somebody else charges there")
    command = queue_command(
        connector.charger,
        action="UnlockConnector",
        payload={"connectorId": connector.number},
        actor=asked.actor,
        deadline_s=settings.OCPI_COMMAND_TIMEOUT_S,
    )
    return _Queued(command)


_HANDLERS: Final[Mapping[CommandType, Callable[[_Asked], _Queued]]] = MappingProxyType(
    {
        CommandType.START_SESSION: _start,
        CommandType.STOP_SESSION: _stop,
        CommandType.RESERVE_NOW: _reserve,
        CommandType.CANCEL_RESERVATION: _cancel,
        CommandType.UNLOCK_CONNECTOR: _unlock,
    }
)


def _token(asked: _Asked) -> TokenFields:
    """The driver of the command: need not be known to us, but must be the partner's."""
    fields = read_token(asked.reader.inner("token"), asked.version)
    check_owner(asked.partner, fields.country_code, fields.party_id)
    return fields


def _known_reservation(partner: Partner, theirs: str) -> CommandRequest | None:
    """The latest RESERVE_NOW under this id whose reservation may still be in force."""
    return (
        CommandRequest.objects.select_related("reservation__charger", "tag__id_token")
        .filter(
            partner=partner,
            type=CommandType.RESERVE_NOW,
            their_reservation_id__iexact=theirs,
            reservation__status__in=[ReservationStatus.REQUESTED, ReservationStatus.ACTIVE],
        )
        .order_by("-pk")
        .first()
    )


def _reservation_of(
    partner: Partner, fields: TokenFields, charger_pk: int, connector_number: int
) -> CommandRequest | None:
    """The driver's own reservation of the connector: the charger knows it by its tag."""
    return (
        CommandRequest.objects.select_related("tag__id_token")
        .filter(
            partner=partner,
            type=CommandType.RESERVE_NOW,
            tag__uid__iexact=fields.uid,
            tag__type=fields.type,
            reservation__charger_id=charger_pk,
            reservation__connector_number=connector_number,
            reservation__status=ReservationStatus.ACTIVE,
        )
        .order_by("-pk")
        .first()
    )


def _remember(
    asked: _Asked, queued: _Queued, response_url: str, sender: tuple[str, str]
) -> CommandRequest:
    now = clock.now()
    return CommandRequest.objects.create(
        partner=asked.partner,
        type=asked.kind,
        digest=asked.digest,
        response_url=response_url,
        country_code=sender[0][:2],
        party_id=sender[1][:3],
        charger=queued.command.charger,
        command=queued.command,
        tag=queued.tag,
        reservation=queued.reservation,
        their_reservation_id=queued.their_reservation_id,
        created_at=now,
        deadline_at=now + timedelta(seconds=settings.OCPI_COMMAND_TIMEOUT_S),
    )
