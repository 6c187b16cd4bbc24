"""Bookings by two people, and gateways' balances that nobody corrects alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.urls import reverse

from cpo.tests.factories import make_cpo, make_user
from payments.chart import AccountRef, Code, cpo_account, gateway_account
from payments.models import (
    Adjustment,
    Difference,
    GatewayBalance,
    LedgerTransaction,
    ProviderConfig,
    StatementLine,
)
from payments.selectors.completeness import completeness
from payments.services.adjustments import (
    approve_adjustment,
    propose_adjustment,
    refuse_adjustment,
)
from payments.services.check_books import check_books
from payments.services.intents.sending import check_attempt
from payments.services.ledger import InsufficientFundsError, balance_of
from payments.services.reconciliation.balances import read_balance, read_balances
from payments.services.reconciliation.proving import prove_books
from payments.services.reconciliation.reports import import_report, read_report
from payments.services.reconciliation.statements import follow_statements
from payments.tests.payments import begin, make_provider, pay
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError

pytestmark = pytest.mark.django_db
OPENING = 100_000_000


def finance(name="finance"):
    person = make_user(username=name, is_staff=True)
    rights = ("add_adjustment", "change_adjustment", "change_statementline")
    person.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    return person


@pytest.fixture
def ana():
    return finance("ana")


@pytest.fixture
def budi():
    return finance("budi")


def available(config):
    return balance_of(gateway_account(Code.GATEWAY_AVAILABLE, config.pk))


def differing():
    return {name: found for name, found in check_books().items() if found}


def test_another_person_books_what_was_proposed(fake, ana, budi):
    config = make_provider(fake)
    proposal = propose_adjustment(
        kind="top_up", amount=OPENING, config=config, reason="was there before", actor=ana
    )
    assert not LedgerTransaction.objects.exists()
    with pytest.raises(ForbiddenError):
        approve_adjustment(proposal, actor=ana)
    approve_adjustment(proposal, actor=budi)
    assert available(config) == OPENING
    assert balance_of(AccountRef(Code.BANK_OPERATING)) == -OPENING
    with pytest.raises(ConflictError):
        approve_adjustment(proposal, actor=budi)
    with pytest.raises(ConflictError):
        refuse_adjustment(proposal, actor=ana)
    assert available(config) == OPENING
    assert differing() == {}


def test_two_people_adjust_the_books_in_the_admin(client, fake, ana, budi):
    config = make_provider(fake)
    view = Permission.objects.get(codename="view_adjustment")
    for person in (ana, budi):
        person.user_permissions.add(view)
    client.force_login(ana)
    wish = {"kind": "top_up", "amount": OPENING, "config": config.pk, "reason": "was there before"}
    client.post("/admin/payments/adjustment/add/", wish)
    proposal = Adjustment.objects.get()
    approve = reverse("admin:payments_adjustment_approve", args=(proposal.pk,))
    assert client.post(approve).status_code == 200
    client.force_login(budi)
    assert client.post(approve).status_code == 302
    assert available(config) == OPENING


def test_refused_proposal_books_nothing(fake, ana, budi):
    proposal = propose_adjustment(
        kind="top_up", amount=5, config=make_provider(fake), reason="x", actor=ana
    )
    refuse_adjustment(proposal, actor=ana)
    with pytest.raises(ConflictError):
        approve_adjustment(proposal, actor=budi)
    assert not LedgerTransaction.objects.exists()


def test_database_keeps_the_second_pair_of_eyes(fake, ana, budi):
    config = make_provider(fake)
    proposal = propose_adjustment(kind="top_up", amount=5, config=config, reason="x", actor=ana)
    approve_adjustment(proposal, actor=budi)
    with pytest.raises(IntegrityError), transaction.atomic():
        Adjustment.objects.update(decided_by=ana)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "gift"}, "kind"),
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 301}, "reason"),
        ({"config": None}, "config"),
        ({"kind": "cpo_credit"}, "cpo"),
        ({"kind": "gateway_less", "amount": 1_001}, "amount"),
    ],
)
def test_nonsense_is_not_proposed(fake, ana, wrong, field):
    usual = {"kind": "top_up", "amount": 5, "reason": "x", "config": make_provider(fake)}
    with pytest.raises(InvalidError) as error:
        propose_adjustment(actor=ana, **usual | wrong)
    assert error.value.field == field
    assert not Adjustment.objects.exists()


def test_who_is_not_of_finance_proposes_and_decides_nothing(fake, ana):
    config = make_provider(fake)
    stranger = make_user(is_staff=True)
    with pytest.raises(ForbiddenError):
        propose_adjustment(kind="top_up", amount=5, config=config, reason="x", actor=stranger)
    proposal = propose_adjustment(kind="top_up", amount=5, config=config, reason="x", actor=ana)
    for decide in (approve_adjustment, refuse_adjustment):
        with pytest.raises(ForbiddenError):
            decide(proposal, actor=stranger)


def test_wallet_is_not_debited_below_nothing(ana, budi):
    cpo = make_cpo()
    debit = propose_adjustment(kind="cpo_debit", amount=500, cpo=cpo, reason="x", actor=ana)
    with pytest.raises(InsufficientFundsError):
        approve_adjustment(debit, actor=budi)
    credit = propose_adjustment(kind="cpo_credit", amount=500, cpo=cpo, reason="x", actor=ana)
    # Commission pays for it, and there is none yet.
    with pytest.raises(InsufficientFundsError):
        approve_adjustment(credit, actor=budi)
    assert Adjustment.objects.filter(status="proposed").count() == 2


# --- Money that matches nothing -----------------------------------------------------------------


def stranger_line(config, *, days=2, amount=20_000):
    return StatementLine.objects.create(
        config=config, line_id="txn_x", kind="payment", reference="whose", amount=amount,
        net_amount=amount - 155, fee=140, tax=15, is_settled=True,
        at=clock.now() - timedelta(days=days),
    )  # fmt: skip


def test_money_without_an_owner_waits_in_suspense_until_a_person_finds_one(fake, ana, budi):
    config = make_provider(fake)
    stranger_line(config)
    follow_statements()
    follow_statements()
    suspense = gateway_account(Code.SUSPENSE, config.pk)
    assert (balance_of(suspense), available(config)) == (20_000, 19_845)
    assert completeness().suspense == 20_000
    assert list(differing()) == ["money that matches nothing"]
    cpo = make_cpo()
    found = propose_adjustment(
        kind="suspense_to_cpo", amount=20_000, config=config, cpo=cpo, reason="by phone", actor=ana
    )
    approve_adjustment(found, actor=budi)
    assert balance_of(cpo_account(Code.CPO_AVAILABLE, cpo.pk)) == 20_000
    assert balance_of(suspense) == 0
    assert differing() == {}


def test_money_of_today_may_still_find_its_payment(fake):
    config = make_provider(fake)
    stranger_line(config, days=0)
    follow_statements()
    assert available(config) == 0
    assert list(differing()) == ["payments in the gateway's statement"]


# --- The gateway's balance ----------------------------------------------------------------------


def open_books(config, ana, budi):
    proposal = propose_adjustment(
        kind="top_up", amount=OPENING, config=config, reason="was there", actor=ana
    )
    approve_adjustment(proposal, actor=budi)


def test_balance_at_the_gateway_is_what_the_ledger_says(fake, ana, budi):
    pay(fake, begin(fake))
    config = ProviderConfig.objects.get()
    open_books(config, ana, budi)
    follow_statements()
    assert read_balances() == 1
    reading = GatewayBalance.objects.get()
    assert reading.told == reading.booked == OPENING + 50_000 - 350 - 38
    assert reading.difference == 0
    assert differing() == {}


def test_balance_that_differs_twice_is_a_difference(fake):
    config = make_provider(fake)
    read_balance(config.pk)
    assert differing() == {}
    read_balance(config.pk)
    assert list(differing()) == ["balance at the gateway"]
    prove_books()
    assert Difference.objects.get().found == str(OPENING)


@pytest.mark.parametrize(("told", "difference"), [(100, 0), (70, 0), (85, 0), (101, 1), (69, -1)])
def test_money_on_its_way_may_be_gone_or_not(told, difference):
    assert GatewayBalance(told=told, booked=100, in_flight=30).difference == difference


def test_gateway_that_is_away_costs_no_other_its_reading(fake):
    make_provider(fake)
    away = make_provider(fake, name="Away")
    ProviderConfig.objects.filter(pk=away.pk).update(base_url="http://127.0.0.1:1")
    assert read_balances() == 1


# --- Reports ------------------------------------------------------------------------------------

HEAD = b"Order ID,Transaction ID,Gross Amount,Fee,VAT,Net Amount,Settlement Time\n"


def paid_at_midtrans(fake):
    make_provider(fake, "midtrans")
    attempt = begin(fake).attempts.get()
    fake.pay(attempt.reference)
    return check_attempt(attempt.pk, source="poll")


def test_report_settles_the_payments_it_names_once(fake, ana):
    attempt = paid_at_midtrans(fake)
    config = attempt.config
    line = f"{attempt.reference},{attempt.payment_id},50000.00,350,39,49611,2026-11-20 09:00:00\n"
    content = HEAD + line.encode()
    assert import_report(config, content, actor=ana) == 1
    assert import_report(config, content, actor=ana) == 1
    assert available(config) == 49_611
    assert StatementLine.objects.get().booked_at is not None
    assert differing() == {}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b",t,50000,350,39,49611,2026-11-20\n", "names no order"),
        (b"A,t,many,350,39,49611,2026-11-20\n", "amount is no amount"),
        (b"A,t,50000,350,39,1,2026-11-20\n", "are not the amount together"),
        (b"A,t,50000,350,39,49611,someday\n", "The time is not as"),
        (b"A,t,50000,350,39,49611,2026-13-45\n", "The time is not as"),
        (b"A,t,-5,0,0,-5,2026-11-20\n", "no whole amount"),
    ],
)
def test_faulty_line_is_named_and_nothing_is_kept(english, fake, ana, line, words):
    config = make_provider(fake)
    with pytest.raises(InvalidError, match=words):
        import_report(config, HEAD + line, actor=ana)
    assert not StatementLine.objects.exists()


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"", b"order,nothing\n1,2\n", b"x" * (10 * 1024 * 1024 + 1)]
)
def test_unusable_file_is_refused(content):
    with pytest.raises(InvalidError) as error:
        read_report(content)
    assert error.value.field == "file"


@pytest.mark.parametrize(
    ("written", "amount"),
    [("50000", 50_000), ("50.000", 50_000), ("Rp50.000", 50_000), ("50,000.00", 50_000)],
)
def test_amounts_are_read_as_spreadsheets_write_them(written, amount):
    cells = f'A;t;"{written}";0;0;"{written}";2026-11-20\n'.encode()
    (line,) = read_report(HEAD.replace(b",", b";") + cells).lines
    assert (line.amount, line.net_amount) == (amount, amount)


def test_stranger_imports_no_report(fake):
    config = make_provider(fake)
    with pytest.raises(ForbiddenError):
        import_report(config, HEAD, actor=make_user(is_staff=True))
