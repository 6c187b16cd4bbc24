"""Commands of ours to whoever owns a charger: written down here, sent by `sending`.

Nothing is called: the row and its event are the caller's transaction's.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cpo.models import Driver, User
from cpo.services import audit
from ocpi.events import SentCommandQueued
from ocpi.models import (
    OPEN_STATUSES,
    Allowed,
    CommandType,
    InterfaceRole,
    OwnToken,
    Partner,
    PartnerStatus,
    SentCommand,
    SentStatus,
)
from ocpi.services.drivers.judging import verdict
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError
from unievp.lib.events import publish

LONGEST_RESERVATION: Final = timedelta(hours=24)
_NOES: Final[Mapping[Allowed, Promise]] = MappingProxyType(
    {
        Allowed.BLOCKED: gettext_lazy("Roaming is blocked for this driver."),
        Allowed.EXPIRED: gettext_lazy("This card has expired."),
        Allowed.NO_CREDIT: gettext_lazy("What is open has to be paid first."),
        Allowed.NOT_ALLOWED: gettext_lazy("This card is not the driver's any more."),
    }
)


@dataclass(frozen=True, slots=True)
class Target:
    """Whose charger, and which: the ids of the party that owns it. `partner` is how to reach it."""

    partner: Partner
    country_code: str
    party_id: str
    location_id: str = ""
    evse_uid: str = ""
    connector_id: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """`driver` sees the command as an own one; None: the help desk. `label` for the audit."""

    label: User | str
    driver: Driver | None = None


def ask_start(token: OwnToken, target: Target, *, asker: Asker) -> SentCommand:
    """START_SESSION. Raises RefusedError (driver, partner), ConflictError (one is under way)."""
    _check_driver(token)
    try:
        with transaction.atomic():
            return _queue(
                CommandType.START_SESSION,
                target,
                asker,
                token=token,
                authorization_reference=str(uuid.uuid4()),
            )
    except IntegrityError as error:
        if not _open(CommandType.START_SESSION, token=token):
            raise
        detail = _("A charge is being started for this driver; wait for its result.")
        raise ConflictError(detail, code="start_under_way") from error


def ask_stop(session_id: str, target: Target, *, asker: Asker) -> SentCommand:
    """STOP_SESSION. Raises RefusedError, ConflictError (the same is under way)."""
    with transaction.atomic():
        # Of two at once the second waits, and finds the first.
        Partner.objects.select_for_update(of=("self",), no_key=True).get(pk=target.partner.pk)
        if _open(CommandType.STOP_SESSION, partner=target.partner, session_id=session_id):
            detail = _("This charge is being stopped; wait for the result.")
            raise ConflictError(detail, code="stop_under_way")
        return _queue(CommandType.STOP_SESSION, target, asker, session_id=session_id)


def ask_reservation(
    token: OwnToken, target: Target, *, until: datetime, asker: Asker
) -> SentCommand:
    """RESERVE_NOW under an id of our own. Raises InvalidError, RefusedError."""
    now = clock.now()
    if not now < until <= now + LONGEST_RESERVATION:
        raise InvalidError(_("A time within the next 24 hours, please."), field="until")
    _check_driver(token)
    return _queue(
        CommandType.RESERVE_NOW,
        target,
        asker,
        token=token,
        expires_at=until,
        reservation_id=str(uuid.uuid4()),
        authorization_reference=str(uuid.uuid4()),
    )


def ask_cancellation(reservation: SentCommand, *, asker: Asker) -> SentCommand:
    """CANCEL_RESERVATION of one that was granted. Raises ConflictError, RefusedError."""
    with transaction.atomic():
        row = SentCommand.objects.select_for_update(of=("self",)).get(pk=reservation.pk)
        granted = row.status == SentStatus.SUCCEEDED
        if row.type != CommandType.RESERVE_NOW or not granted:
            raise ConflictError(_("This reservation is not in force."), code="no_reservation")
        if _open(CommandType.CANCEL_RESERVATION, reservation_id=row.reservation_id):
            detail = _("This reservation is being cancelled; wait for the result.")
            raise ConflictError(detail, code="cancellation_under_way")
        target = Target(row.partner, row.country_code, row.party_id, row.location_id)
        return _queue(
            CommandType.CANCEL_RESERVATION,
            target,
            asker,
            token=row.token,
            reservation_id=row.reservation_id,
        )


def ask_unlock(target: Target, *, asker: Asker) -> SentCommand:
    """UNLOCK_CONNECTOR, for the help desk (never a driver: OCPI 2.2.1 §13.3). Raises
    InvalidError without EVSE and connector, RefusedError.
    """
    if not target.evse_uid or not target.connector_id:
        raise InvalidError(_("Name the EVSE and its connector."), field="connector_id")
    return _queue(CommandType.UNLOCK_CONNECTOR, target, asker)


def _queue(kind: CommandType, target: Target, asker: Asker, **values: Any) -> SentCommand:
    _check_partner(target.partner)
    now = clock.now()
    label = asker.label if isinstance(asker.label, str) else asker.label.get_username()
    with transaction.atomic():
        row = SentCommand.objects.create(
            partner=target.partner,
            type=kind,
            driver=asker.driver,
            requested_label=label[:150],
            country_code=target.country_code.upper(),
            party_id=target.party_id.upper(),
            location_id=target.location_id,
            evse_uid=target.evse_uid,
            connector_id=target.connector_id,
            created_at=now,
            deadline_at=now + timedelta(seconds=settings.OCPI_COMMAND_TIMEOUT_S),
            **values,
        )
        audit.record(
            actor=asker.label,
            action="ocpi_command.send",
            subject=row,
            after={
                "command": str(kind),
                "partner": target.partner.name,
                "location": target.location_id,
                "evse": target.evse_uid,
                "session": row.session_id,
            },
        )
        publish(SentCommandQueued(str(row.pk)))
    return row


def _open(kind: CommandType, **values: Any) -> bool:
    return SentCommand.objects.filter(type=kind, status__in=OPEN_STATUSES, **values).exists()


def _check_driver(token: OwnToken) -> None:
    said = verdict(token, clock.now())
    if said != Allowed.ALLOWED:
        raise RefusedError(str(_NOES[said]), code=said.lower())


def _check_partner(partner: Partner) -> None:
    if partner.status != PartnerStatus.REGISTERED:
        raise RefusedError(_("This company is not connected at present."), code="partner_away")
    served = partner.endpoints.filter(identifier="commands", role=InterfaceRole.RECEIVER)
    if not served.exists():
        detail = _("This company takes no commands; use a card at the charger.")
        raise RefusedError(detail, code="no_commands")
