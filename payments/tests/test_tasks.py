"""Tasks and sweeps: they find what a lost nudge missed, and may run twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chargers.models import BillingStatus, ChargingSession, SessionStatus
from payments import tasks
from payments.models import Bill, LedgerBlock, LedgerTransaction
from payments.selectors.wallet import wallet
from payments.services import billing
from payments.services.billing import bill_session
from payments.tests.factories import give, make_paid_cpo, make_session
from payments.tests.test_wallet import later
from unievp.lib import clock
from unievp.lib.errors import ConflictError

pytestmark = pytest.mark.django_db


def test_task_bills_a_session_once():
    session = make_session()
    tasks.bill_sessions([session.pk])
    tasks.bill_sessions([session.pk])
    assert Bill.objects.get().session_id == session.pk


def test_sweep_bills_what_ended_and_holds_what_has_no_price():
    ended = [make_session() for _ in range(3)]
    held = make_session(snapshot=None)
    make_session(status=SessionStatus.ACTIVE, ended_at=None)
    assert tasks.sweep_unbilled_sessions() == 3
    assert set(Bill.objects.values_list("session_id", flat=True)) == {s.pk for s in ended}
    assert ChargingSession.objects.get(pk=held.pk).billing_status == BillingStatus.HELD
    assert tasks.sweep_unbilled_sessions() == 0


def test_one_session_that_fails_does_not_stop_the_sweep(monkeypatch):
    first = make_session(started_at=clock.now() - timedelta(days=9))
    second = make_session(started_at=clock.now() - timedelta(days=2))

    def fragile(session_id):
        if session_id == first.pk:
            raise ConflictError("not now")
        return bill_session(session_id)

    monkeypatch.setattr(billing, "bill_session", fragile)
    assert tasks.sweep_unbilled_sessions() == 1
    assert Bill.objects.get().session_id == second.pk


def test_release_takes_every_company_that_has_something_due(monkeypatch):
    companies = [make_paid_cpo() for _ in range(2)]
    for company in companies:
        bill_session(make_session(cpo=company).pk)
    assert tasks.release_pending_funds() == 0
    tomorrow = later()
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    assert tasks.release_pending_funds() == 36_000
    assert [wallet(company).available for company in companies] == [18_000, 18_000]
    assert tasks.release_pending_funds() == 0


def test_sealing_takes_everything_in_blocks():
    company = make_paid_cpo()
    for _ in range(3):
        give(company, 1)
    assert tasks.seal_ledger_blocks() == 1
    assert LedgerBlock.objects.get().item_count == LedgerTransaction.objects.count() == 3
    assert tasks.seal_ledger_blocks() == 0
