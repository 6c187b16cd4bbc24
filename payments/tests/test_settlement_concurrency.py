"""Many at once, with real threads and the real database: the balance is never exceeded."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from payments.models import Payout, Settlement, SettlementStatus
from payments.selectors.wallet import wallet
from payments.services.check_books import check_books
from payments.services.payouts.sending import send_payout
from payments.services.payouts.starting import pay_settlement
from payments.services.settlements import (
    approve_settlement,
    mark_settlement_paid,
    reject_settlement,
    request_settlement,
)
from payments.tests.factories import give, make_member, make_paid_cpo, make_staff
from payments.tests.payments import make_provider
from unievp.lib.errors import ConflictError, DomainError

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(run, arguments, workers=8):
    def call(argument):
        try:
            return run(argument)
        except DomainError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(call, arguments))


def test_fifty_requests_at_once_never_exceed_the_balance():
    cpo = make_paid_cpo()
    give(cpo, 130_000)
    member, staff = make_member(cpo), make_staff()

    def ask(number):
        settlement = request_settlement(cpo, actor=member, amount=60_000)
        if number % 3:
            # Ends it, so that the next one may try: more than the balance in all.
            approve_settlement(settlement, actor=staff)
            mark_settlement_paid(settlement, actor=staff, proof=f"T{number}")
        else:
            reject_settlement(settlement, actor=staff, reason="once more")
        return settlement

    results = at_once(ask, range(50))
    paid = Settlement.objects.filter(status=SettlementStatus.PAID)
    assert all(isinstance(each, Settlement | DomainError) for each in results)
    assert sum(each.amount for each in paid) <= 130_000
    found = wallet(cpo)
    assert found.available + found.on_hold == 130_000 - 60_000 * paid.count()
    assert found.available >= 0
    assert not any(check_books().values())


def test_fifty_requests_of_all_at_once_hold_it_once():
    cpo = make_paid_cpo()
    give(cpo, 100_000)
    member = make_member(cpo)
    results = at_once(lambda _n: request_settlement(cpo, actor=member), range(50))
    assert sum(isinstance(each, Settlement) for each in results) == 1
    assert (wallet(cpo).available, wallet(cpo).on_hold) == (0, 100_000)


def test_two_approvers_and_two_workers_at_once_pay_once(fake):
    make_provider(fake)
    cpo = make_paid_cpo()
    give(cpo, 100_000)
    settlement = request_settlement(cpo, actor=make_member(cpo))
    approvers = [make_staff(), make_staff()]
    fake_before = len(fake.world.books.payouts)

    def approve_and_pay(actor):
        with contextlib.suppress(ConflictError):
            approve_settlement(settlement, actor=actor)
        payout = pay_settlement(Settlement.objects.get(pk=settlement.pk))
        return send_payout(payout.pk) if payout else None

    at_once(approve_and_pay, approvers, workers=2)
    at_once(approve_and_pay, approvers, workers=2)
    assert Payout.objects.count() == 1
    assert len(fake.world.books.payouts) - fake_before == 1
    assert settlement.status_changes.filter(status="approved").count() == 1
    (told,) = fake.world.books.payouts.values()
    assert told.amount == 100_000
