"""The gateway's own books: read again and again, booked once; what does not fit is only told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from payments.chart import AccountRef, Code, clearing_account, gateway_account
from payments.gateways.base import UnreachableError
from payments.models import (
    BooksProof,
    Difference,
    LedgerTransaction,
    PaymentAttempt,
    ProviderConfig,
    StatementLine,
)
from payments.services.check_books import check_books
from payments.services.ledger import balance_of
from payments.services.reconciliation import statements
from payments.services.reconciliation.proving import prove_books
from payments.services.reconciliation.statements import (
    book_line,
    expected_fee,
    follow_statements,
    read_statement,
)
from payments.services.refunds.starting import start_refund
from payments.states import RefundCause
from payments.tests.payments import begin, make_provider, pay, refund_all
from unievp.lib import clock

pytestmark = pytest.mark.django_db
FEE, TAX = 350, 38


@pytest.fixture
def paid(fake):
    return pay(fake, begin(fake))


def give_back(intent, amount):
    attempt = intent.attempts.get()
    start_refund(
        intent, attempt=attempt, amount=amount, reason="x", actor="t", cause=RefundCause.PERSON
    )
    refund_all(intent)


def balances(intent):
    config = ProviderConfig.objects.get()
    return (
        balance_of(clearing_account(config.pk, intent.pk)),
        balance_of(gateway_account(Code.GATEWAY_AVAILABLE, config.pk)),
        balance_of(AccountRef(Code.GATEWAY_FEE_EXPENSE)),
        balance_of(AccountRef(Code.VAT_IN_FEES)),
    )


def differing():
    return {name: found for name, found in check_books().items() if found}


def test_what_the_gateway_settled_is_usable_less_its_fee_and_only_once(paid):
    assert follow_statements() == 2  # one provider read, one line booked
    assert balances(paid) == (0, 50_000 - FEE - TAX, FEE, TAX)
    assert paid.attempts.get().settled_at == StatementLine.objects.get().at
    assert follow_statements() == 1
    assert balances(paid) == (0, 50_000 - FEE - TAX, FEE, TAX)
    assert StatementLine.objects.count() == 1
    assert LedgerTransaction.objects.filter(kind="gateway_settled").count() == 1
    event = paid.events.get(kind="settled")
    assert (event.amount, event.booking) == (
        50_000 - FEE - TAX,
        StatementLine.objects.get().booking,
    )
    assert differing() == {}


def test_refund_before_and_after_the_settlement_end_at_the_same_balances(paid):
    give_back(paid, 12_000)
    follow_statements()
    assert balances(paid) == (0, 38_000 - FEE - TAX, FEE, TAX)
    give_back(paid, 38_000)
    follow_statements()
    assert balances(paid) == (0, -FEE - TAX, FEE, TAX)
    assert differing() == {}
    assert prove_books(clock.now()).found == 0


def test_reading_that_breaks_off_is_read_again_and_doubles_nothing(paid, monkeypatch):
    lines = list(statements.gateway_of(ProviderConfig.objects.get()).transactions(
        clock.now() - timedelta(days=1), clock.now()
    ))  # fmt: skip

    class Breaking:
        tells_transactions = True

        def transactions(self, since, until):
            yield from lines
            raise UnreachableError("cable cut")

    monkeypatch.setattr(statements, "gateway_of", lambda config: Breaking())
    config = ProviderConfig.objects.get()
    with pytest.raises(UnreachableError):
        read_statement(config.pk)
    config.refresh_from_db()
    assert config.statement_until is None
    monkeypatch.undo()
    # The power went between line and booking: the next sweep books it.
    assert StatementLine.objects.get().booked_at is None
    follow_statements()
    assert balances(paid)[0] == 0
    book_line(StatementLine.objects.get().pk)
    assert LedgerTransaction.objects.filter(kind="gateway_settled").count() == 1


def test_gateway_that_is_away_keeps_nothing_from_another(fake, paid):
    make_provider(fake, name="Away", base_url="http://127.0.0.1:9")
    assert follow_statements() == 2
    assert StatementLine.objects.get().booked_at is not None


def test_provider_that_was_switched_off_is_read_while_it_holds_money(paid):
    ProviderConfig.objects.update(is_active=False)
    assert follow_statements() == 2
    assert balances(paid)[0] == 0
    assert follow_statements() == 0


def test_statement_that_cannot_be_read_for_hours_is_told(paid):
    follow_statements()
    ProviderConfig.objects.update(statement_until=clock.now() - timedelta(hours=5))
    assert differing() == {}
    ProviderConfig.objects.update(statement_until=clock.now() - timedelta(hours=7))
    assert list(differing()) == ["statements read in time"]


def test_provider_without_statements_is_not_asked(fake):
    make_provider(fake, "midtrans")
    assert follow_statements() == 0
    assert ProviderConfig.objects.get().statement_until is None


def _told_otherwise(paid, fake, **values):
    read_statement(ProviderConfig.objects.get().pk)
    StatementLine.objects.update(**values)
    booked = LedgerTransaction.objects.count()
    book_line(StatementLine.objects.get().pk)
    assert LedgerTransaction.objects.count() == booked
    return differing()


@pytest.mark.parametrize(
    "values",
    [
        {"amount": 49_000, "net_amount": 49_000 - FEE - TAX},
        {"net_amount": 1},
        {"attempt": None},
    ],
)
def test_payment_that_does_not_fit_is_told_and_not_booked(fake, paid, values):
    found = _told_otherwise(paid, fake, **values)
    assert list(found) == ["payments in the gateway's statement"]
    assert balances(paid) == (50_000, 0, 0, 0)


def test_second_line_for_the_same_money_is_told_and_not_booked(paid):
    follow_statements()
    line = StatementLine.objects.get()
    line.pk, line.line_id, line.booked_at, line.booking = None, "txn_other", None, None
    line.save()
    before = balances(paid)
    follow_statements()
    assert balances(paid) == before
    assert list(differing()) == ["payments in the gateway's statement"]


def test_fee_other_than_the_table_says_is_told(paid):
    ProviderConfig.objects.update(fees={"qris": {"percent": "1.2", "fixed": 0}})
    follow_statements()
    assert differing()["fees of the gateway"][0].endswith("expected 600, found 350")


def test_fee_that_changes_after_it_was_booked_is_told(paid):
    follow_statements()
    StatementLine.objects.update(fee=400)
    assert differing()["fees as booked"][0].endswith("expected 438, found 388")


@pytest.mark.parametrize(
    ("method", "days"),
    [("qris", 3), ("gopay", 3), ("va_bni", 2), ("va_bca", 4), ("hosted", 4)],
)
def test_payment_that_the_gateway_does_not_settle_in_its_time_is_told(paid, method, days):
    read_statement(ProviderConfig.objects.get().pk)
    PaymentAttempt.objects.update(method=method)
    due = paid.paid_at + timedelta(days=days)
    ProviderConfig.objects.update(statement_until=due - timedelta(minutes=1))
    assert "payments settled in time" not in differing()
    ProviderConfig.objects.update(statement_until=due + timedelta(minutes=1))
    assert [row.split(":")[0] for row in differing()["payments settled in time"]] == [
        f"attempt {PaymentAttempt.objects.get().reference}"
    ]


@pytest.mark.parametrize(("kind", "word"), [("refund", "refunds"), ("payout", "transfers")])
def test_money_out_that_we_did_not_ask_for_becomes_a_row_to_explain(paid, kind, word):
    follow_statements()
    line = StatementLine.objects.get()
    line.pk, line.line_id, line.kind, line.reference = None, f"txn_{kind}", kind, "not ours"
    line.attempt = line.booking = line.booked_at = None
    line.save()
    booked = LedgerTransaction.objects.count()
    prove_books(clock.now())
    assert BooksProof.objects.get().found == 1
    assert Difference.objects.get().kind == f"{word} in the gateway's statement"
    assert LedgerTransaction.objects.count() == booked


def test_payment_without_its_booking_is_told(paid):
    type(paid).objects.filter(pk=paid.pk).update(paid=50_001)
    assert differing()["payments and the ledger"] == [
        f"payment {paid.pk}: expected 50001, found 50000"
    ]


@pytest.mark.parametrize(
    ("fees", "fee"),
    [
        ({"qris": {"percent": "0.7", "fixed": 0}}, 350),
        ({"qris": {"percent": "0", "fixed": 4000}}, 4_000),
        ({"qris": {"percent": "x"}}, None),
        ({"qris": "0.7"}, None),
        ({}, None),
    ],
)
def test_expected_fee(fees, fee):
    assert expected_fee(fees, "qris", 50_000) == fee
