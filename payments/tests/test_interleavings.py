"""Whatever comes in whatever order, the books balance and all money has an owner.

Webhooks are doubled, lost, reordered and forged; polls, cancels, expiries, refunds, starts, stops
and bills come in between; workers die inside their calls. Nudges are never delivered here, so that
each step is one that a sweep found, too.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chargers.models import (
    ChargingSession,
    Command,
    IdToken,
    RemoteStart,
    RemoteStartStatus,
    SessionStatus,
)
from chargers.services import outcomes
from chargers.services.remote_starts.intents import expire_remote_starts
from chargers.services.sessions import end_without_stop
from chargers.store.work import StartTransaction, StopTransaction
from chargers.tests.factories import send_one
from payments.chart import Booking, Code, deposit_account, transit_account
from payments.gateways.base import BadSignatureError, PaymentState, RefundState
from payments.models import (
    AttemptStatus,
    Bill,
    ChargeStatus,
    IntentStatus,
    LedgerAccount,
    LedgerTransaction,
    PaymentAttempt,
    PaymentIntent,
    PrepaidCharge,
    ProviderConfig,
    Refund,
    RefundStatus,
    WebhookDelivery,
)
from payments.services import following, ledger, webhooks
from payments.services.check_books import check_books
from payments.services.intents.creating import Wish, create_intent, retry_intent
from payments.services.intents.ending import cancel_intent, expire_intent, withdraw_intent
from payments.services.intents.sending import check_attempt, send_attempt
from payments.services.prepaid import following as prepaid
from payments.services.prepaid.starting import decide_start, start_paid
from payments.services.prepaid.stopping import stop_charging
from payments.services.refunds.sending import check_refund, send_refund
from payments.services.refunds.starting import request_refund
from payments.tests.factories import make_paid_cpo, make_staff
from payments.tests.memory_gateway import TOKEN, KilledError, MemoryGateway
from payments.tests.payments import EVERY_METHOD
from payments.tests.prepaid import METER, make_seller
from unievp.lib import clock
from unievp.lib.errors import DomainError

pytestmark = pytest.mark.django_db

AMOUNT = 50_000
_real_now = clock.now


class World:
    """One charger, one payment at a time, and everything that may happen to it."""

    def __init__(self) -> None:
        self.gateway = MemoryGateway()
        self.skip = timedelta(0)
        self.charger = make_seller(cpo=make_paid_cpo())
        self.staff = make_staff()
        ProviderConfig.objects.create(
            provider="xendit",
            environment="sandbox",
            name="memory",
            methods=EVERY_METHOD,
            api_key="xnd_development_memory",
            webhook_secret=TOKEN,
            base_url="http://127.0.0.1:8010",
        )
        self.intent = self._order()

    def now(self) -> Any:
        return _real_now() + self.skip

    def _order(self) -> PaymentIntent:
        connector = self.charger.connectors.get(number=1)
        wish = Wish(AMOUNT, "qris", charger=self.charger, connector=connector)
        return create_intent(self.charger.cpo, wish, created_by="test")

    # --- what may happen -----------------------------------------------------------------------

    def order(self, _n: int) -> None:
        """Another driver, at the same connector."""
        self.intent = self._order()

    def send(self, _n: int) -> None:
        for attempt in self._attempts(AttemptStatus.NEW):
            send_attempt(attempt.pk)

    def retry(self, _n: int) -> None:
        retry_intent(self._fresh())

    def pay(self, n: int) -> None:
        """Only what a driver could see; also after its end, sometimes the wrong amount."""
        shown = PaymentAttempt.objects.exclude(gateway_id="").order_by("pk")
        if shown:
            amount = AMOUNT - 1_000 if n % 7 == 0 else None
            self.gateway.pay(shown[n % len(shown)].gateway_id, amount)

    def lapse(self, n: int) -> None:
        open_ones = [p for p in self.gateway.payments.values() if not p.payment_id]
        if open_ones:
            ends = (PaymentState.EXPIRED, PaymentState.FAILED, PaymentState.UNKNOWN)
            open_ones[n % len(open_ones)].state = ends[n % 3]

    def webhook(self, n: int) -> None:
        """True or not, new or again: it is only a hint."""
        known = list(self.gateway.payments.values())
        if known:
            payment = known[n % len(known)]
            self._receive(payment.reference, payment.gateway_id, key=f"{payment.state}-{n % 2}")

    def forged(self, n: int) -> None:
        body = orjson.dumps({"key": f"f{n}", "reference": "x", "gateway_id": "y"})
        config = ProviderConfig.objects.latest("created_at")
        with pytest.raises(BadSignatureError):
            webhooks.receive(config, headers={"x-callback-token": "guess"}, body=body)
        for attempt in PaymentAttempt.objects.all():
            # The token is known to somebody: the body says paid, the gateway does not.
            self._receive(attempt.reference, attempt.gateway_id, key=f"lie-{n}")

    def _receive(self, reference: str, gateway_id: str, *, key: str) -> None:
        told = {"key": key + reference, "reference": reference, "gateway_id": gateway_id}
        config = ProviderConfig.objects.latest("created_at")
        webhooks.receive(config, headers={"x-callback-token": TOKEN}, body=orjson.dumps(told))

    def work(self, n: int) -> None:
        """Deliveries are worked off in any order, and some twice."""
        for delivery in WebhookDelivery.objects.order_by("-pk" if n % 2 else "pk"):
            webhooks.process_delivery(delivery.pk)

    def poll(self, n: int) -> None:
        attempts = PaymentAttempt.objects.order_by("pk")
        if attempts:
            check_attempt(attempts[n % len(attempts)].pk, source="poll")

    def cancel(self, n: int) -> None:
        end = withdraw_intent if n % 2 else cancel_intent
        end(self._fresh(), source="test")

    def expire(self, _n: int) -> None:
        self.skip += timedelta(minutes=16)
        expire_intent(self._fresh())

    def refund(self, n: int) -> None:
        amount = None if n % 2 else 1_000 * (n % 60)
        request_refund(self._fresh(), actor=self.staff, reason="asked", amount=amount)

    def refunds(self, n: int) -> None:
        step = send_refund if n % 2 else check_refund
        for refund in Refund.objects.all():
            step(refund.pk)

    def bank(self, n: int) -> None:
        """The gateway comes to an end with a refund."""
        pending = [r for r in self.gateway.refunds.values() if r.state == RefundState.PENDING]
        if pending:
            state = RefundState.FAILED if n % 5 == 0 else RefundState.SUCCEEDED
            pending[n % len(pending)].state = state

    def start(self, _n: int) -> None:
        start_paid(self.intent.pk)

    def charger_answers(self, n: int) -> None:
        for wish in RemoteStart.objects.filter(status=RemoteStartStatus.ASKED):
            Command.objects.filter(pk=wish.command_id).update(status="sent", sent_at=self.now())
            status = "Rejected" if n % 4 == 0 else "Accepted"
            outcomes.mark_answered(wish.command_id, response={"status": status})

    def plug_in(self, n: int) -> None:
        tokens = IdToken.objects.exclude(prepaid_charge=None).order_by("pk")
        if tokens:
            at = self.now().replace(microsecond=0)
            work = StartTransaction(1, tokens[n % len(tokens)].token, METER, at)
            send_one(self.charger, work)

    def unplug(self, n: int) -> None:
        for session in ChargingSession.objects.exclude(status=SessionStatus.ENDED):
            at = self.now().replace(microsecond=0)
            work = StopTransaction(session.transaction_id, METER + 100 * (n % 20), at)
            send_one(self.charger, work)

    def stop(self, _n: int) -> None:
        stop_charging(self._fresh(), actor="driver")

    def decide(self, _n: int) -> None:
        decide_start(self.intent.pk)

    def guard(self, _n: int) -> None:
        prepaid.guard_charges(self.now())

    def sweep(self, n: int) -> None:
        self.skip += timedelta(seconds=n % 120)
        expire_remote_starts(self.now())
        following.follow_payments()
        following.follow_refunds()
        following.follow_webhooks()
        prepaid.follow_charges()

    def fault(self, n: int) -> None:
        self.gateway.faults.append(("before", "after", "killed")[n % 3])

    def no_refunds(self, _n: int) -> None:
        self.gateway.refunds_are_supported = False

    # --- the end -------------------------------------------------------------------------------

    def settle(self) -> None:
        """No more news: everything that waits for time gets it, and the sweeps work."""
        self.gateway.faults.clear()
        for hours in (1, 8, 8):
            self.skip += timedelta(hours=hours)
            for session in ChargingSession.objects.exclude(status=SessionStatus.ENDED):
                end_without_stop(session.pk, ended_at=self.now(), reason="NoStop", note="test")
            for refund in self.gateway.refunds.values():
                if refund.state == RefundState.PENDING:
                    refund.state = RefundState.SUCCEEDED
            self.sweep(119)
            self.skip += timedelta(minutes=3)
            self.sweep(119)

    def _fresh(self) -> PaymentIntent:
        return PaymentIntent.objects.get(pk=self.intent.pk)

    def _attempts(self, status: AttemptStatus) -> list[PaymentAttempt]:
        return list(PaymentAttempt.objects.filter(status=status))


STEPS = [name for name in vars(World) if not name.startswith("_") and name not in ("now", "settle")]
# Most lives begin like this; the rest is chance.
USUAL = [("send", 1), ("pay", 1), ("webhook", 0), ("work", 0), ("start", 0)]
PLUGGED = [*USUAL, ("charger_answers", 1), ("plug_in", 0), ("decide", 0)]
_steps = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 239)), max_size=18)
lives = st.tuples(st.sampled_from([[], USUAL, PLUGGED]), _steps).map(
    lambda parts: [*parts[0], *parts[1]]
)


def live(life, monkeypatch) -> None:
    """Play one life and prove its books; nothing of it stays."""
    with transaction.atomic(), monkeypatch.context() as patch:
        world = World()
        patch.setattr(clock, "now", world.now)
        patch.setattr("payments.services.providers.gateway", lambda *_names, **_keys: world.gateway)
        for name, n in life:
            try:
                getattr(world, name)(n)
            except (DomainError, KilledError):
                continue
        world.settle()
        prove(world)
        transaction.set_rollback(True)


def prove(world: World) -> None:
    assert {name: found for name, found in check_books().items() if found} == {}
    _prove_captures(world.gateway)
    for intent in PaymentIntent.objects.all():
        _prove_owner(intent)
    # What we say is at the gateway is what the gateway has.
    clearing = LedgerAccount.objects.filter(code=Code.GATEWAY_CLEARING)
    assert sum(account.balance for account in clearing) == world.gateway.balance()
    refunded = Counter(each.payment for each in world.gateway.refunds.values())
    for gateway_id in refunded:
        paid = world.gateway.payments[gateway_id].amount
        back = [r.amount for r in world.gateway.refunds.values() if r.payment == gateway_id]
        assert sum(back) <= paid


def _prove_captures(gateway: MemoryGateway) -> None:
    """Each payment at the gateway is booked once, with its own amount; nothing else is."""
    booked: Counter[str] = Counter()
    for booking in LedgerTransaction.objects.filter(kind=Booking.CAPTURE):
        booked[booking.metadata["attempt"]] += 1
    paid = {each.reference for each in gateway.payments.values() if each.payment_id}
    assert booked == Counter(paid)
    total = sum(PaymentIntent.objects.values_list("paid", flat=True))
    assert total == gateway.money_in()


def _prove_owner(intent: PaymentIntent) -> None:
    """Every rupiah is in a bill, back at the driver, on its way there, or waits for a person."""
    deposit = ledger.balance_of(deposit_account(intent.pk))
    transit = ledger.balance_of(transit_account(intent.pk))
    billed = sum(
        Bill.objects.filter(session=intent.session_id or 0).values_list("total", flat=True)
    )
    assert intent.paid == deposit + transit + intent.refunded + billed
    under_way = Refund.objects.filter(intent=intent).exclude(status=RefundStatus.SUCCEEDED)
    assert transit == sum(each.amount for each in under_way)
    for refund in under_way:
        assert refund.status in (RefundStatus.NEEDS_ACCOUNT, RefundStatus.REVIEW), refund.status
    charge = PrepaidCharge.objects.get(intent=intent)
    session = intent.session
    is_held = session is not None and session.billing_status == "held"
    if intent.status != IntentStatus.REVIEW and not is_held:
        assert deposit == 0, (intent.status, charge.status)
    assert charge.status != ChargeStatus.STARTING
    if not intent.paid:
        assert charge.status == ChargeStatus.WAITING


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(life=lives)
def test_any_interleaving_ends_with_balanced_books_and_an_owner_for_all_money(life, monkeypatch):
    live(life, monkeypatch)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(life=lives)
def test_any_interleaving_for_longer(life, monkeypatch):
    live(life, monkeypatch)
