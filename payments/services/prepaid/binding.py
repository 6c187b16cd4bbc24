"""A session belongs to the payment whose token began it, at the price that was promised."""

from __future__ import annotations

from uuid import UUID

from chargers.models import AuthorizationStatus, ChargingSession
from chargers.services.promises import keep_promise
from chargers.services.sessions.tariff import TariffAtStart
from payments.events import ChargeChanged
from payments.models import ChargeStatus, PaymentIntent, PrepaidCharge, StopReason
from payments.services.intents.history import lock_intent, note
from payments.services.prepaid.stopping import ask_stop
from payments.services.prepaid.tokens import retire_token
from payments.states import CHARGE_TRANSITIONS
from unievp.lib import clock
from unievp.lib.events import publish


def session_of(charge: PrepaidCharge) -> ChargingSession | None:
    """The one that started with the charge's token, wherever its charger started it."""
    if charge.id_token_id is None:
        return None
    return (
        ChargingSession.objects.filter(
            id_token_id=charge.id_token_id, authorization=AuthorizationStatus.ACCEPTED
        )
        .order_by("pk")
        .first()
    )


def bind(intent: PaymentIntent, charge: PrepaidCharge) -> ChargingSession | None:
    """The payment's session, bound now if it is known; both rows are locked by the caller."""
    if charge.status != ChargeStatus.STARTING:
        return intent.session
    session = session_of(charge)
    if session is None:
        return None
    version_id = charge.tariff_version_id
    promised = TariffAtStart(version_id, intent.currency, charge.tariff_snapshot)
    keep_promise(session.pk, promised)
    session.refresh_from_db()
    CHARGE_TRANSITIONS.check(charge.status, ChargeStatus.CHARGING)
    charge.status, charge.look_at = ChargeStatus.CHARGING, clock.now()
    charge.save(update_fields=["status", "look_at"])
    intent.session = session
    intent.save(update_fields=["session"])
    retire_token(charge.id_token_id)
    note(intent, kind="charging", source="payments", detail=str(session))
    publish(ChargeChanged(intent.pk))
    if intent.stop_asked_at is not None:
        # Somebody had enough before it began.
        ask_stop(
            intent, charge, reason=StopReason(charge.stop_reason or "driver"), actor="payments"
        )
    return session


def lock_payment_of(session_id: int) -> tuple[PaymentIntent, PrepaidCharge] | None:
    """The payment of a session, locked and bound; None for a session on account."""
    intent_id = _payment_id(session_id)
    if intent_id is None:
        return None
    intent = lock_intent(intent_id)
    charge = PrepaidCharge.objects.select_for_update().get(intent=intent)
    bound = bind(intent, charge)
    if bound is None or bound.pk != session_id:
        return None
    return intent, charge


def _payment_id(session_id: int) -> UUID | None:
    """From the session's own row: each join has an index, however many payments there are."""
    found: tuple[UUID | None, UUID | None] | None = (
        ChargingSession.objects.filter(pk=session_id)
        .values_list("payment_intent", "id_token__prepaid_charge__intent")
        .first()
    )
    return None if found is None else found[0] or found[1]
