"""What partners owe for their drivers, and how it is paid or taken back (docs/ocpi.md)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction

from chargers.models import IdToken
from cpo.models import Driver
from cpo.tests.factories import make_user
from ocpi.models import Cdr
from ocpi.services.selling.cdrs import issue_cdr, issue_credit
from ocpi.tests.driving import charge, push_token, sell
from ocpi.tests.field import make_site
from payments.chart import AccountRef, Code, cpo_account, partner_account
from payments.ledger.legs import credit, debit
from payments.models import Adjustment, Bill, BillCredit, RoamingCharge
from payments.services.adjustments import (
    approve_adjustment,
    propose_adjustment,
    refuse_adjustment,
)
from payments.services.billing import bill_session
from payments.services.check_books import check_books
from payments.services.ledger import InsufficientFundsError, balance_of, post
from payments.services.releases import release_pending
from payments.services.transfers import PartnerPayment, propose_partner_payment
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError

pytestmark = pytest.mark.django_db


@pytest.fixture
def bill(call, partner):
    """Rp 1,800 for 400 Wh and a fee, of a partner's driver; its CDR is issued."""
    site = make_site()
    sell(site)
    session = charge(site, push_token(call)["uid"])
    found = bill_session(session.pk)
    issue_cdr(found.pk)
    return found


@pytest.fixture
def ana():
    return finance("ana")


@pytest.fixture
def budi():
    return finance("budi")


def finance(name):
    person = make_user(username=name, is_staff=True)
    rights = ("add_adjustment", "change_adjustment")
    person.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    return person


def owed_by(partner):
    return balance_of(partner_account(Code.ROAMING_RECEIVABLE, str(partner.pk)))


def transfer(partner, amount, name="BCA-77", kind="partner_paid"):
    return PartnerPayment(kind, str(partner.pk), partner.name, amount, name)


def in_balance():
    return not any(check_books().values())


def test_partner_and_not_the_company_owes_its_drivers_bill(bill, partner):
    assert bill.payer_reference == str(partner.pk)
    assert bill.total == 1_800
    assert owed_by(partner) == 1_800
    assert balance_of(cpo_account(Code.DRIVER_RECEIVABLE, bill.cpo_id)) == 0
    assert balance_of(cpo_account(Code.CPO_PENDING, bill.cpo_id)) == bill.cpo_share
    assert in_balance()


def test_tags_of_partners_say_who_pays(bill, partner):
    tag = IdToken.objects.get(roaming__isnull=False)
    assert tag.payer_reference == str(partner.pk)


def test_who_owes_a_bill_is_never_rewritten(bill):
    with pytest.raises(IntegrityError), transaction.atomic():
        Bill.objects.filter(pk=bill.pk).update(payer_reference="7")


def test_books_notice_a_bill_that_somebody_else_owes(bill, partner):
    assert check_books()["partners' bills and the ledger"] == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE payments_bill DISABLE TRIGGER bill_is_final")
        cursor.execute("UPDATE payments_bill SET payer_reference = '987'")
        cursor.execute("ALTER TABLE payments_bill ENABLE TRIGGER bill_is_final")
    (found,) = check_books()["partners' bills and the ledger"]
    assert "987 owes 1800" in found


def test_credit_cdr_takes_the_debt_back_from_everybody(bill, partner):
    cdr = Cdr.objects.get(bill=bill)
    issue_credit(cdr, actor="test", reason="The meter was wrong")
    assert owed_by(partner) == 0
    assert balance_of(cpo_account(Code.CPO_PENDING, bill.cpo_id)) == 0
    assert balance_of(cpo_account(Code.PLATFORM_FEE_REVENUE, bill.cpo_id)) == 0
    assert BillCredit.objects.get().bill == bill
    release_pending(bill.cpo, now=clock.now() + timedelta(days=30))
    assert balance_of(cpo_account(Code.CPO_AVAILABLE, bill.cpo_id)) == 0
    assert in_balance()


def test_credit_after_the_release_comes_out_of_what_the_company_has(bill, partner):
    release_pending(bill.cpo, now=clock.now() + timedelta(days=30))
    issue_credit(Cdr.objects.get(bill=bill), actor="test", reason="Wrong")
    assert balance_of(cpo_account(Code.CPO_AVAILABLE, bill.cpo_id)) == 0
    assert in_balance()


def test_credit_of_what_the_company_was_paid_is_refused_and_changes_nothing(bill, partner):
    release_pending(bill.cpo, now=clock.now() + timedelta(days=30))
    spent = AccountRef(Code.BANK_OPERATING)
    post(
        key="spent",
        kind="adjustment",
        legs=[
            debit(cpo_account(Code.CPO_AVAILABLE, bill.cpo_id), bill.cpo_share),
            credit(spent, bill.cpo_share),
        ],
    )
    with pytest.raises(InsufficientFundsError):
        issue_credit(Cdr.objects.get(bill=bill), actor="test", reason="Wrong")
    assert Cdr.objects.count() == 1
    assert owed_by(partner) == 1_800


def test_payment_of_a_partner_takes_two_people_and_clears_the_debt(bill, partner, ana, budi):
    proposal = propose_partner_payment(transfer(partner, 1_800), reason="Invoice 7", actor=ana)
    assert owed_by(partner) == 1_800
    with pytest.raises(ForbiddenError):
        approve_adjustment(proposal, actor=ana)
    approve_adjustment(proposal, actor=budi)
    assert owed_by(partner) == 0
    assert balance_of(AccountRef(Code.BANK_OPERATING)) == 1_800
    assert in_balance()


def test_a_transfer_is_recorded_once(bill, partner, ana, budi):
    first = propose_partner_payment(transfer(partner, 900), reason="Half", actor=ana)
    with pytest.raises(ConflictError):
        propose_partner_payment(transfer(partner, 900), reason="Half", actor=budi)
    refuse_adjustment(first, actor=budi)
    propose_partner_payment(transfer(partner, 900), reason="Half, again", actor=ana)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 1_801}, "amount"),
        ({"amount": 0}, "amount"),
        ({"transfer": "  "}, "transfer"),
        ({"kind": "top_up"}, "kind"),
        ({"kind": "paid_partner"}, "amount"),
    ],
)
def test_bad_payment_names_its_field(bill, partner, ana, change, field):
    values = {"kind": "partner_paid", "amount": 100, "transfer": "BCA-77", **change}
    paid = PartnerPayment(partner_reference=str(partner.pk), partner_name="N", **values)
    with pytest.raises(InvalidError) as caught:
        propose_partner_payment(paid, reason="Invoice 7", actor=ana)
    assert caught.value.field == field
    assert not Adjustment.objects.exists()


def test_what_was_paid_meanwhile_is_not_booked_twice(bill, partner, ana, budi):
    one = propose_partner_payment(transfer(partner, 1_800, "A"), reason="One", actor=ana)
    two = propose_partner_payment(transfer(partner, 1_800, "B"), reason="Two", actor=ana)
    approve_adjustment(one, actor=budi)
    with pytest.raises(InvalidError):
        approve_adjustment(two, actor=budi)
    two.refresh_from_db()
    assert two.status == "proposed"


def test_only_finance_staff_record_payments(bill, partner):
    with pytest.raises(ForbiddenError):
        propose_partner_payment(
            transfer(partner, 1), reason="x", actor=make_user(username="helper", is_staff=True)
        )


def test_kinds_of_partners_are_not_proposed_without_one(ana):
    with pytest.raises(InvalidError):
        propose_adjustment(kind="partner_paid", amount=1, reason="x", actor=ana)


def test_database_knows_no_charge_without_its_booking(db):
    driver = Driver.objects.create(name="D")
    with pytest.raises(IntegrityError, match="roaming_charge_of_some_money_is_booked"):
        RoamingCharge.objects.create(
            driver=driver, partner_reference="1", cdr_reference="C", net=5, charged_at=clock.now()
        )
