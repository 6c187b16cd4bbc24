"""New bank accounts, fees, suspended companies, and money that is paid by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from cpo.models import CPO, AuditEntry, BankAccountChange, CPOStatus, Role
from cpo.services.bank_accounts import (
    change_bank_account,
    keep_name_at_bank,
    names_match,
    verify_bank_account,
)
from payments.chart import AccountRef, Code, cpo_account, gateway_account
from payments.models import Payout, PayoutStatus, SettlementProof, SettlementStatus
from payments.selectors.wallet import wallet
from payments.services import ledger
from payments.services.check_books import check_books
from payments.services.payouts.applying import end_payout
from payments.services.payouts.starting import pay_settlement
from payments.services.settlements import (
    approve_settlement,
    cancel_settlement,
    fail_settlement,
    mark_settlement_paid,
    request_settlement,
)
from payments.services.settling.banks import ask_account_name
from payments.services.settling.doubts import resolve_payout
from payments.services.settling.proofs import ProofPaper
from payments.tests.factories import give, make_member, make_paid_cpo, make_staff
from payments.tests.payments import make_provider
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError, RefusedError

pytestmark = pytest.mark.django_db

NEW = {"bank_code": "mandiri", "name": "PT  Contoh", "number": "1440-0123 4567"}
PDF = ProofPaper("bukti.pdf", b"%PDF-1.7 paid")


@pytest.fixture
def cpo():
    company = make_paid_cpo()
    give(company, 200_000)
    return company


@pytest.fixture
def owner(cpo):
    return make_member(cpo, Role.OWNER)


def over(change):
    """The cool-off is over."""
    BankAccountChange.objects.filter(pk=change.pk).update(usable_from=clock.now())


def approved(cpo, owner, amount=60_000):
    settlement = request_settlement(cpo, actor=owner, amount=amount)
    return approve_settlement(settlement, actor=make_staff())


def test_new_account_is_kept_whole_and_cools_off_for_the_set_time(cpo, owner, settings):
    settings.SETTLEMENT_BANK_COOLOFF_HOURS = 48
    change = change_bank_account(cpo, **NEW, actor=owner)
    cpo.refresh_from_db()
    assert (cpo.bank_code, cpo.bank_account_name) == ("MANDIRI", "PT Contoh")
    assert cpo.bank_account_number == "144001234567"
    assert change.usable_from - change.changed_at == timedelta(hours=48)
    entry = AuditEntry.objects.get(action="cpo.change_bank_account")
    assert "144001234567" not in str(entry.after)
    assert "0123456789" not in str(entry.before)
    assert entry.after["bank_account_number"] == "••••"


def test_request_within_the_cool_off_is_refused_and_says_when_it_ends(cpo, owner):
    change = change_bank_account(cpo, **NEW, actor=owner)
    verify_bank_account(change, actor=make_staff())
    BankAccountChange.objects.filter(pk=change.pk).update(
        usable_from=clock.now() + timedelta(days=1)
    )
    cpo.refresh_from_db()
    with pytest.raises(RefusedError) as refused:
        request_settlement(cpo, actor=owner)
    assert refused.value.code == "bank_cooloff"
    tomorrow = clock.now() + timedelta(days=1)
    assert str(tomorrow.year) in str(refused.value)
    assert wallet(cpo).on_hold == 0


def test_account_is_not_paid_to_before_staff_verified_it(cpo, owner):
    change = change_bank_account(cpo, **NEW, actor=owner)
    over(change)
    cpo.refresh_from_db()
    with pytest.raises(RefusedError) as refused:
        request_settlement(cpo, actor=owner)
    assert refused.value.code == "bank_not_verified"
    verify_bank_account(change, actor=make_staff())
    assert request_settlement(cpo, actor=owner).bank_code == "MANDIRI"


def test_the_same_account_again_changes_nothing(cpo, owner):
    same = {"bank_code": "BCA", "name": "PT Contoh", "number": "0123456789"}
    assert change_bank_account(cpo, **same, actor=owner) is None
    assert not BankAccountChange.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"bank_code": "B C A!"}, "bank_code"),
        ({"name": "x"}, "bank_account_name"),
        ({"number": "12AB56"}, "bank_account_number"),
    ],
)
def test_bad_account_is_refused_by_its_field(cpo, owner, wrong, field):
    with pytest.raises(InvalidError) as refused:
        change_bank_account(cpo, **{**NEW, **wrong}, actor=owner)
    assert refused.value.field == field
    assert CPO.objects.get(pk=cpo.pk).bank_code == "BCA"


def test_rival_and_people_without_the_right_change_no_account(cpo):
    for actor in (make_member(make_paid_cpo(), Role.OWNER), make_member(cpo, Role.OPERATOR)):
        with pytest.raises(ForbiddenError):
            change_bank_account(cpo, **NEW, actor=actor)


def test_who_entered_an_account_neither_verifies_it_nor_approves_what_goes_there(cpo, owner):
    staff, other = make_staff(), make_staff()
    change = change_bank_account(cpo, **NEW, actor=staff)
    with pytest.raises(ForbiddenError) as refused:
        verify_bank_account(change, actor=staff)
    assert refused.value.code == "four_eyes"
    with pytest.raises(DatabaseError, match="verified_by_another_person"), transaction.atomic():
        BankAccountChange.objects.update(verified_by=staff, verified_at=clock.now())
    verify_bank_account(change, actor=other)
    over(change)
    cpo.refresh_from_db()
    settlement = request_settlement(cpo, actor=owner)
    with pytest.raises(ForbiddenError):
        approve_settlement(settlement, actor=staff)
    assert approve_settlement(settlement, actor=other).status == SettlementStatus.APPROVED


def test_members_verify_nothing_and_a_replaced_account_is_not_verified(cpo, owner):
    first = change_bank_account(cpo, **NEW, actor=owner)
    with pytest.raises(ForbiddenError):
        verify_bank_account(first, actor=make_member(cpo, Role.OWNER))
    change_bank_account(cpo, **{**NEW, "number": "999900001111"}, actor=owner)
    with pytest.raises(ConflictError) as refused:
        verify_bank_account(first, actor=make_staff())
    assert refused.value.code == "bank_account_replaced"


def test_iris_tells_whose_account_it_is_and_xendit_is_passed_over(fake, cpo, owner):
    make_provider(fake, "xendit", priority=1)
    change = change_bank_account(cpo, **NEW, actor=owner)
    with pytest.raises(RefusedError) as refused:
        ask_account_name(change, actor=make_staff())
    assert refused.value.code == "no_account_check"
    make_provider(fake, "midtrans", priority=2)
    asked = ask_account_name(change, actor=make_staff())
    assert asked.name_at_bank == "PT NUSANTARA"
    assert not names_match(asked.account_name, asked.name_at_bank)
    assert asked.checked_at is not None


def test_names_are_the_same_as_banks_write_them():
    assert names_match("PT. Nusantara Energi Tbk", "NUSANTARA ENERGI PT")
    assert names_match("Nusantara Energi Terbarukan", "NUSANTARA ENERGI TERB")
    assert not names_match("Nusantara", "PT")
    assert not names_match("Budi Santoso", "Budi")


def test_name_of_the_bank_is_kept_with_who_asked(cpo, owner):
    change = change_bank_account(cpo, **NEW, actor=owner)
    keep_name_at_bank(change, name="PT CONTOH", actor=make_staff())
    assert BankAccountChange.objects.get().name_at_bank == "PT CONTOH"
    assert AuditEntry.objects.filter(action="cpo.check_bank_account").count() == 1


def test_company_that_was_suspended_meanwhile_is_neither_approved_nor_paid(fake, cpo, owner):
    make_provider(fake)
    settlement = request_settlement(cpo, actor=owner, amount=60_000)
    CPO.objects.filter(pk=cpo.pk).update(status=CPOStatus.SUSPENDED)
    with pytest.raises(RefusedError):
        approve_settlement(settlement, actor=make_staff())
    CPO.objects.filter(pk=cpo.pk).update(status=CPOStatus.VERIFIED)
    approve_settlement(settlement, actor=make_staff())
    CPO.objects.filter(pk=cpo.pk).update(status=CPOStatus.SUSPENDED)
    assert pay_settlement(settlement) is None
    with pytest.raises(RefusedError):
        mark_settlement_paid(settlement, actor=make_staff(), proof="x")
    assert not Payout.objects.exists()
    CPO.objects.filter(pk=cpo.pk).update(status=CPOStatus.VERIFIED)
    assert pay_settlement(settlement) is not None


def test_fee_that_the_company_bears_is_kept_back_from_the_transfer(fake, cpo, owner, settings):
    settings.SETTLEMENT_FEE_BEARER, settings.SETTLEMENT_TRANSFER_FEE = "cpo", 2_500
    config = make_provider(fake)
    settlement = approved(cpo, owner)
    payout = pay_settlement(settlement)
    assert (settlement.charged_fee, payout.amount) == (2_500, 57_500)
    Payout.objects.update(status=PayoutStatus.SENDING)
    end_payout(payout.pk, PayoutStatus.PAID, fee=2_000)
    gateway = gateway_account(Code.GATEWAY_AVAILABLE, config.pk, "IDR")
    assert ledger.balance_of(gateway) == -59_500
    assert ledger.balance_of(AccountRef(Code.PAYOUT_FEE_EXPENSE)) == 2_000
    assert ledger.balance_of(cpo_account(Code.PLATFORM_FEE_REVENUE, cpo.pk, "IDR")) == 2_500
    assert wallet(cpo).available == 140_000
    end_payout(payout.pk, PayoutStatus.REVERSED, failure="closed")
    assert wallet(cpo).available == 197_500
    assert not any(check_books().values())


def test_fee_that_leaves_nothing_is_refused(cpo, owner, settings):
    settings.SETTLEMENT_FEE_BEARER, settings.SETTLEMENT_TRANSFER_FEE = "cpo", 60_000
    with pytest.raises(RefusedError) as refused:
        request_settlement(cpo, actor=owner, amount=60_000)
    assert refused.value.code == "below_fee"
    assert wallet(cpo).on_hold == 0


def test_proof_of_a_transfer_is_judged_by_its_bytes(cpo, owner):
    settlement = approved(cpo, owner)
    with pytest.raises(InvalidError) as refused:
        mark_settlement_paid(
            settlement, actor=make_staff(), proof="T1", document=ProofPaper("p.pdf", b"<html>")
        )
    assert refused.value.field == "document"
    assert wallet(cpo).on_hold == 60_000
    mark_settlement_paid(settlement, actor=make_staff(), proof="T1", document=PDF)
    proof = SettlementProof.objects.get(settlement=settlement)
    assert (proof.media_type, proof.extension, proof.size) == ("application/pdf", "pdf", 13)
    assert proof.file.read() == PDF.content


def test_nobody_pays_by_hand_what_a_gateway_was_told_to_pay(fake, cpo, owner):
    make_provider(fake)
    settlement = approved(cpo, owner)
    pay_settlement(settlement)
    with pytest.raises(ConflictError) as refused:
        mark_settlement_paid(settlement, actor=make_staff(), proof="x")
    assert refused.value.code == "payout_may_arrive"
    for end in (
        lambda: cancel_settlement(settlement, actor=owner),
        lambda: fail_settlement(settlement, actor="bank", reason="x"),
    ):
        with pytest.raises(ConflictError):
            end()
    assert wallet(cpo).on_hold == 60_000


def test_submitted_settlement_is_not_taken_back(fake, cpo, owner):
    make_provider(fake)
    settlement = approved(cpo, owner)
    payout = pay_settlement(settlement)
    Payout.objects.update(status=PayoutStatus.SENDING)
    end_payout(payout.pk, PayoutStatus.SUBMITTED)
    settlement.refresh_from_db()
    assert settlement.status == SettlementStatus.SUBMITTED
    with pytest.raises(ConflictError) as refused:
        cancel_settlement(settlement, actor=owner)
    assert refused.value.code == "settlement_under_way"


def test_who_asked_does_not_mark_as_paid(cpo):
    asker = make_staff()
    settlement = request_settlement(cpo, actor=asker, amount=60_000)
    approve_settlement(settlement, actor=make_staff())
    with pytest.raises(ForbiddenError):
        mark_settlement_paid(settlement, actor=asker, proof="x")


@pytest.mark.parametrize(("outcome", "status"), [("paid", "paid"), ("failed", "failed")])
def test_review_of_a_payout_is_resolved_by_another_person(fake, cpo, outcome, status):
    make_provider(fake)
    asker = make_staff()
    settlement = request_settlement(cpo, actor=asker, amount=60_000)
    approve_settlement(settlement, actor=make_staff())
    payout = pay_settlement(settlement)
    Payout.objects.update(status=PayoutStatus.SENDING)
    end_payout(payout.pk, PayoutStatus.REVIEW, failure="no answer")
    answer = {"outcome": outcome, "reason": "the bank's list"}
    with pytest.raises(ForbiddenError):
        resolve_payout(payout, **answer, actor=asker)
    with pytest.raises(InvalidError):
        resolve_payout(payout, outcome=outcome, reason=" ", actor=make_staff())
    resolve_payout(payout, **answer, actor=make_staff())
    settlement.refresh_from_db()
    assert settlement.status == status
    assert wallet(cpo).on_hold == 0
    assert wallet(cpo).available == (140_000 if outcome == "paid" else 200_000)
    with pytest.raises(ConflictError):
        resolve_payout(payout, **answer, actor=make_staff())
    assert not any(check_books().values())


def test_every_way_through_the_states_of_a_settlement_is_walked(fake, cpo, owner):
    """SUBMITTING → SUBMITTED → PROCESSING → PAID → REVERSED by the gateway's words alone."""
    make_provider(fake)
    settlement = approved(cpo, owner)
    payout = pay_settlement(settlement)
    Payout.objects.update(status=PayoutStatus.SENDING)
    for status in ("submitted", "processing", "paid", "reversed"):
        end_payout(payout.pk, PayoutStatus(status))
    walked = list(settlement.status_changes.values_list("status", flat=True))
    assert walked == [
        "requested", "approved", "submitting", "submitted", "processing", "paid", "reversed",
    ]  # fmt: skip
    assert wallet(cpo).available == 200_000
