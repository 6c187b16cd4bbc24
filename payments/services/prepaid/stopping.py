"""A prepaid charge is asked to stop, again and again, until the charger says that it has."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from chargers.models import Charger, ChargingSession, Command, CommandStatus, SessionStatus
from chargers.services.commands import queue_command
from cpo.access import Actor, Right, audit_name, require_right
from cpo.models import ApiKey, Driver, User
from payments.events import ChargeChanged
from payments.models import ChargeStatus, PaymentIntent, PrepaidCharge, StopReason
from payments.services.intents.history import lock_intent, note
from unievp.lib import clock
from unievp.lib.errors import ConflictError, DomainError
from unievp.lib.events import publish

ACTION: Final = "RemoteStopTransaction"
# A charger that was asked so long ago is asked once more; one that does not listen, less often.
REPEAT: Final = timedelta(seconds=20)
REPEAT_LATER: Final = timedelta(minutes=5)
PATIENCE: Final = 6

DOES_NOT_STOP: Final = gettext_noop("The charger does not stop although it was asked to")

_OPEN_COMMAND: Final = (CommandStatus.QUEUED, CommandStatus.SENT)


def stop_charging(intent: PaymentIntent, *, actor: Actor | str) -> PaymentIntent:
    """The driver, or whoever else may, has enough: the charger is asked to stop, the rest goes
    back when it has. Before anything started, whatever starts is stopped at once.

    `actor` "driver": who holds the payment's link. Again: the same wish, asked again when it is
    time to. Raises ForbiddenError, ConflictError (nothing is paid for, or it is over).
    """
    if isinstance(actor, Driver):
        actor = "driver"
    elif not isinstance(actor, str):
        require_right(actor, intent.cpo, Right.OPERATE)
    with transaction.atomic():
        locked = lock_intent(intent.pk)
        charge = PrepaidCharge.objects.select_for_update().filter(intent=locked).first()
        if charge is None or charge.status in (ChargeStatus.ENDED, ChargeStatus.FAILED):
            raise ConflictError(_("There is nothing to stop any more."), code="charge_over")
        if locked.paid_at is None:
            raise ConflictError(_("This payment is not paid yet."), code="not_paid")
        reason = StopReason.DRIVER if actor == "driver" else StopReason.STAFF
        ask_stop(locked, charge, reason=reason, actor=_name(actor))
    return locked


def ask_stop(
    intent: PaymentIntent, charge: PrepaidCharge, *, reason: StopReason, actor: User | str
) -> bool:
    """Ask now unless the charger was asked a moment ago; whether it was. Both rows are locked.

    The first reason stays. A charge without a session remembers the wish.
    """
    now = clock.now()
    if intent.stop_asked_at is None:
        intent.stop_asked_at = now
        intent.save(update_fields=["stop_asked_at"])
        charge.stop_reason = reason
        charge.save(update_fields=["stop_reason"])
        note(intent, kind="stop_asked", source=str(actor), detail=reason.value)
        publish(ChargeChanged(intent.pk))
    session = intent.session
    if session is None or session.status == SessionStatus.ENDED or not _is_time(charge, now):
        return False
    return _send(charge, session, actor, now)


def recent_stops(now: datetime) -> QuerySet[Command]:
    """What asked a charger to stop so lately that it need not hear it again."""
    return Command.objects.filter(action=ACTION, created_at__gt=now - REPEAT_LATER)


def stop_stray(session: ChargingSession) -> None:
    """A session of a payment that was given back already: it is not to go on."""
    queue_command(
        session.charger,
        action=ACTION,
        payload={"transactionId": session.transaction_id},
        actor="payments",
    )


def _send(
    charge: PrepaidCharge, session: ChargingSession, actor: User | str, now: datetime
) -> bool:
    charge.stop_tries += 1
    charge.stop_repeated_at = now
    if charge.stop_tries > PATIENCE:
        charge.trouble = charge.trouble or DOES_NOT_STOP
    try:
        charge.stop_command = queue_command(
            Charger.objects.get(pk=session.charger_id),
            action=ACTION,
            payload={"transactionId": session.transaction_id},
            actor=actor,
        )
    except DomainError as refusal:
        charge.trouble = str(refusal)[:200]
    charge.save(update_fields=["stop_tries", "stop_repeated_at", "stop_command", "trouble"])
    return True


def _is_time(charge: PrepaidCharge, now: datetime) -> bool:
    """Not while the last one is on its way, nor right after it."""
    if charge.stop_repeated_at is None:
        return True
    command = charge.stop_command
    if command is not None and command.status in _OPEN_COMMAND and command.deadline_at > now:
        return False
    wait = REPEAT if charge.stop_tries < PATIENCE else REPEAT_LATER
    return now - charge.stop_repeated_at >= wait


def _name(actor: Actor | str) -> User | str:
    if isinstance(actor, str):
        return actor
    return audit_name(actor) if isinstance(actor, ApiKey | User) else "nobody"
