"""A session to its bill: amounts, bookings, what is held, and that it happens once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from chargers.models import BillingStatus, ChargingSession, MeterReading, SessionStatus
from chargers.selectors.usage import usage_of
from cpo.models import Driver
from payments.events import BillIssued, SessionHeld
from payments.models import Bill, BillLine, CommissionRate, LedgerAccount, LedgerTransaction
from payments.services.billing import bill_session
from payments.tests.factories import STARTED, make_session, snapshot_json
from tariffs.pricing import price, snapshot_from_json
from unievp.lib import events
from unievp.lib.errors import ConflictError, NotFoundError

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard():
    """Every event of ours that was delivered."""
    seen = []
    for kind in (BillIssued, SessionHeld):
        events.subscribe(kind, seen.append)
    yield seen
    for kind in (BillIssued, SessionHeld):
        events.unsubscribe(kind, seen.append)


def balances():
    rows = LedgerAccount.objects.order_by("code")
    return {(row.code, row.owner_type): row.balance for row in rows}


def test_session_is_billed_at_its_frozen_price():
    session = make_session(energy_wh=12_345, snapshot=snapshot_json("2467", "25000"))
    bill = bill_session(session.pk)
    # 12.345 kWh at 2,467 = 30,455.115; the fee of 25,000 has 11 % VAT inside.
    lines = bill.lines.values_list("kind", "quantity", "unit", "amount", "tax", "exact_amount")
    assert list(lines) == [
        ("FLAT", 1, "session", 25_000, 2_477, 25_000),
        ("ENERGY", Decimal("12.345"), "kWh", 30_455, 0, Decimal("30455.115")),
    ]
    assert (bill.total, bill.tax, bill.currency) == (55_455, 2_477, "IDR")


def test_total_is_written_back_to_the_session():
    session = make_session()
    bill = bill_session(session.pk)
    session.refresh_from_db()
    assert (session.billing_status, session.cost) == (BillingStatus.BILLED, bill.total)


def test_bill_is_booked_on_account():
    cpo_session = make_session(snapshot=snapshot_json("2000", "11100", pbjt="3"))
    bill = bill_session(cpo_session.pk)
    bill.refresh_from_db()
    # 20,000 with 3 % PBJT inside and 11,100 with 11 % VAT inside: 583 and 1,100 of tax.
    assert (bill.total, bill.tax, bill.net) == (31_100, 1_683, 29_417)
    assert (bill.platform_fee, bill.cpo_share) == (2_942, 26_475)
    assert balances() == {
        ("cpo_pending", "cpo"): 26_475,
        ("driver_receivable", "cpo"): 31_100,
        ("pbjt_payable", "cpo"): 583,
        ("platform_fee_revenue", "cpo"): 2_942,
        ("ppn_payable", "cpo"): 1_100,
    }
    assert bill.booking.idempotency_key == f"bill:{cpo_session.pk}"


def test_known_driver_owes_the_bill():
    driver = Driver.objects.create(name="Budi")
    bill_session(make_session(driver=driver).pk)
    account = LedgerAccount.objects.get(code="driver_receivable")
    assert (account.owner_type, account.owner_id) == ("driver", str(driver.pk))


def test_second_billing_changes_nothing(django_capture_on_commit_callbacks, heard):
    session = make_session()
    with django_capture_on_commit_callbacks(execute=True):
        first = bill_session(session.pk)
        again = bill_session(session.pk)
    assert again == first
    assert (Bill.objects.count(), LedgerTransaction.objects.count()) == (1, 1)
    assert heard == [BillIssued(first.pk)]


def test_bill_equals_the_live_cost():
    session = make_session(energy_wh=7_777, snapshot=snapshot_json("2466.78", "1500"))
    live = price(snapshot_from_json(session.tariff_snapshot), usage_of(session)).rounded(0)
    assert bill_session(session.pk).total == live.total


def test_idle_time_is_billed_from_the_readings():
    snapshot = snapshot_json("2000", idle_per_minute=Decimal(500), idle_grace_minutes=10)
    session = make_session(snapshot=snapshot)
    for minutes, gained in ((10, 5_000), (20, 10_000), (40, 10_000)):
        MeterReading.objects.create(
            charger_id=session.charger_id,
            connector_number=1,
            session_id=session.pk,
            measured_at=STARTED + timedelta(minutes=minutes),
            received_at=STARTED + timedelta(minutes=minutes),
            energy_wh=session.meter_start_wh + gained,
            power_w=30_000 if minutes < 20 else 0,
            samples=[],
            content_hash=bytes([minutes]),
        )
    bill = bill_session(session.pk)
    # 40 minutes idle, 10 of them free.
    assert list(bill.lines.values_list("kind", "amount")) == [
        ("ENERGY", 20_000),
        ("PARKING_TIME", 15_000),
    ]


def test_session_without_a_tariff_is_held_and_never_billed_at_zero(
    django_capture_on_commit_callbacks, heard
):
    session = make_session(snapshot=None)
    with django_capture_on_commit_callbacks(execute=True):
        assert bill_session(session.pk) is None
    session.refresh_from_db()
    assert (session.billing_status, session.cost) == (BillingStatus.HELD, None)
    assert session.hold_reason
    assert not Bill.objects.exists()
    assert heard == [SessionHeld(session.pk)]
    assert bill_session(session.pk) is None


@pytest.mark.parametrize(
    "damage",
    [{"format": 99}, {"time_zone": "Asia/Atlantis"}, {"currency": "XXX"}, {"elements": 5}],
)
def test_session_with_an_unreadable_tariff_is_held(damage):
    session = make_session(snapshot=snapshot_json() | damage)
    assert bill_session(session.pk) is None
    session.refresh_from_db()
    assert session.billing_status == BillingStatus.HELD
    assert not LedgerTransaction.objects.exists()


def test_session_without_energy_gets_a_bill_of_zero_and_no_booking():
    session = make_session(energy_wh=0, snapshot=snapshot_json("2000", "25000"))
    bill = bill_session(session.pk)
    session.refresh_from_db()
    assert (bill.total, bill.platform_fee, bill.booking) == (0, 0, None)
    assert (session.cost, session.billing_status) == (0, BillingStatus.BILLED)
    assert not BillLine.objects.exists()
    assert not LedgerTransaction.objects.exists()


def test_free_energy_gets_a_bill_of_zero_that_says_so():
    bill = bill_session(make_session(snapshot=snapshot_json("0")).pk)
    assert (bill.total, bill.booking, bill.lines.get().kind) == (0, None, "ENERGY")


def test_running_session_is_not_billed():
    session = make_session(status=SessionStatus.ACTIVE, ended_at=None)
    with pytest.raises(ConflictError):
        bill_session(session.pk)
    assert not Bill.objects.exists()


def test_session_that_is_not_there_is_not_billed():
    with pytest.raises(NotFoundError):
        bill_session(12_345)


def test_session_with_nothing_to_bill_is_left_alone():
    session = make_session(billing_status=BillingStatus.NOT_BILLABLE)
    assert bill_session(session.pk) is None
    assert not Bill.objects.exists()


def test_commission_is_the_one_in_force_when_the_session_ended():
    session = make_session()
    ended = session.ended_at
    for percent, fixed, valid_from in (
        ("5", 0, ended - timedelta(days=30)),
        ("7.5", 250, ended),
        ("50", 0, ended + timedelta(seconds=1)),
    ):
        CommissionRate.objects.create(
            cpo=session.cpo, percent=Decimal(percent), fixed=fixed, valid_from=valid_from
        )
    assert bill_session(session.pk).platform_fee == 1_750


def test_commission_never_takes_more_than_there_is():
    session = make_session(energy_wh=10)
    CommissionRate.objects.create(cpo=session.cpo, fixed=1_000, valid_from=session.started_at)
    bill = bill_session(session.pk)
    bill.refresh_from_db()
    assert (bill.total, bill.platform_fee, bill.cpo_share) == (20, 20, 0)
    assert ("cpo_pending", "cpo") not in balances()


def test_share_becomes_available_after_the_hold(settings):
    settings.PENDING_HOLD_HOURS = 36
    bill = bill_session(make_session().pk)
    assert bill.available_at - bill.issued_at == timedelta(hours=36)


def test_bill_in_another_currency_is_booked_in_it():
    session = make_session(snapshot=snapshot_json("0.25", currency="EUR"), energy_wh=20_450)
    bill = bill_session(session.pk)
    assert (bill.total, bill.currency) == (511, "EUR")
    assert set(LedgerAccount.objects.values_list("currency", flat=True)) == {"EUR"}


def test_bill_and_its_lines_are_not_rewritten():
    bill = bill_session(make_session().pk)
    for change in (
        lambda: Bill.objects.update(total=1),
        lambda: Bill.objects.all()._raw_delete("default"),
        lambda: BillLine.objects.update(amount=1),
        lambda: BillLine.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="final"), transaction.atomic():
            change()
    bill.refresh_from_db()
    assert bill.total == 20_000


@pytest.mark.django_db(transaction=True)
def test_billing_from_many_threads_makes_one_bill():
    session = make_session()

    def run(_n):
        try:
            return bill_session(session.pk).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        bills = set(pool.map(run, range(12)))
    assert len(bills) == Bill.objects.count() == LedgerTransaction.objects.count() == 1
    assert ChargingSession.objects.get(pk=session.pk).cost == 20_000
