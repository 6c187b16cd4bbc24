"""Asking a charger to start, its answer, and the end of waiting."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from chargers.models import (
    OPEN_REMOTE_STARTS,
    Charger,
    Command,
    CommandStatus,
    RemoteStart,
    RemoteStartStatus,
)
from chargers.selectors.configuration import known_number
from chargers.services.commands import queue_command
from chargers.services.remote_starts.linking import decide, fail, find_session
from chargers.services.reservations.using import check_not_reserved
from chargers.states import REMOTE_START
from cpo.models import User
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError

ACTION: Final = "RemoteStartTransaction"
# Where the charger's ConnectionTimeOut is unknown: as long as drivers are known to take.
DEFAULT_WAIT: Final = timedelta(minutes=5)
# For the StartTransaction to come after the charger's own wait.
MARGIN: Final = timedelta(seconds=60)
LONGEST_WAIT: Final = timedelta(hours=1)

NOT_ACCEPTED: Final = gettext_noop("The charger answered “%s”")
ERROR: Final = gettext_noop("The charger answered with an error: %s")
NOT_DELIVERED: Final = gettext_noop("It could not be sent in time")
CANCELLED: Final = gettext_noop("It was cancelled")
NO_ANSWER: Final = gettext_noop("The charger did not answer, and nothing started")
NOTHING_STARTED: Final = gettext_noop("Accepted, but nothing started in time")


def start_remotely(
    charger: Charger,
    *,
    id_tag: str,
    actor: User | str,
    connector_number: int | None = None,
    charging_profile: dict[str, Any] | None = None,
    insist: bool = False,
) -> RemoteStart:
    """Ask `charger` to start a session; the answer tells how it ends, also by an event.

    Raises InvalidError (no tag, one over 20 characters, a connector the charger has not),
    ConflictError (a retired charger; the same start is waiting already: it is not sent twice; the
    connector is reserved for another tag, which `insist` leaves to the charger).
    """
    _check(charger, id_tag, connector_number)
    with transaction.atomic():
        # One at a time per charger, so that two clicks cannot both find nothing waiting.
        Charger.objects.select_for_update(no_key=True).get(pk=charger.pk)
        waiting = RemoteStart.objects.filter(
            charger=charger, connector_number=connector_number, status__in=OPEN_REMOTE_STARTS
        )
        if waiting.filter(expires_at__gt=clock.now()).exists():
            raise ConflictError(
                _("A remote start is waiting there already."), code="remote_start_pending"
            )
        if not insist:
            check_not_reserved(charger, connector_number=connector_number, id_tag=id_tag)
        payload: dict[str, Any] = {"idTag": id_tag}
        if connector_number is not None:
            payload = {"connectorId": connector_number, **payload}
        if charging_profile is not None:
            payload["chargingProfile"] = charging_profile
        command = queue_command(charger, action=ACTION, payload=payload, actor=actor)
        return _intent(command)


def follow_remote_start(command: Command) -> None:
    """What the end of a RemoteStartTransaction means, whoever sent it."""
    known = RemoteStart.objects.select_for_update(no_key=True, of=("self",))
    wish = known.filter(command=command).first()
    if wish is None:
        if not isinstance(command.payload.get("idTag"), str):
            return
        wish = _intent(command)
    if wish.status not in OPEN_REMOTE_STARTS:
        return
    reason = _refusal(command)
    session = find_session(wish)
    if session is not None:
        decide(wish, session)
    elif reason:
        fail(wish, reason)
    elif command.status == CommandStatus.ANSWERED and wish.status == RemoteStartStatus.ASKED:
        REMOTE_START.check(wish.status, RemoteStartStatus.ACCEPTED)
        wish.status = RemoteStartStatus.ACCEPTED
        wish.accepted_at = command.answered_at or clock.now()
        wish.expires_at = wish.accepted_at + _wait(wish.charger_id)
        wish.save(update_fields=["status", "accepted_at", "expires_at"])


def expire_remote_starts(now: datetime | None = None) -> int:
    """Every wish whose time is over: its session if it has one, else a failure; how many."""
    now = now or clock.now()
    overdue = RemoteStart.objects.filter(status__in=OPEN_REMOTE_STARTS, expires_at__lt=now)
    return sum(_expire(pk, now) for pk in overdue.values_list("pk", flat=True))


def _expire(pk: int, now: datetime) -> bool:
    with transaction.atomic():
        wish = (
            RemoteStart.objects.select_for_update(no_key=True, of=("self",))
            .filter(pk=pk, status__in=OPEN_REMOTE_STARTS, expires_at__lt=now)
            .first()
        )
        if wish is None:
            return False
        session = find_session(wish)
        if session is not None:
            decide(wish, session)
        else:
            accepted = wish.status == RemoteStartStatus.ACCEPTED
            fail(wish, NOTHING_STARTED if accepted else NO_ANSWER)
        return True


def _check(charger: Charger, id_tag: str, connector_number: int | None) -> None:
    if not id_tag.strip():
        raise InvalidError(_("Name the id tag to start with."), field="id_tag")
    if len(id_tag) > 20:
        raise InvalidError(_("An id tag has 20 characters at most."), field="id_tag")
    if (
        connector_number is not None
        and not charger.connectors.filter(number=connector_number).exists()
    ):
        raise InvalidError(
            _("This charger has no connector %(number)s.") % {"number": connector_number},
            field="connector_number",
        )


def _intent(command: Command) -> RemoteStart:
    number = command.payload.get("connectorId")
    # Until the answer says more: the command may be sent at its deadline, and answered late.
    answered_by = command.deadline_at + timedelta(seconds=settings.COMMAND_TIMEOUT_S)
    return RemoteStart.objects.create(
        command=command,
        charger_id=command.charger_id,
        connector_number=number if isinstance(number, int) and 0 < number < 2**15 else None,
        id_tag=command.payload["idTag"][:255],
        created_at=command.created_at,
        expires_at=answered_by + _wait(command.charger_id),
    )


def _refusal(command: Command) -> str:
    """Why nothing will start, "" while something may. No answer is no refusal."""
    if command.status == CommandStatus.ANSWERED and command.response_status != "Accepted":
        return NOT_ACCEPTED % (command.response_status or "-")
    return {
        CommandStatus.FAILED.value: ERROR % command.error,
        CommandStatus.EXPIRED.value: NOT_DELIVERED,
        CommandStatus.CANCELLED.value: CANCELLED,
    }.get(command.status, "")


def _wait(charger_pk: int) -> timedelta:
    seconds = known_number(charger_pk, "ConnectionTimeOut")
    wait = DEFAULT_WAIT if not seconds or seconds < 0 else timedelta(seconds=seconds)
    return min(wait, LONGEST_WAIT) + MARGIN
