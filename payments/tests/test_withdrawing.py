"""A payment that is taken back at a page: at once here, by the worker at the gateway."""

from __future__ import annotations

import pytest
from django.test import TestCase

from payments import tasks
from payments.events import AttemptWithdrawn
from payments.models import AttemptStatus, IntentStatus, Refund, RefundCause
from payments.services.intents.ending import close_attempt, withdraw_intent
from payments.services.intents.sending import check_attempt
from payments.tests.payments import begin, pay
from unievp.lib.errors import ConflictError
from unievp.lib.events import subscribe, unsubscribe

pytestmark = pytest.mark.django_db


def test_withdrawing_asks_no_gateway_and_nudges_the_worker(fake):
    intent = begin(fake)
    before, told = len(fake.world.calls), []
    subscribe(AttemptWithdrawn, told.append)
    try:
        with TestCase.captureOnCommitCallbacks(execute=True):
            withdraw_intent(intent, source="driver")
    finally:
        unsubscribe(AttemptWithdrawn, told.append)
    attempt = intent.attempts.get()
    intent.refresh_from_db()
    assert intent.status == IntentStatus.CANCELED
    assert attempt.status == AttemptStatus.CANCELED
    assert [event.attempt_id for event in told] == [attempt.pk]
    assert len(fake.world.calls) == before
    tasks.close_payment_attempt(attempt.pk)
    tasks.close_payment_attempt(attempt.pk)
    assert fake.world.books.find(attempt.reference).state == "canceled"


def test_gateway_that_is_away_loses_nothing(fake):
    intent = begin(fake)
    withdraw_intent(intent, source="driver")
    attempt = intent.attempts.get()
    fake.faults(error_503=5)
    close_attempt(attempt.pk)
    fake.faults()
    # Paid all the same, before it expired there: the money goes back.
    fake.pay(attempt.reference)
    check_attempt(attempt.pk, source="poll")
    refund = Refund.objects.get(intent=intent)
    assert (refund.amount, refund.cause) == (intent.amount, RefundCause.LATE)


def test_paid_payment_is_neither_withdrawn_nor_closed(fake):
    intent = pay(fake, begin(fake))
    with pytest.raises(ConflictError):
        withdraw_intent(intent, source="driver")
    before = len(fake.world.calls)
    close_attempt(intent.attempts.get().pk)
    assert len(fake.world.calls) == before
