"""A connector that sells, a driver who has paid there, and a charger that says what it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from chargers.models import (
    Charger,
    ChargingSession,
    Command,
    RemoteStart,
    TariffAssignment,
)
from chargers.services import outcomes
from chargers.store.work import MeterValues, StartTransaction, StopTransaction
from chargers.tests.factories import make_charger, make_location, reading, send_one
from payments.models import PaymentIntent, PrepaidCharge
from payments.services.prepaid.starting import decide_start, start_paid
from payments.tests.factories import make_paid_cpo
from payments.tests.fake_gateway import FakeGateway
from payments.tests.payments import begin, pay
from tariffs.models import (
    ComponentKind,
    PriceComponent,
    TariffElement,
    TariffTemplate,
    TariffVersion,
)
from unievp.lib import clock

METER = 1_000


def make_seller(*, per_kwh: int = 2_000, session_fee: int = 0, **values: Any) -> Charger:
    """A charger of a verified CPO with two connectors; prices of energy and of a session."""
    location = make_location(values.pop("cpo", None) or make_paid_cpo())
    charger = make_charger(location=location, tariff=False, **values)
    set_price(charger, per_kwh=per_kwh, session_fee=session_fee)
    return charger


@transaction.atomic
def set_price(charger: Charger, *, per_kwh: int, session_fee: int = 0) -> TariffVersion:
    """From now on: sessions that begin later have it."""
    now = clock.now()
    template = TariffTemplate.objects.create(
        cpo=charger.cpo, name=f"T{TariffTemplate.objects.count()}"
    )
    version = TariffVersion.objects.create(
        template=template, number=1, valid_from=now - timedelta(days=30)
    )
    element = TariffElement.objects.create(version=version, position=1)
    PriceComponent.objects.create(element=element, kind=ComponentKind.ENERGY, price=per_kwh)
    if session_fee:
        PriceComponent.objects.create(element=element, kind=ComponentKind.FLAT, price=session_fee)
    TariffAssignment.objects.filter(charger=charger).delete()
    TariffAssignment.objects.create(
        template=template, charger=charger, valid_from=now - timedelta(days=1)
    )
    return version


def buy(
    fake: FakeGateway, charger: Charger | None = None, *, amount: int = 50_000, **wish: Any
) -> PaymentIntent:
    """Paid, and the charger was asked to start."""
    charger = charger or make_seller()
    connector = wish.pop("connector", None) or charger.connectors.get(number=1)
    intent = begin(
        fake, amount=amount, cpo=charger.cpo, charger=charger, connector=connector, **wish
    )
    intent = pay(fake, intent)
    start_paid(intent.pk)
    return again(intent)


def again(intent: PaymentIntent) -> PaymentIntent:
    return PaymentIntent.objects.select_related("charge").get(pk=intent.pk)


def charge_of(intent: PaymentIntent) -> PrepaidCharge:
    return PrepaidCharge.objects.select_related("remote_start__command", "id_token").get(
        intent=intent
    )


def answer(intent: PaymentIntent, status: str = "Accepted") -> None:
    """The charger answers the start that it was asked for."""
    wish = charge_of(intent).remote_start
    assert wish is not None
    command = wish.command
    Command.objects.filter(pk=command.pk).update(status="sent", sent_at=clock.now())
    assert outcomes.mark_answered(command.pk, response={"status": status})


def plug_in(intent: PaymentIntent, *, since_s: int = 0, connector: int = 1) -> ChargingSession:
    """The charger starts with the payment's tag, `since_s` seconds ago."""
    charge = charge_of(intent)
    assert charge.id_token is not None
    at = clock.now().replace(microsecond=0) - timedelta(seconds=since_s)
    RemoteStart.objects.filter(prepaid_charge=charge).update(created_at=at)
    work = StartTransaction(connector, charge.id_token.token, METER, at)
    send_one(intent.charger, work)
    decide_start(intent.pk)
    return ChargingSession.objects.latest("pk")


def charging(fake: FakeGateway, charger: Charger | None = None, **wish: Any) -> PaymentIntent:
    """Paid and started, an hour ago by the charger's clock."""
    since_s = wish.pop("since_s", 3600)
    intent = buy(fake, charger, **wish)
    answer(intent)
    plug_in(intent, since_s=since_s)
    return again(intent)


def measure(
    intent: PaymentIntent, energy_wh: int, *, power_w: int | None = None, at: datetime | None = None
) -> ChargingSession:
    """A reading of what the session has so far."""
    session = ChargingSession.objects.get(payment_intent=intent)
    at = (at or clock.now()).replace(microsecond=0)
    one = replace(reading(0, METER + energy_wh, power_w=power_w), measured_at=at)
    send_one(session.charger, MeterValues(1, session.transaction_id, (one,)))
    session.refresh_from_db()
    return session


def unplug(
    intent: PaymentIntent, energy_wh: int, *, reason: str = "Remote", at: datetime | None = None
) -> ChargingSession:
    """The charger says that the session has ended, with so much energy."""
    session = ChargingSession.objects.get(payment_intent=intent)
    at = (at or clock.now()).replace(microsecond=0)
    work = StopTransaction(session.transaction_id, METER + energy_wh, at, reason=reason)
    send_one(session.charger, work)
    session.refresh_from_db()
    return session
