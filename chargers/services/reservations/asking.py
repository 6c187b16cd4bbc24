"""Asking a charger to keep a connector free, and to keep it otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.events import ReservationChanged
from chargers.models import (
    Charger,
    Command,
    CommandStatus,
    Reservation,
    ReservationStatus,
)
from chargers.selectors.reservations import expected_refusals
from chargers.services.commands import queue_command
from chargers.services.reservations.ends import locked
from chargers.store.reservations import next_number
from chargers.store.tokens import find_tokens
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError
from unievp.lib.events import publish

ACTION: Final = "ReserveNow"
_OPEN_COMMANDS: Final = (CommandStatus.QUEUED, CommandStatus.SENT)
_LONGEST_TAG: Final = 20


def reserve(
    charger: Charger,
    *,
    connector_number: int,
    id_tag: str,
    expires_at: datetime,
    actor: User | str,
    parent_id_tag: str = "",
    insist: bool = False,
) -> Reservation:
    """Ask `charger` to keep a connector (0: any one) for `id_tag` until `expires_at`.

    Its answer makes the row `active` or `rejected`, never we. Without `parent_id_tag` the group
    that we know the tag by is sent. Raises InvalidError (a field that no charger can take),
    ConflictError (a retired charger; the same was asked for and is not answered yet; or what we
    know says that the charger will refuse, which `insist` leaves to the charger).
    """
    wanted = _checked(charger, connector_number, id_tag, expires_at, parent_id_tag)
    with transaction.atomic():
        # One at a time per charger, so that two clicks cannot both find nothing asked for.
        Charger.objects.select_for_update(no_key=True).get(pk=charger.pk)
        _refuse_twice(charger, connector_number, wanted["id_tag"])
        if not insist:
            _expect_acceptance(charger, connector_number)
        row = _asked_for(charger, wanted, actor)
        _audit(row, "reservation.ask", actor, after=_said(row))
        publish(ReservationChanged(row.pk, row.status))
    return row


def change_reservation(
    reservation: Reservation,
    *,
    actor: User | str,
    connector_number: int | None = None,
    id_tag: str | None = None,
    expires_at: datetime | None = None,
    parent_id_tag: str | None = None,
    insist: bool = False,
) -> Reservation:
    """Ask for another end, tag or connector: ReserveNow with the same number replaces it (§5.13).

    The row stays as it is until the charger accepts. Raises as `reserve` does, and ConflictError
    for one that is not active or whose last change is not answered yet.
    """
    with transaction.atomic():
        row = locked(Reservation.objects.filter(pk=reservation.pk)).get()
        if row.status != ReservationStatus.ACTIVE:
            raise ConflictError(_("This reservation is not in force."), code="reservation_over")
        if row.command.status in _OPEN_COMMANDS:
            raise ConflictError(_("The charger has not answered yet."), code="reservation_pending")
        wanted = _checked(
            row.charger,
            row.connector_number if connector_number is None else connector_number,
            row.id_tag if id_tag is None else id_tag,
            row.expires_at if expires_at is None else expires_at,
            _parent(row, id_tag, parent_id_tag),
        )
        if not insist:
            _expect_acceptance(row.charger, wanted["connector_number"], besides=row)
        before = _said(row)
        row.command = _send(row.charger, {**wanted, "number": row.number}, actor)
        row.note = ""
        row.save(update_fields=["command", "note"])
        after = before | {name: str(value) for name, value in wanted.items()}
        _audit(row, "reservation.change", actor, before=before, after=after)
    return row


def _checked(
    charger: Charger, connector_number: int, id_tag: str, expires_at: datetime, parent_id_tag: str
) -> dict[str, Any]:
    """The columns of what is asked for. Raises InvalidError naming the field."""
    id_tag, parent = id_tag.strip(), parent_id_tag.strip()
    # As it goes over the wire.
    expires_at = expires_at.replace(microsecond=0)
    if not id_tag:
        raise InvalidError(_("Name the id tag to reserve for."), field="id_tag")
    for field, value in (("id_tag", id_tag), ("parent_id_tag", parent)):
        if len(value) > _LONGEST_TAG:
            raise InvalidError(_("An id tag has 20 characters at most."), field=field)
    if expires_at <= clock.now():
        raise InvalidError(_("This time is over. Name a later one."), field="expires_at")
    if connector_number and not charger.connectors.filter(number=connector_number).exists():
        raise InvalidError(
            _("This charger has no connector %(number)s.") % {"number": connector_number},
            field="connector_number",
        )
    if not parent:
        (token,) = find_tokens([(charger.pk, id_tag)])
        parent = token.group if token else ""
    return {
        "connector_number": connector_number,
        "id_tag": id_tag,
        "parent_id_tag": parent,
        "expires_at": expires_at,
    }


def _parent(row: Reservation, id_tag: str | None, parent_id_tag: str | None) -> str:
    """The group of another tag is another one, too; "" to look it up."""
    if parent_id_tag is not None:
        return parent_id_tag
    return row.parent_id_tag if id_tag is None else ""


def _refuse_twice(charger: Charger, connector_number: int, id_tag: str) -> None:
    asked = Reservation.objects.filter(
        charger=charger,
        connector_number=connector_number,
        id_tag__iexact=id_tag,
        status=ReservationStatus.REQUESTED,
    )
    if asked.exists():
        raise ConflictError(
            _("The same is asked for already; the charger has not answered yet."),
            code="reservation_pending",
        )


def _expect_acceptance(
    charger: Charger, connector_number: int, *, besides: Reservation | None = None
) -> None:
    doubts = expected_refusals(charger, connector_number, besides=besides)
    if doubts:
        doubts.append(str(_("Insist to ask the charger all the same.")))
        raise ConflictError(" ".join(doubts), code="reservation_unlikely")


def _asked_for(charger: Charger, wanted: Mapping[str, Any], actor: User | str) -> Reservation:
    number = next_number()
    command = _send(charger, {**wanted, "number": number}, actor)
    return Reservation.objects.create(
        **wanted,
        number=number,
        charger=charger,
        created_at=command.created_at,
        created_by=command.requested_by,
        created_label=command.requested_label,
        command=command,
    )


def _send(charger: Charger, wanted: Mapping[str, Any], actor: User | str) -> Command:
    expires_at: datetime = wanted["expires_at"]
    payload: dict[str, Any] = {
        "connectorId": wanted["connector_number"],
        "expiryDate": clock.isoformat_z(expires_at),
        "idTag": wanted["id_tag"],
        "reservationId": wanted["number"],
    }
    if wanted["parent_id_tag"]:
        payload["parentIdTag"] = wanted["parent_id_tag"]
    left = int((expires_at - clock.now()).total_seconds())
    deadline_s = max(1, min(settings.COMMAND_DEADLINE_S, left))
    return queue_command(
        charger, action=ACTION, payload=payload, actor=actor, deadline_s=deadline_s
    )


def _audit(
    row: Reservation,
    action: str,
    actor: User | str,
    *,
    after: dict[str, str],
    before: dict[str, str] | None = None,
) -> None:
    audit.record(
        actor=actor, action=action, subject=row, before=before, after=after, cpo=row.charger.cpo
    )


def _said(row: Reservation) -> dict[str, str]:
    return {
        "reservation": str(row.number),
        "connector_number": str(row.connector_number),
        "id_tag": row.id_tag,
        "parent_id_tag": row.parent_id_tag,
        "expires_at": str(row.expires_at),
    }
