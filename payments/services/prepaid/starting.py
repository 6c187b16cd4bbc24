"""Paid: the charger is asked to start, once; what does not start is paid back, whole.

The id token is made for this one start: it is good at this charger only, and blocked as soon as
its session is known or the wish has failed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop

from chargers.models import (
    Charger,
    CommandStatus,
    RemoteStart,
    RemoteStartStatus,
    SessionStatus,
)
from chargers.services.remote_starts.intents import start_remotely
from payments.events import ChargeChanged
from payments.models import ChargeStatus, IntentStatus, PaymentIntent, PrepaidCharge
from payments.services.intents.history import lock_intent, note
from payments.services.prepaid.binding import bind, session_of
from payments.services.prepaid.closing import deposit_of, fail_charge
from payments.services.prepaid.tokens import make_token, retire_token
from payments.states import CHARGE_TRANSITIONS
from unievp.lib import clock
from unievp.lib.errors import DomainError
from unievp.lib.events import publish

LATE: Final = gettext_noop("The payment came after its time was up")
TOO_LONG_AGO: Final = gettext_noop("The payment was confirmed too late to start charging")
IN_USE: Final = gettext_noop("Somebody else is charging at this connector")
ALSO_STARTING: Final = gettext_noop("Somebody else is starting at this connector")
RESERVED: Final = gettext_noop("Somebody has reserved this connector")
OUT_OF_SERVICE: Final = gettext_noop("This charger is out of service")
GIVEN_BACK: Final = gettext_noop("The payment was given back")
UNREACHABLE: Final = gettext_noop("The charger could not be reached")
SAID_NO: Final = gettext_noop("The charger refused to start")
NOT_PLUGGED_IN: Final = gettext_noop("No car was plugged in in time")

_REFUSALS: Final = {
    "remote_start_pending": ALSO_STARTING,
    "connector_reserved": RESERVED,
}
_SAW_MONEY: Final = ("paid", "review")


def start_paid(intent_id: UUID) -> PrepaidCharge | None:
    """Ask for the start that was paid for; again: nothing. None for a payment of something else."""
    with transaction.atomic():
        intent = lock_intent(intent_id)
        charge = PrepaidCharge.objects.select_for_update().filter(intent=intent).first()
        if charge is None or charge.status != ChargeStatus.WAITING or not intent.paid:
            return charge
        if intent.is_late or intent.refunded:
            fail_charge(intent, charge, LATE if intent.is_late else GIVEN_BACK)
        elif intent.status == IntentStatus.SUCCEEDED:
            _start(intent, charge)
    return charge


def decide_start(intent_id: UUID) -> PrepaidCharge | None:
    """What became of the start that was asked for: a session, or the money back, or still open."""
    with transaction.atomic():
        intent = lock_intent(intent_id)
        charge = (
            PrepaidCharge.objects.select_for_update(of=("self",))
            .select_related("remote_start__command", "id_token")
            .filter(intent=intent)
            .first()
        )
        if charge is None or charge.status != ChargeStatus.STARTING:
            return charge
        if bind(intent, charge) is not None or charge.remote_start is None:
            return charge
        if charge.remote_start.status == RemoteStartStatus.FAILED:
            _give_up(intent, charge, charge.remote_start)
    return charge


def _start(intent: PaymentIntent, charge: PrepaidCharge) -> None:
    connector = intent.connector
    if connector is None:
        return
    charger = Charger.objects.select_related("cpo").get(pk=connector.charger_id)
    reason = _obstacle(intent)
    if not reason:
        try:
            with transaction.atomic():
                charge.id_token = make_token(intent, charger)
                charge.remote_start = start_remotely(
                    charger,
                    id_tag=charge.id_token.token,
                    actor="payments",
                    connector_number=connector.number,
                )
        except DomainError as refusal:
            reason = _REFUSALS.get(refusal.code or "", OUT_OF_SERVICE)
    if reason:
        charge.id_token = charge.remote_start = None
        fail_charge(intent, charge, reason)
        return
    CHARGE_TRANSITIONS.check(charge.status, ChargeStatus.STARTING)
    charge.status = ChargeStatus.STARTING
    charge.save(update_fields=["id_token", "remote_start", "status"])
    note(intent, kind="start_asked", source="payments")
    publish(ChargeChanged(intent.pk))


def _obstacle(intent: PaymentIntent) -> str:
    """Why not even to ask; "" where there is no reason."""
    if not deposit_of(intent):
        return GIVEN_BACK
    window = timedelta(minutes=settings.PREPAID_START_MINUTES)
    seen = intent.events.filter(kind__in=_SAW_MONEY).order_by("-at").first()
    if seen is not None and clock.now() - seen.at > window:
        return TOO_LONG_AGO
    connector = intent.connector
    if connector and connector.sessions.filter(status=SessionStatus.ACTIVE).exists():
        return IN_USE
    return ""


def _give_up(intent: PaymentIntent, charge: PrepaidCharge, wish: RemoteStart) -> None:
    """Nothing can start with the token from here on: it is blocked first, then looked for.

    A start that is being stored holds the token's row, so that it is either seen or refused.
    """
    retire_token(charge.id_token_id)
    if session_of(charge) is not None:
        bind(intent, charge)
        return
    fail_charge(intent, charge, _words(wish))


def _words(wish: RemoteStart) -> str:
    """For the driver; the operator reads the remote start's own reason."""
    command = wish.command
    if wish.accepted_at is not None:
        return NOT_PLUGGED_IN
    return SAID_NO if command.status == CommandStatus.ANSWERED else UNREACHABLE
