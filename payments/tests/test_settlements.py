"""Settlements: holds, four eyes, one open at a time, and every way out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, transaction

from cpo.models import CPO, AuditEntry, CPOStatus, Role
from payments.models import LedgerAccount, Settlement, SettlementStatus
from payments.selectors.wallet import wallet
from payments.services.settlements import (
    approve_settlement,
    cancel_settlement,
    fail_settlement,
    mark_settlement_paid,
    reject_settlement,
    request_settlement,
)
from payments.tests.factories import give, make_member, make_paid_cpo, make_staff
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError, RefusedError

pytestmark = pytest.mark.django_db


@pytest.fixture
def cpo():
    company = make_paid_cpo()
    give(company, 100_000)
    return company


@pytest.fixture
def owner(cpo):
    return make_member(cpo, Role.OWNER)


@pytest.fixture
def requested(cpo, owner):
    return request_settlement(cpo, actor=owner, amount=60_000)


def money_of(cpo):
    found = wallet(cpo)
    return found.available, found.on_hold


def test_request_puts_the_amount_on_hold(cpo, owner):
    settlement = request_settlement(cpo, actor=owner, amount=60_000)
    assert (settlement.status, settlement.amount) == (SettlementStatus.REQUESTED, 60_000)
    assert money_of(cpo) == (40_000, 60_000)


def test_request_without_an_amount_takes_all(cpo, owner):
    assert request_settlement(cpo, actor=owner).amount == 100_000


def test_bank_account_is_the_one_of_the_request(cpo, requested):
    CPO.objects.filter(pk=cpo.pk).update(bank_code="MANDIRI", bank_account_number="999")
    requested.refresh_from_db()
    assert (requested.bank_code, requested.bank_account_number) == ("BCA", "0123456789")


def test_more_than_available_is_refused(cpo, owner):
    with pytest.raises(RefusedError) as refused:
        request_settlement(cpo, actor=owner, amount=100_001)
    assert (refused.value.status, refused.value.field) == (422, "amount")
    assert money_of(cpo) == (100_000, 0)
    assert not Settlement.objects.exists()


@pytest.mark.parametrize("amount", [0, -1])
def test_no_amount_is_malformed(cpo, owner, amount):
    with pytest.raises(InvalidError):
        request_settlement(cpo, actor=owner, amount=amount)


def test_less_than_the_minimum_is_refused(cpo, owner):
    with pytest.raises(RefusedError) as refused:
        request_settlement(cpo, actor=owner, amount=49_999)
    assert refused.value.code == "below_minimum"


def test_second_open_request_is_refused(cpo, owner, requested):
    give(cpo, 100_000)
    with pytest.raises(ConflictError) as refused:
        request_settlement(cpo, actor=owner, amount=50_000)
    assert refused.value.code == "settlement_open"
    assert money_of(cpo) == (140_000, 60_000)


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_roles_without_money_may_not_ask(cpo, role):
    with pytest.raises(ForbiddenError):
        request_settlement(cpo, actor=make_member(cpo, role), amount=60_000)


def test_member_of_a_rival_may_not_ask(cpo):
    with pytest.raises(ForbiddenError):
        request_settlement(cpo, actor=make_member(make_paid_cpo()), amount=60_000)


def test_unverified_company_is_not_paid(cpo, owner):
    cpo.status = CPOStatus.SUSPENDED
    with pytest.raises(RefusedError):
        request_settlement(cpo, actor=owner, amount=60_000)


def test_company_without_a_bank_account_is_not_paid(cpo, owner):
    cpo.bank_account_number = ""
    with pytest.raises(InvalidError):
        request_settlement(cpo, actor=owner, amount=60_000)


def test_another_person_approves(requested):
    staff = make_staff()
    approved = approve_settlement(requested, actor=staff)
    assert (approved.status, approved.decided_by) == (SettlementStatus.APPROVED, staff)


def test_who_asked_may_not_approve(cpo):
    staff = make_staff()
    settlement = request_settlement(cpo, actor=staff, amount=60_000)
    with pytest.raises(ForbiddenError) as refused:
        approve_settlement(settlement, actor=staff)
    assert refused.value.code == "four_eyes"


def test_four_eyes_are_kept_by_the_database_too(requested):
    with pytest.raises(DatabaseError, match="approved_by_another_person"), transaction.atomic():
        Settlement.objects.update(
            status="approved", decided_by=requested.requested_by, decided_at=requested.requested_at
        )


def test_members_do_not_approve_and_do_not_pay(requested, owner):
    for decide in (
        lambda: approve_settlement(requested, actor=owner),
        lambda: reject_settlement(requested, actor=owner, reason="x"),
        lambda: mark_settlement_paid(requested, actor=owner, proof="x"),
    ):
        with pytest.raises(ForbiddenError):
            decide()


def test_second_approval_is_refused(requested):
    approve_settlement(requested, actor=make_staff())
    with pytest.raises(ConflictError):
        approve_settlement(requested, actor=make_staff())


def test_rejection_gives_the_money_back_and_says_why(cpo, requested):
    rejected = reject_settlement(requested, actor=make_staff(), reason="Wrong account")
    assert (rejected.status, rejected.reason) == (SettlementStatus.REJECTED, "Wrong account")
    assert money_of(cpo) == (100_000, 0)


def test_rejection_needs_a_reason(requested):
    with pytest.raises(InvalidError):
        reject_settlement(requested, actor=make_staff(), reason=" ")


def test_company_takes_its_request_back(cpo, owner, requested):
    assert cancel_settlement(requested, actor=owner).status == SettlementStatus.CANCELLED
    assert money_of(cpo) == (100_000, 0)
    assert request_settlement(cpo, actor=owner).amount == 100_000


def test_cancelled_request_is_not_approved(owner, requested):
    cancel_settlement(requested, actor=owner)
    with pytest.raises(ConflictError):
        approve_settlement(requested, actor=make_staff())


def test_paid_settlement_leaves_the_books_with_its_fee(cpo, requested):
    approve_settlement(requested, actor=make_staff())
    bank_before = LedgerAccount.objects.get(code="bank_operating").balance
    paid = mark_settlement_paid(requested, actor=make_staff(), proof="TRX-77", fee=2_500)
    assert (paid.status, paid.proof, paid.fee) == (SettlementStatus.PAID, "TRX-77", 2_500)
    assert paid.paid_at is not None
    assert money_of(cpo) == (40_000, 0)
    assert LedgerAccount.objects.get(code="bank_operating").balance == bank_before - 62_500
    assert LedgerAccount.objects.get(code="payout_fee_expense").balance == 2_500


def test_nothing_is_paid_before_it_is_approved(cpo, requested):
    with pytest.raises(ConflictError):
        mark_settlement_paid(requested, actor=make_staff(), proof="x")
    assert money_of(cpo) == (40_000, 60_000)


def test_nothing_is_paid_twice(cpo, requested):
    approve_settlement(requested, actor=make_staff())
    mark_settlement_paid(requested, actor=make_staff(), proof="x")
    with pytest.raises(ConflictError):
        mark_settlement_paid(requested, actor=make_staff(), proof="y")
    requested.refresh_from_db()
    assert requested.proof == "x"


@pytest.mark.parametrize(
    "wrong", [{"proof": " "}, {"proof": "x", "fee": -1}, {"proof": "x", "fee": 60_000}]
)
def test_payment_needs_proof_and_a_fee_that_is_one(requested, wrong):
    approve_settlement(requested, actor=make_staff())
    with pytest.raises(InvalidError):
        mark_settlement_paid(requested, actor=make_staff(), **wrong)


def test_failed_transfer_gives_the_money_back(cpo, requested):
    approve_settlement(requested, actor=make_staff())
    fail_settlement(requested, actor="bank", reason="Account closed")
    assert money_of(cpo) == (100_000, 0)


def test_every_change_is_a_row_and_an_audit_entry(requested):
    staff = make_staff()
    approve_settlement(requested, actor=staff)
    mark_settlement_paid(requested, actor=staff, proof="TRX")
    changes = requested.status_changes.values_list("status", "actor")
    assert list(changes) == [
        ("requested", requested.requested_by_id),
        ("approved", staff.pk),
        ("paid", staff.pk),
    ]
    actions = AuditEntry.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["settlement.requested", "settlement.approved", "settlement.paid"]


@pytest.mark.django_db(transaction=True)
def test_many_requests_at_once_hold_once():
    company = make_paid_cpo()
    give(company, 100_000)
    member = make_member(company)

    def run(_n):
        try:
            return request_settlement(company, actor=member, amount=60_000)
        except (ConflictError, RefusedError) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(run, range(12)))
    assert sum(isinstance(result, Settlement) for result in results) == 1
    assert money_of(company) == (40_000, 60_000)


@pytest.mark.django_db(transaction=True)
def test_two_approvers_at_once_approve_once():
    company = make_paid_cpo()
    give(company, 100_000)
    settlement = request_settlement(company, actor=make_member(company), amount=60_000)
    approvers = [make_staff(), make_staff()]

    def run(actor):
        try:
            return approve_settlement(settlement, actor=actor)
        except ConflictError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, approvers))
    assert sum(isinstance(result, Settlement) for result in results) == 1
    assert settlement.status_changes.count() == 2
