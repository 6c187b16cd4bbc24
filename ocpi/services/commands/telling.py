"""The results of commands: decided by the charger's answer or by time, told to `response_url`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from chargers.models import CommandStatus, Reservation, ReservationStatus
from ocpi.events import ResultDecided
from ocpi.models import (
    PROFILE_KINDS,
    CommandRequest,
    CommandType,
    PartnerStatus,
    Party,
    PartyRole,
    RequestKind,
    RequestStatus,
)
from ocpi.objects.profiles import active_profile_told
from ocpi.services.calling.client import Call, Peer, routing, try_call
from ocpi.services.commands.answers import ACCEPTED, result_of
from ocpi.services.profiles.active import mark_profile
from ocpi.services.profiles.capped import capped_result
from ocpi.states import COMMAND_REQUEST
from unievp.lib import clock
from unievp.lib.events import publish

# Once, and once more where nobody answered (§13.2: no more is asked of us).
MOST_ATTEMPTS: Final = 2
_OPEN_COMMANDS: Final = (CommandStatus.QUEUED, CommandStatus.SENT)
_PER_SWEEP: Final = 200


def settle_commands(command_ids: Iterable[str]) -> int:
    """Requests whose command ended; how many were decided."""
    waiting = CommandRequest.objects.filter(
        command_id__in=list(command_ids), status=RequestStatus.WAITING
    )
    return sum(_decide(pk, clock.now()) for pk in waiting.values_list("pk", flat=True))


def sweep_requests(now: datetime | None = None) -> int:
    """Ended commands whose news was lost, requests whose time is over, results nobody was told."""
    now = now or clock.now()
    ended = ~Q(command__status__in=_OPEN_COMMANDS)
    due = CommandRequest.objects.filter(
        ended | Q(deadline_at__lte=now), status=RequestStatus.WAITING
    ).order_by("pk")
    decided = sum(_decide(pk, now) for pk in due.values_list("pk", flat=True)[:_PER_SWEEP])
    untold = CommandRequest.objects.filter(status=RequestStatus.DECIDED).order_by("pk")
    silent: set[int] = set()
    for pk, partner_pk in untold.values_list("pk", "partner_id")[:_PER_SWEEP]:
        # Who does not listen is waited for once, not once per result.
        if partner_pk not in silent and not tell_result(pk):
            silent.add(partner_pk)
    return decided


def withdraw_reservation(reservation_pk: int) -> bool:
    """A reservation that we took back ourselves is told to whoever made it (§13.3.3)."""
    with transaction.atomic():
        row = (
            CommandRequest.objects.select_for_update(of=("self",))
            .filter(
                type=CommandType.RESERVE_NOW,
                reservation_id=reservation_pk,
                status__in=[RequestStatus.TOLD, RequestStatus.UNTOLD],
                result="ACCEPTED",
            )
            .order_by("-pk")
            .first()
        )
        reservation = Reservation.objects.filter(pk=reservation_pk).first()
        if row is None or reservation is None:
            return False
        theirs = CommandRequest.objects.filter(
            type=CommandType.CANCEL_RESERVATION, reservation=reservation
        )
        if reservation.status != ReservationStatus.CANCELLED or theirs.exists():
            return False
        _move(row, RequestStatus.DECIDED, result="CANCELED_RESERVATION", attempts=0)
        publish(ResultDecided(row.pk))
    return True


def tell_result(request_pk: int) -> bool:
    """One attempt to POST the result; whether the partner took it. Again: nothing."""
    with transaction.atomic():
        row = (
            CommandRequest.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("partner", "charger", "command")
            .filter(pk=request_pk, status=RequestStatus.DECIDED)
            .first()
        )
        if row is None:
            return False
        row.attempts += 1
        row.save(update_fields=["attempts"])
    if row.partner.status != PartnerStatus.REGISTERED:
        _end(row, RequestStatus.UNTOLD, "The partner is not connected")
        return False
    call = Call(
        "POST",
        row.response_url,
        module="chargingprofiles" if row.type in PROFILE_KINDS else "commands",
        body=_body(row),
        routing=_way_back(row),
    )
    reply = try_call(Peer.of(row.partner), call)
    if not reply.error:
        _end(row, RequestStatus.TOLD, "")
        return True
    if not reply.unreachable or row.attempts >= MOST_ATTEMPTS:
        _end(row, RequestStatus.UNTOLD, reply.error)
    return False


def _body(row: CommandRequest) -> dict[str, Any]:
    """The result, and with it the profile that was asked for, in the charger's own words."""
    body: dict[str, Any] = {"result": row.result}
    if row.type == RequestKind.GET_PROFILE and row.result == ACCEPTED and row.command:
        profile = active_profile_told(row.command.response or {}, row.created_at)
        if profile is not None:
            body["profile"] = profile
    return body


def _decide(request_pk: int, now: datetime) -> bool:
    with transaction.atomic():
        row = (
            CommandRequest.objects.select_for_update(of=("self",))
            .select_related("command", "partner", "roaming_session__session")
            .filter(pk=request_pk, status=RequestStatus.WAITING)
            .first()
        )
        if row is None:
            return False
        if row.command is None:
            result = capped_result(row, now)
        else:
            result = result_of(row.type, row.command)
        if not result and row.deadline_at <= now:
            # A profile has no word for it.
            result = "REJECTED" if row.type in PROFILE_KINDS else "TIMEOUT"
        if not result:
            return False
        _move(row, RequestStatus.DECIDED, result=result)
        publish(ResultDecided(row.pk))
        if row.roaming_session is not None:
            mark_profile(row.roaming_session)
    return True


def _end(row: CommandRequest, status: RequestStatus, error: str) -> None:
    with transaction.atomic():
        locked = CommandRequest.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if COMMAND_REQUEST.allows(locked.status, status):
            _move(locked, status, error=error[:300], told_at=clock.now())


def _move(row: CommandRequest, status: RequestStatus, **values: object) -> None:
    COMMAND_REQUEST.check(row.status, status)
    row.status = status
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=["status", *values])


def _way_back(row: CommandRequest) -> dict[str, str]:
    """From the CPO whose charger it is, to whoever asked."""
    ours = Party.objects.filter(cpo_id=row.charger.cpo_id, role=PartyRole.CPO).first()
    if ours is None or not row.party_id:
        return {}
    return routing(ours, row.country_code, row.party_id)
