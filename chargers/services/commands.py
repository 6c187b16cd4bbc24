"""Commands to chargers. The row is the queue; an event only says "look".

How a command ends, and what follows from it, is in `chargers.services.outcomes`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.events import CommandQueued
from chargers.models import Charger, Command
from chargers.services.payloads import check_payload, split_secret
from chargers.services.security.rotations import note_rotation
from chargers.store import commands as store
from cpo.access import may_trade
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError
from unievp.lib.events import publish

# What a charge begins with; a charge that runs is stopped, unlocked and measured at any time.
_BEGINNINGS: Final = frozenset({"RemoteStartTransaction", "ReserveNow"})


def queue_command(
    charger: Charger,
    *,
    action: str,
    payload: dict[str, Any],
    actor: User | str,
    deadline_s: int | None = None,
) -> Command:
    """Put a CALL into the charger's queue; it is never sent after `deadline_s` seconds.

    `actor` is a person, or the name of what asked by itself ("api key: Acme"). Raises ConflictError
    for a retired charger, RefusedError for a beginning where the company is not verified or is
    suspended, InvalidError for no action or a payload that no frame can carry. Whether
    the payload is what OCPP asks for is the caller's business: staff may insist.
    """
    if charger.is_retired:
        raise ConflictError(_("This charger is retired."), code="charger_retired")
    if not action:
        raise InvalidError(_("Name an action."), field="action")
    if action in _BEGINNINGS and not may_trade(charger.cpo):
        raise RefusedError(_("This company does not sell charging now."), code="cpo_not_verified")
    check_payload(payload)
    payload, secret = split_secret(action, payload)
    now = clock.now()
    user = actor if isinstance(actor, User) else None
    seconds = settings.COMMAND_DEADLINE_S if deadline_s is None else deadline_s
    with transaction.atomic():
        command = Command.objects.create(
            charger=charger,
            action=action,
            payload=payload,
            secret=secret,
            requested_by=user,
            requested_label=(user.get_username() if user else str(actor))[:150],
            created_at=now,
            deadline_at=now + timedelta(seconds=seconds),
        )
        if secret:
            note_rotation(command)
        # Not the payload: it may be a key. The command's own row has it until it is delivered.
        audit.record(
            actor=actor,
            action=f"command.{action}"[:64],
            subject=charger,
            after={"command": str(command.pk)},
            cpo=charger.cpo,
        )
        publish(CommandQueued(charger.pk))
    return command


def claim_next(charger_pk: int, connection_id: UUID | None = None) -> Command | None:
    """The oldest waiting command, now `sent` and yours alone; None when there is none.

    With `connection_id` only while that connection is the charger's newest.
    """
    return store.claim(charger_pk, connection_id, clock.now())
