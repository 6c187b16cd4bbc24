"""`post` and `reverse`: what is booked, what is refused, and that a refusal books nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from payments.chart import CHART, AccountRef, Booking, Code, Owner
from payments.ledger.legs import credit, debit
from payments.models import LedgerAccount, LedgerEntry, LedgerTransaction
from payments.services.ledger import (
    IdempotencyConflictError,
    InsufficientFundsError,
    post,
    reverse,
)
from unievp.lib.errors import ConflictError, InvalidError

pytestmark = pytest.mark.django_db

BANK = AccountRef(Code.BANK_OPERATING)
MINE = AccountRef(Code.CPO_AVAILABLE, Owner.CPO, "a")
YOURS = AccountRef(Code.CPO_AVAILABLE, Owner.CPO, "b")


def gift(amount, account=MINE, key="gift"):
    return post(
        key=key, kind=Booking.ADJUSTMENT, legs=[debit(BANK, amount), credit(account, amount)]
    )[0]


def move(amount, *, key="move", source=MINE, target=YOURS):
    return post(
        key=key, kind=Booking.ADJUSTMENT, legs=[debit(source, amount), credit(target, amount)]
    )


def balance(ref):
    account = LedgerAccount.objects.filter(code=ref.code, owner_id=ref.owner_id).first()
    return account.balance if account else 0


def test_booking_moves_both_accounts():
    booking = gift(5_000)
    assert (balance(BANK), balance(MINE)) == (5_000, 5_000)
    entries = booking.entries.order_by("account__code")
    assert [(e.side, e.amount, e.account_version, e.balance_after) for e in entries] == [
        ("D", 5_000, 1, 5_000),
        ("C", 5_000, 1, 5_000),
    ]


def test_accounts_are_made_as_the_chart_says():
    gift(1)
    assert set(LedgerAccount.objects.values_list("code", "normal_side", "allow_negative")) == {
        ("bank_operating", "D", True),
        ("cpo_available", "C", False),
    }


def test_every_account_of_the_chart_can_be_booked_on():
    for code in Code:
        ref = AccountRef(code, "test", "1")
        side, other = (debit, credit) if CHART[code].normal_side == "D" else (credit, debit)
        post(key=code, kind=Booking.ADJUSTMENT, legs=[side(ref, 1), other(BANK, 1)])
    assert LedgerAccount.objects.filter(owner_type="test").count() == len(Code)


def test_same_key_and_body_is_booked_once():
    gift(5_000)
    first, created = move(1_000)
    again, created_again = move(1_000)
    assert (created, created_again, again.pk) == (True, False, first.pk)
    assert balance(YOURS) == 1_000


def test_order_of_legs_is_no_other_body():
    legs = [debit(BANK, 3), credit(MINE, 1), credit(YOURS, 2)]
    first, _ = post(key="k", kind="adjustment", legs=legs)
    again, created = post(key="k", kind="adjustment", legs=legs[::-1])
    assert (again.pk, created) == (first.pk, False)


@pytest.mark.parametrize(
    "other",
    [
        {"legs": [debit(BANK, 2), credit(MINE, 2)]},
        {"legs": [debit(BANK, 1), credit(YOURS, 1)]},
        {"kind": Booking.REFUND},
    ],
)
def test_same_key_with_another_body_is_refused(other):
    request = {"kind": Booking.ADJUSTMENT, "legs": [debit(BANK, 1), credit(MINE, 1)]}
    post(key="k", **request)
    with pytest.raises(IdempotencyConflictError):
        post(key="k", **request | other)
    assert LedgerTransaction.objects.count() == 1


def test_overdraft_is_refused_and_nothing_is_booked():
    gift(1_000)
    with pytest.raises(InsufficientFundsError) as refused:
        move(1_001)
    assert refused.value.status == 422
    assert (balance(MINE), balance(YOURS)) == (1_000, 0)
    assert LedgerTransaction.objects.count() == 1


def test_balance_can_be_taken_to_zero():
    gift(1_000)
    move(1_000)
    assert (balance(MINE), balance(YOURS)) == (0, 1_000)


def test_dip_inside_one_booking_is_no_overdraft():
    legs = [debit(MINE, 700), credit(MINE, 1_000), debit(BANK, 1_000), credit(YOURS, 700)]
    booking, _ = post(key="k", kind="adjustment", legs=legs)
    assert booking.entries.count() == 3
    assert (balance(MINE), balance(YOURS)) == (300, 700)


@pytest.mark.parametrize(
    "legs",
    [
        [],
        [debit(BANK, 5)],
        [debit(BANK, 5), credit(MINE, 4)],
        [debit(BANK, 0), credit(MINE, 0)],
        [debit(BANK, -5), credit(MINE, -5)],
        [debit(BANK, 5), credit(BANK, 5)],
        [debit(BANK, 5), credit(AccountRef(Code.CPO_AVAILABLE, currency="EUR"), 5)],
    ],
)
def test_what_is_no_booking_is_refused(legs):
    with pytest.raises(InvalidError):
        post(key="k", kind="adjustment", legs=legs)
    assert not LedgerTransaction.objects.exists()


def test_two_bookings_fit_into_one_database_transaction():
    gift(1_000)
    move(10, key="one")
    move(10, key="two")
    assert balance(YOURS) == 20


def test_booking_keeps_its_time_and_its_details():
    at = datetime(2026, 1, 2, 3, tzinfo=UTC)
    booking, _ = post(
        key="k",
        kind="adjustment",
        legs=[debit(BANK, 1), credit(MINE, 1)],
        effective_at=at,
        metadata={"why": "found"},
    )
    assert (booking.effective_at, booking.metadata) == (at, {"why": "found"})


def test_reversal_undoes_a_booking_once():
    booking = gift(1_000)
    undone, created = reverse(booking, key="undo")
    assert (created, undone.reverses_id, undone.kind) == (True, booking.pk, "reversal")
    assert (balance(BANK), balance(MINE)) == (0, 0)
    assert reverse(booking, key="undo") == (undone, False)
    with pytest.raises(ConflictError) as refused:
        reverse(booking, key="undo again")
    assert refused.value.code == "ledger_reversed"


def test_reversal_of_spent_money_is_refused():
    booking = gift(1_000)
    move(500)
    with pytest.raises(InsufficientFundsError):
        reverse(booking, key="undo")


def test_rows_are_not_written_through_the_models():
    booking = gift(1)
    entry = LedgerEntry.objects.first()
    for row in (booking, entry, entry.account):
        with pytest.raises(TypeError):
            row.save()
        with pytest.raises(TypeError):
            row.delete()
