"""The tables of docs/payments.md are true: each example is booked by the services and compared."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings as django_settings

from chargers.models import IdToken
from cpo.models import Driver
from payments import states
from payments.chart import CHART, Code
from payments.models import Bill, CommissionRate, LedgerEntry, PayoutStatus, RoamingCharge
from payments.services.adjustments import approve_adjustment
from payments.services.billing import bill_session
from payments.services.check_books import check_books
from payments.services.payouts.sending import send_payout
from payments.services.payouts.starting import pay_settlement
from payments.services.reconciliation.statements import follow_statements
from payments.services.refunds.starting import request_refund
from payments.services.releases import release_pending
from payments.services.roaming.charging import charge_driver, take_back
from payments.services.roaming.crediting import credit_bill
from payments.services.settlements import (
    approve_settlement,
    mark_settlement_paid,
    reject_settlement,
    request_settlement,
)
from payments.services.transfers import (
    DriverPayment,
    PartnerPayment,
    propose_driver_payment,
    propose_partner_payment,
)
from payments.tests.factories import (
    STARTED,
    give,
    make_member,
    make_paid_cpo,
    make_session,
    make_staff,
    snapshot_json,
)
from payments.tests.payments import begin, make_provider, pay, refund_all
from payments.tests.prepaid import charging, make_seller, unplug
from payments.tests.test_payouts import follow
from unievp.lib import clock
from unievp.lib.transitions import Transitions

pytestmark = pytest.mark.django_db

BOOK: Final = Path(django_settings.BASE_DIR) / "docs" / "payments.md"
Row = tuple[str, dict[str, int], dict[str, int]]


def sections() -> dict[str, list[list[str]]]:
    """The cells of each section's table rows, without the table's head."""
    found: defaultdict[str, list[list[str]]] = defaultdict(list)
    title = ""
    for line in BOOK.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            title = line.lstrip("# ").strip()
        elif line.startswith("|"):
            found[title].append([cell.strip() for cell in line.strip("|").split("|")])
    return {title: rows[2:] for title, rows in found.items()}


def told(title: str) -> list[Row]:
    return [(row[0].strip("`"), _legs(row[1]), _legs(row[2])) for row in sections()[title]]


def _legs(cell: str) -> dict[str, int]:
    return {
        code: int(amount.replace(",", "")) for code, amount in re.findall(r"`(\w+)` ([\d,]+)", cell)
    }


def booked() -> list[Row]:
    """What the ledger has, in the order of booking; gifts of the tests are not shown."""
    rows: dict[int, Row] = {}
    entries = LedgerEntry.objects.exclude(transaction__idempotency_key__startswith="gift:")
    for entry in entries.select_related("account", "transaction").order_by("transaction_id", "pk"):
        row = rows.setdefault(entry.transaction_id, (entry.transaction.kind, {}, {}))
        legs = row[1] if entry.side == "D" else row[2]
        legs[entry.account.code] = entry.amount
    return list(rows.values())


# --- the examples -------------------------------------------------------------------------------


def prepaid(fake: Any) -> None:
    intent = charging(fake, make_seller(per_kwh=2_000), amount=50_000)
    bill_session(unplug(intent, 19_000, reason="EVDisconnected").pk)
    refund_all(intent)
    release_pending(intent.cpo, now=clock.now() + timedelta(days=2))


def on_account(_fake: Any) -> None:
    cpo = make_paid_cpo()
    CommissionRate.objects.create(cpo=cpo, percent=Decimal(5), fixed=500, valid_from=STARTED)
    snapshot = snapshot_json(per_kwh="2000", session_fee="5550", pbjt="10")
    bill_session(make_session(cpo=cpo, snapshot=snapshot).pk)


def given_back(fake: Any) -> None:
    intent = pay(fake, begin(fake, amount=50_000))
    request_refund(intent, actor=make_staff(), reason="broken plug", amount=20_000)
    refund_all(intent)


def _requested(**bank: str) -> Any:
    cpo = make_paid_cpo(**bank)
    give(cpo, 100_000)
    return request_settlement(cpo, actor=make_member(cpo), amount=60_000)


def _paid_out(fake: Any, **bank: str) -> Any:
    make_provider(fake)
    payout = pay_settlement(approve_settlement(_requested(**bank), actor=make_staff()))
    assert payout is not None
    send_payout(payout.pk)
    return payout


def paid_by_gateway(fake: Any) -> None:
    follow(_paid_out(fake), PayoutStatus.PAID)


def paid_by_gateway_whose_statement_tells_its_fee(fake: Any) -> None:
    fake.world.books.payout_fee = 2_500
    follow(_paid_out(fake), PayoutStatus.PAID)
    follow_statements()
    follow_statements()


def paid_by_hand(_fake: Any) -> None:
    settlement = approve_settlement(_requested(), actor=make_staff())
    mark_settlement_paid(settlement, actor=make_staff(), proof="TRF-1", fee=2_500)


def paid_by_hand_at_its_cost(_fake: Any) -> None:
    django_settings.SETTLEMENT_FEE_BEARER = "cpo"
    django_settings.SETTLEMENT_TRANSFER_FEE = 2_500
    paid_by_hand(_fake)


def paid_by_gateway_at_its_cost(fake: Any) -> None:
    django_settings.SETTLEMENT_FEE_BEARER = "cpo"
    django_settings.SETTLEMENT_TRANSFER_FEE = 2_500
    paid_by_gateway(fake)


def rejected(_fake: Any) -> None:
    reject_settlement(_requested(), actor=make_staff(), reason="not now")


def returned(fake: Any) -> None:
    payout = _paid_out(fake, bank_account_number="654321")
    follow(payout, PayoutStatus.PAID)
    follow(payout, PayoutStatus.REVERSED)


def settled(fake: Any) -> None:
    intent = pay(fake, begin(fake, amount=50_000))
    request_refund(intent, actor=make_staff(), reason="broken plug", amount=20_000)
    refund_all(intent)
    follow_statements()
    request_refund(intent, actor=make_staff(), reason="broken plug", amount=5_000)
    refund_all(intent)


def _billed_to_partner() -> Bill:
    cpo = make_paid_cpo()
    CommissionRate.objects.create(cpo=cpo, percent=10, valid_from=STARTED - timedelta(days=1))
    token = IdToken.objects.create(token="PARTNERS", payer_reference="7")
    bill = bill_session(make_session(cpo=cpo, id_token=token).pk)
    assert bill is not None
    return bill


def partner_pays(_fake: Any) -> None:
    bill = _billed_to_partner()
    paid = PartnerPayment("partner_paid", "7", "Acme Mobility", bill.total, "BCA-1")
    proposal = propose_partner_payment(paid, reason="Invoice 1", actor=make_staff())
    approve_adjustment(proposal, actor=make_staff())


def partner_is_credited(_fake: Any) -> None:
    credit_bill(_billed_to_partner(), reason="The meter was wrong")


def driver_pays(_fake: Any) -> None:
    driver = Driver.objects.create(name="Budi")
    charge = _charged_elsewhere(driver)
    paid = DriverPayment("driver_paid", driver, charge.total, "BCA-2")
    proposal = propose_driver_payment(paid, reason="Invoice 2", actor=make_staff())
    approve_adjustment(proposal, actor=make_staff())


def charged_elsewhere(_fake: Any) -> None:
    charge = _charged_elsewhere(Driver.objects.create(name="Budi"))
    take_back(charge, cdr_reference="DE-CPO-CDR1-C")


def _charged_elsewhere(driver: Driver) -> RoamingCharge:
    return charge_driver(
        driver_id=driver.pk,
        partner_reference="7",
        cdr_reference="DE-CPO-CDR1",
        currency="IDR",
        net=25_400,
        tax=2_794,
        margin_percent=Decimal("2.5"),
    )


EXAMPLES: Final[dict[str, Callable[[Any], None]]] = {
    "Prepaid, and the rest goes back": prepaid,
    "On account, with taxes and a fixed commission": on_account,
    "A refund by staff": given_back,
    "The gateway settles what was paid, and keeps its fee": settled,
    "A settlement through the gateway": paid_by_gateway,
    "A settlement whose fee the gateway's statement tells": (
        paid_by_gateway_whose_statement_tells_its_fee
    ),
    "A settlement by hand": paid_by_hand,
    "A settlement by hand whose fee the company bears": paid_by_hand_at_its_cost,
    "A settlement whose fee the company bears and the gateway does not tell": (
        paid_by_gateway_at_its_cost
    ),
    "A settlement that is rejected": rejected,
    "A settlement that the bank sends back": returned,
    "A roaming partner's driver charges here, and the partner pays": partner_pays,
    "A roaming partner's session that is taken back": partner_is_credited,
    "Our driver charges at another operator's, and the CDR is taken back": charged_elsewhere,
    "Our driver charges at another operator's, and pays by transfer": driver_pays,
}


@pytest.mark.parametrize("title", EXAMPLES)
def test_example_is_booked_as_the_book_says(fake, settings, title):
    settings.SETTLEMENT_FEE_BEARER = "platform"  # and put back afterwards
    settings.SETTLEMENT_TRANSFER_FEE = 0
    EXAMPLES[title](fake)
    assert booked() == told(title)
    found = check_books()
    # That each charge has its CDR is proven where CDRs are.
    found.pop("CDRs received and roaming charges", None)
    assert not any(found.values())


def test_every_example_of_the_book_is_executed():
    text = BOOK.read_text(encoding="utf-8")
    examples = text.split("\n## Worked examples\n")[1].split("\n## ")[0]
    assert re.findall(r"^### (.+)$", examples, re.MULTILINE) == list(EXAMPLES)


# --- the chart and the states -------------------------------------------------------------------


def test_chart_of_the_book_is_the_chart():
    rows = {row[0].strip("`"): (row[1], row[2]) for row in sections()["Chart of accounts"]}
    sides = {"D": "debit", "C": "credit"}
    assert rows == {
        code.value: (sides[account.normal_side], "yes" if account.allow_negative else "no")
        for code, account in CHART.items()
    }
    assert len(rows) == len(Code)


@pytest.mark.parametrize(
    ("title", "table"),
    [
        ("Payment", states.INTENT_TRANSITIONS),
        ("Refund", states.REFUND_TRANSITIONS),
        ("Payout", states.PAYOUT_TRANSITIONS),
        ("Settlement", states.SETTLEMENT_TRANSITIONS),
    ],
)
def test_states_of_the_book_are_those_of_the_code(title: str, table: Transitions) -> None:
    rows = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in sections()[title]}
    assert rows == {old: {new for new in rows if table.allows(old, new)} for old in rows}
    choices = {
        "Payment": states.IntentStatus,
        "Refund": states.RefundStatus,
        "Payout": states.PayoutStatus,
        "Settlement": states.SettlementStatus,
    }
    assert set(rows) == set(choices[title].values)
