"""A driver wants to pay: the rows first, the gateway later (architecture §4, a payment)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import Charger, Connector
from cpo.access import may_trade
from cpo.models import CPO, Driver
from payments.events import AttemptCreated, AttemptWithdrawn
from payments.gateways.base import Method
from payments.models import AttemptStatus, PaymentAttempt, PaymentIntent
from payments.services.intents.history import lock_intent, note
from payments.services.prepaid.promising import promise_charge
from payments.services.providers import choose_config
from payments.states import OPEN_INTENTS, IntentStatus
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError
from unievp.lib.events import publish

MOST_ATTEMPTS: Final = 5
_VIRTUAL_ACCOUNT: Final = "va_"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a driver wants to pay for. `amount` in minor units; the limits are what is bought.

    `secret` is given where a repetition must meet its first copy: it is unique.
    """

    amount: int
    method: str
    charger: Charger | None = None
    connector: Connector | None = None
    driver: Driver | None = None
    description: str = ""
    limit_energy_wh: int | None = None
    limit_minutes: int | None = None
    email: str = ""
    language: str = "id"
    secret: str = ""


def create_intent(cpo: CPO, wish: Wish, *, created_by: str) -> PaymentIntent:
    """A payment, with its first attempt waiting to be sent.

    With a connector its price is frozen, and what is paid for starts there by itself. Raises
    InvalidError (amount, method), RefusedError (not verified, method not offered, nothing sold).
    """
    if not may_trade(cpo):
        raise RefusedError(_("This company does not take payments."), code="cpo_not_verified")
    chosen = _method(wish.method)
    _check_amount(wish.amount)
    now = clock.now()
    config = choose_config(cpo, chosen)
    with transaction.atomic():
        intent = PaymentIntent.objects.create(
            cpo=cpo,
            charger=wish.charger,
            connector=wish.connector,
            driver=wish.driver,
            currency=settings.CURRENCY,
            amount=wish.amount,
            method=chosen.value,
            description=wish.description[:200],
            limit_energy_wh=wish.limit_energy_wh,
            limit_minutes=wish.limit_minutes,
            email=wish.email,
            language=wish.language,
            **({"secret": wish.secret} if wish.secret else {}),
            created_by=created_by[:150],
            created_at=now,
            expires_at=now + _life(chosen),
        )
        note(intent, kind="created", source="api", amount=wish.amount)
        if wish.connector is not None:
            promise_charge(intent, wish.connector)
        _add_attempt(intent, config_id=config.pk)
    return intent


def retry_intent(intent: PaymentIntent, *, method: str | None = None) -> PaymentAttempt:
    """Another attempt, maybe by another method, while nothing is paid.

    The same wish again, before it was sent: the same attempt. What is open at a gateway is
    withdrawn there; who pays it all the same gets that money back. Raises ConflictError (paid,
    over, or too many attempts), InvalidError, RefusedError.
    """
    chosen = _method(method or intent.method)
    config = choose_config(intent.cpo, chosen)
    with transaction.atomic():
        locked = lock_intent(intent.pk)
        if locked.status not in (*OPEN_INTENTS, IntentStatus.FAILED):
            raise ConflictError(_("This payment is over."), code="payment_over")
        newest = locked.attempts.order_by("-number").first()
        if newest and newest.status == AttemptStatus.NEW and newest.method == chosen.value:
            return newest
        if locked.attempts.count() >= MOST_ATTEMPTS:
            raise ConflictError(_("Too many attempts: begin anew."), code="too_many_attempts")
        for opened in locked.attempts.filter(status=AttemptStatus.OPEN):
            publish(AttemptWithdrawn(opened.pk))
        locked.method = chosen.value
        locked.expires_at = clock.now() + _life(chosen)
        locked.save(update_fields=["method", "expires_at"])
        return _add_attempt(locked, config_id=config.pk)


def _add_attempt(intent: PaymentIntent, *, config_id: UUID) -> PaymentAttempt:
    number = intent.attempts.count() + 1
    attempt = PaymentAttempt.objects.create(
        intent=intent,
        number=number,
        config_id=config_id,
        # Our id and the number: unique for ever, and every gateway takes its letters.
        reference=f"pi-{intent.pk.hex}-a{number}",
        method=intent.method,
        amount=intent.amount,
        status=AttemptStatus.NEW,
        expires_at=intent.expires_at,
        created_at=clock.now(),
    )
    publish(AttemptCreated(attempt.pk))
    return attempt


def _method(name: str) -> Method:
    try:
        return Method(name)
    except ValueError:
        known = ", ".join(method.value for method in Method)
        detail = _("Unknown method. Known: %(known)s.") % {"known": known}
        raise InvalidError(detail, field="method") from None


def _check_amount(amount: int) -> None:
    if not settings.PAYMENT_MINIMUM <= amount <= settings.PAYMENT_MAXIMUM:
        detail = _("An amount from %(least)d to %(most)d.") % {
            "least": settings.PAYMENT_MINIMUM,
            "most": settings.PAYMENT_MAXIMUM,
        }
        raise InvalidError(detail, field="amount", code="amount_out_of_range")


def _life(method: Method) -> timedelta:
    if method.startswith(_VIRTUAL_ACCOUNT):
        return timedelta(hours=settings.PAYMENT_VA_HOURS)
    return timedelta(minutes=settings.PAYMENT_MINUTES)
