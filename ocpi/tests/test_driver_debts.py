"""What our drivers owe for charging elsewhere is paid by transfer, and gives them credit again."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.urls import reverse

from cpo.tests.factories import make_user
from ocpi.services.drivers.judging import has_credit
from ocpi.tests.emsp import let_roam, make_emsp_party
from ocpi.tests.test_admin import act
from payments.chart import receivable_account
from payments.models import Adjustment
from payments.services.adjustments import approve_adjustment, propose_adjustment
from payments.services.check_books import check_books
from payments.services.ledger import InsufficientFundsError, balance_of
from payments.services.roaming.charging import charge_driver, take_back
from payments.services.transfers import DriverPayment, propose_driver_payment
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError

pytestmark = pytest.mark.django_db


def finance(name):
    person = make_user(username=name, is_staff=True)
    rights = ("add_adjustment", "change_adjustment", "view_roamingcontract")
    person.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    return person


@pytest.fixture
def ana(db):
    return finance("ana")


@pytest.fixture
def budi(db):
    return finance("budi")


@pytest.fixture
def contract(db):
    """Rp 100,000 of credit, all of it used."""
    make_emsp_party()
    contract = let_roam(credit_limit=100_000)
    charge(contract, 100_000)
    return contract


def charge(contract, amount, *, cdr="DE-CPO-1", currency="IDR"):
    return charge_driver(
        driver_id=contract.driver_id,
        partner_reference="7",
        cdr_reference=cdr,
        currency=currency,
        net=amount,
        tax=0,
        margin_percent=Decimal(0),
    )


def owed(contract, currency="IDR"):
    return balance_of(receivable_account(contract.driver_id, None, currency))


def pay(contract, amount, actor, *, kind="driver_paid", transfer="BCA-1", currency="IDR"):
    paid = DriverPayment(kind, contract.driver, amount, transfer, currency)
    return propose_driver_payment(paid, reason="As on the statement", actor=actor)


def in_balance():
    """These charges were made without a CDR, which is all that may be found."""
    found = {what for what, rows in check_books().items() if rows}
    return found == {"CDRs received and roaming charges"}


def test_transfer_settles_the_debt_once_another_person_approves_it(contract, ana, budi):
    assert not has_credit(contract)
    proposal = pay(contract, 40_000, ana)
    assert owed(contract) == 100_000
    with pytest.raises(ForbiddenError):
        approve_adjustment(proposal, actor=ana)
    approve_adjustment(proposal, actor=budi)
    assert owed(contract) == 60_000
    assert has_credit(contract)
    assert in_balance()
    with pytest.raises(ConflictError):
        approve_adjustment(proposal, actor=budi)
    with pytest.raises(ConflictError):
        pay(contract, 1, ana)
    again = {"kind": "driver_paid", "driver": contract.driver, "transfer": "BCA-1", "amount": 1}
    with pytest.raises(IntegrityError, match="of_a_transfer_with_a_driver_is_one"):
        Adjustment.objects.create(reason="x", proposed_at=clock.now(), proposed_by=ana, **again)


def test_one_drivers_transfer_never_pays_anothers_debt(contract, ana, budi):
    other = let_roam(credit_limit=100_000)
    with pytest.raises(InvalidError) as caught:
        pay(other, 1, ana)
    assert caught.value.field == "amount"
    charge(other, 5_000, cdr="DE-CPO-2")
    approve_adjustment(pay(other, 5_000, ana), actor=budi)
    assert (owed(other), owed(contract)) == (0, 100_000)
    assert in_balance()


def test_no_more_than_is_owed_also_when_two_are_approved(contract, ana, budi):
    one, two = pay(contract, 100_000, ana), pay(contract, 60_000, ana, transfer="BCA-2")
    approve_adjustment(one, actor=budi)
    with pytest.raises(InvalidError):
        approve_adjustment(two, actor=budi)
    two.refresh_from_db()
    assert two.status == "proposed"
    assert owed(contract) == 0


def test_debt_in_another_currency_is_paid_in_it(contract, ana, budi):
    charge(contract, 1_250, cdr="DE-CPO-3", currency="EUR")
    approve_adjustment(pay(contract, 100_000, ana), actor=budi)
    assert not has_credit(contract)
    approve_adjustment(pay(contract, 1_250, ana, currency="EUR", transfer="B2"), actor=budi)
    assert has_credit(contract)
    assert in_balance()


def test_what_was_paid_is_paid_back_before_its_charge_is_taken_back(contract, ana, budi):
    wrong = charge(contract, 30_000, cdr="DE-CPO-4")
    approve_adjustment(pay(contract, 130_000, ana), actor=budi)
    with pytest.raises(InsufficientFundsError), transaction.atomic():
        take_back(wrong, cdr_reference="DE-CPO-4-C")
    with pytest.raises(InvalidError):
        pay(contract, 130_001, ana, kind="paid_driver", transfer="OUT-1")
    approve_adjustment(pay(contract, 30_000, ana, kind="paid_driver", transfer="OUT-1"), actor=budi)
    take_back(wrong, cdr_reference="DE-CPO-4-C")
    assert owed(contract) == 0
    assert in_balance()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"transfer": "  "}, "transfer"),
        ({"kind": "partner_paid"}, "kind"),
        ({"currency": "XAU"}, "currency"),
    ],
)
def test_bad_payment_names_its_field_and_changes_nothing(contract, ana, change, field):
    with pytest.raises(InvalidError) as caught:
        pay(contract, **{"amount": 100, **change}, actor=ana)
    assert caught.value.field == field
    assert not Adjustment.objects.exists()


def test_only_finance_staff_record_them_and_never_without_a_driver(contract, ana):
    with pytest.raises(ForbiddenError):
        pay(contract, 1, make_user(username="helper", is_staff=True))
    with pytest.raises(InvalidError):
        propose_adjustment(kind="driver_paid", amount=1, reason="x", actor=ana)


def test_staff_see_the_debt_and_record_its_payment_on_the_contracts_page(client, contract, ana):
    client.force_login(ana)
    charge(contract, 1_250, cdr="DE-CPO-3", currency="EUR")
    page = client.get(reverse("admin:ocpi_roamingcontract_change", args=(contract.pk,)))
    assert "100.000" in page.content.decode()
    values = {"kind": "driver_paid", "transfer": "BCA-9", "reason": "Statement of May"}
    act(client, contract, "record-payment", currency="IDR", amount="0.5", **values)
    assert not Adjustment.objects.exists()
    answer = act(client, contract, "record-payment", currency="EUR", amount="12.5", **values)
    assert answer.status_code == 302
    row = Adjustment.objects.get()
    assert (row.kind, row.amount, row.currency, row.driver) == (
        "driver_paid", 1_250, "EUR", contract.driver,
    )  # fmt: skip
