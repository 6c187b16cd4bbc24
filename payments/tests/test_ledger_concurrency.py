"""Many at once: threads with connections of their own, on the real PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from payments.chart import AccountRef, Booking, Code, Owner
from payments.ledger.blocks import seal_block, verify_chain
from payments.ledger.legs import credit, debit
from payments.models import LedgerAccount, LedgerBlock, LedgerBlockItem, LedgerTransaction
from payments.services.ledger import InsufficientFundsError, post

pytestmark = pytest.mark.django_db(transaction=True)

BANK = AccountRef(Code.BANK_OPERATING)
MINE = AccountRef(Code.CPO_AVAILABLE, Owner.CPO, "a")
YOURS = AccountRef(Code.CPO_AVAILABLE, Owner.CPO, "b")


def at_once(function, arguments, threads=8):
    """Results in order, exceptions among them."""
    start = Barrier(min(threads, len(arguments)))

    def run(argument):
        if run.waiting:
            start.wait(timeout=30)
        try:
            return function(argument)
        except Exception as error:  # noqa: BLE001
            return error
        finally:
            connection.close()

    run.waiting = len(arguments) <= threads
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, arguments))


def gift(amount, ref=MINE):
    post(
        key=f"gift:{ref.owner_id}",
        kind=Booking.ADJUSTMENT,
        legs=[debit(BANK, amount), credit(ref, amount)],
    )


def balance(ref):
    return LedgerAccount.objects.get(code=ref.code, owner_id=ref.owner_id).balance


def test_forty_withdrawals_take_what_is_there_and_no_more():
    gift(1_000_000)
    results = at_once(
        lambda n: post(
            key=f"out:{n}",
            kind=Booking.ADJUSTMENT,
            legs=[debit(MINE, 50_000), credit(BANK, 50_000)],
        ),
        range(40),
    )
    refused = [result for result in results if isinstance(result, InsufficientFundsError)]
    assert (len(refused), len(results) - len(refused)) == (20, 20)
    assert balance(MINE) == 0


def test_one_key_from_many_threads_is_booked_once():
    results = at_once(
        lambda _n: post(
            key="webhook",
            kind=Booking.ADJUSTMENT,
            legs=[debit(BANK, 500), credit(MINE, 500)],
        ),
        range(8),
    )
    assert sorted(created for _booking, created in results) == [False] * 7 + [True]
    assert len({booking.pk for booking, _created in results}) == 1
    assert balance(MINE) == 500


def test_opposite_directions_do_not_deadlock():
    gift(100_000, MINE)
    gift(100_000, YOURS)

    def there_and_back(n):
        source, target = (MINE, YOURS) if n % 2 else (YOURS, MINE)
        return post(
            key=f"swap:{n}",
            kind=Booking.ADJUSTMENT,
            legs=[debit(source, 10), credit(target, 10)],
        )

    results = at_once(there_and_back, range(80))
    assert [result for result in results if isinstance(result, Exception)] == []
    assert balance(MINE) == balance(YOURS) == 100_000


def test_first_bookings_on_new_accounts_do_not_deadlock():
    refs = [AccountRef(Code.SUSPENSE, Owner.GATEWAY, str(n)) for n in range(6)]

    def spread(n):
        order = refs[n % 6 :] + refs[: n % 6]
        legs = [debit(BANK, 6), *(credit(ref, 1) for ref in order)]
        return post(key=f"spread:{n}", kind=Booking.ADJUSTMENT, legs=legs)

    results = at_once(spread, range(24))
    assert [result for result in results if isinstance(result, Exception)] == []
    assert {balance(ref) for ref in refs} == {24}


def test_sealing_at_once_makes_one_chain_and_leaves_nothing_out():
    for number in range(40):
        post(
            key=f"k{number}",
            kind=Booking.ADJUSTMENT,
            legs=[debit(BANK, 1), credit(MINE, 1)],
        )
    at_once(lambda _n: seal_block(limit=5), range(16))
    assert verify_chain() == []
    assert LedgerBlock.objects.count() == 8
    assert LedgerBlockItem.objects.count() == LedgerTransaction.objects.count() == 40
