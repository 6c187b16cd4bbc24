"""A worker's process is killed between the request and the answer: money moves once all the same.

The process is a real one and is killed while the gateway, which has done it, does not answer yet.
The gateway's own books tell what really happened.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from payments.models import Payout, PayoutStatus, Refund, RefundStatus, SettlementStatus
from payments.services import following
from payments.services.check_books import check_books
from payments.services.payouts.starting import pay_settlement
from payments.services.refunds.starting import request_refund
from payments.tests.factories import make_staff
from payments.tests.payments import begin, make_provider, pay
from payments.tests.test_payouts import AMOUNT, approved
from unievp.devtools.processes import wait_until
from unievp.lib import clock

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(120),
]

_WORKER = """
import sys, django
django.setup()
from uuid import UUID
from payments import tasks
getattr(tasks, sys.argv[1])(sys.argv[2])
"""


@contextmanager
def worker(task: str, row_id: object) -> Iterator[subprocess.Popen[bytes]]:
    """Another process, on this test's database, that takes one task."""
    given = connection.settings_dict
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**given)
    environment = os.environ | {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "unievp.settings",
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", _WORKER, task, str(row_id)],
        env=environment,
        cwd=settings.BASE_DIR,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(15)


def kill_when(process: subprocess.Popen[bytes], rows: dict[str, object]) -> None:
    """As soon as the gateway has it in its books, and before it has answered."""
    assert wait_until(lambda: bool(rows) or process.poll() is not None, timeout=60)
    assert process.poll() is None, "it ended before it was killed"
    process.send_signal(signal.SIGKILL)
    process.wait(15)


@pytest.mark.parametrize("provider", ["xendit", "midtrans"])
def test_payout_is_neither_lost_nor_doubled(fake, provider):
    make_provider(fake, provider)
    settlement = approved()
    payout = pay_settlement(settlement)
    fake.faults(slow_after=1)
    with worker("send_payout", payout.pk) as process:
        kill_when(process, fake.world.books.payouts)
    payout.refresh_from_db()
    assert (payout.status, payout.gateway_id) == (PayoutStatus.SENDING, "")
    Payout.objects.update(sent_at=clock.now() - timedelta(minutes=2))
    assert wait_until(lambda: _followed(Payout, PayoutStatus.PAID), timeout=20)
    settlement.refresh_from_db()
    assert settlement.status == SettlementStatus.PAID
    assert len(fake.world.books.payouts) == 1
    assert fake.world.books.balance == 100_000_000 - AMOUNT
    assert not any(check_books().values())


def test_refund_is_neither_lost_nor_doubled(fake):
    intent = pay(fake, begin(fake))
    (refund,) = request_refund(intent, actor=make_staff(), reason="asked")
    fake.faults(slow_after=1)
    with worker("send_refund", refund.pk) as process:
        kill_when(process, fake.world.books.refunds)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.SENDING
    Refund.objects.update(sent_at=clock.now() - timedelta(minutes=2))
    assert wait_until(lambda: _followed(Refund, RefundStatus.SUCCEEDED), timeout=20)
    (given_back,) = fake.world.books.refunds.values()
    assert given_back.amount == 50_000
    assert not any(check_books().values())


def _followed(model: type[Payout] | type[Refund], status: str) -> bool:
    """One sweep, as if the last one had been a minute ago; whether it is there."""
    model.objects.update(checked_at=None)
    following.follow_refunds()
    following.follow_payouts()
    return model.objects.filter(status=status).exists()
