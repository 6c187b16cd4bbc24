"""How complete the books are, for the monitoring."""

from __future__ import annotations

from datetime import timedelta

import pytest

from payments.models import PaymentIntent, WebhookDelivery
from payments.selectors.completeness import completeness
from payments.services.reconciliation.statements import follow_statements
from payments.tests.payments import begin, make_provider, pay
from unievp.lib import clock

pytestmark = pytest.mark.django_db


def test_completeness_tells_what_is_old_and_what_nobody_told(fake):
    intent = pay(fake, begin(fake))
    long_ago = clock.now() - timedelta(days=4)
    type(intent).objects.filter(pk=intent.pk).update(paid_at=long_ago)
    found = completeness()
    assert (found.clearing, found.clearing_old) == (50_000, 1.0)
    assert found.deposits_cleared == 0.0
    assert found.clearing_age_s >= 4 * 24 * 3600 - 5
    follow_statements()
    assert completeness().clearing == 0


def test_completeness_counts_what_is_stuck_and_what_failed(fake):
    config = make_provider(fake)
    stuck, waiting = begin(fake), begin(fake)
    PaymentIntent.objects.filter(pk=stuck.pk).update(expires_at=clock.now() - timedelta(hours=1))
    assert (completeness().intents_stuck, completeness().webhooks_failed) == (1, 0)
    PaymentIntent.objects.filter(pk=waiting.pk).update(status="review", review_reason="x")
    for key, error in (("a", "Nothing of ours has this reference"), ("b", "")):
        WebhookDelivery.objects.create(
            config=config,
            dedupe_key=key,
            subject="payment",
            error=error,
            received_at=clock.now(),
            processed_at=clock.now(),
        )
    assert (completeness().intents_stuck, completeness().webhooks_failed) == (2, 1)
    assert completeness().bills_unposted == 0
