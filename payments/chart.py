"""The chart of accounts and the kinds of bookings (payments.md §6.2, §6.5).

Accounts of the platform are kept per CPO where that says more: a wallet's fees and taxes are then
balances, and bills of two CPOs never wait for one row.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Owner(StrEnum):
    NOBODY = ""
    CPO = "cpo"
    DRIVER = "driver"
    GATEWAY = "gateway"
    PAYMENT = "payment"
    PARTNER = "partner"


class Code(StrEnum):
    GATEWAY_CLEARING = "gateway_clearing"
    GATEWAY_AVAILABLE = "gateway_available"
    BANK_OPERATING = "bank_operating"
    DRIVER_RECEIVABLE = "driver_receivable"
    DRIVER_DEPOSIT = "driver_deposit"
    ROAMING_RECEIVABLE = "roaming_receivable"
    ROAMING_PAYABLE = "roaming_payable"
    CPO_PENDING = "cpo_pending"
    CPO_AVAILABLE = "cpo_available"
    CPO_SETTLEMENT_HOLD = "cpo_settlement_hold"
    CPO_RECEIVABLE = "cpo_receivable"
    REFUND_IN_TRANSIT = "refund_in_transit"
    PLATFORM_FEE_REVENUE = "platform_fee_revenue"
    GATEWAY_FEE_EXPENSE = "gateway_fee_expense"
    PAYOUT_FEE_EXPENSE = "payout_fee_expense"
    VAT_IN_FEES = "vat_in_fees"
    PPN_PAYABLE = "ppn_payable"
    PBJT_PAYABLE = "pbjt_payable"
    SUSPENSE = "suspense"
    ROUNDING = "rounding"


@dataclass(frozen=True, slots=True)
class Account:
    """`normal_side` D: assets and costs; C: what is owed and earned."""

    normal_side: str
    meaning: Promise | str
    allow_negative: bool = False


CHART: dict[Code, Account] = {
    Code.GATEWAY_CLEARING: Account("D", _("Paid by drivers, not settled by the gateway yet")),
    # The bank's and the gateway's statements decide how much there is: a transfer that was made is
    # never refused.
    Code.GATEWAY_AVAILABLE: Account("D", _("Usable balance at the gateway"), allow_negative=True),
    Code.BANK_OPERATING: Account("D", _("The platform's own bank account"), allow_negative=True),
    Code.DRIVER_RECEIVABLE: Account("D", _("Owed by drivers who charge on account")),
    Code.DRIVER_DEPOSIT: Account("C", _("Prepaid for a session that is not billed yet")),
    # A credit CDR may come after its session was paid for: then the other side owes it.
    Code.ROAMING_RECEIVABLE: Account(
        "D", _("Owed by roaming partners for their drivers"), allow_negative=True
    ),
    Code.ROAMING_PAYABLE: Account(
        "C", _("Owed to roaming partners for our drivers"), allow_negative=True
    ),
    Code.CPO_PENDING: Account("C", _("Earned by a CPO, not released yet")),
    Code.CPO_AVAILABLE: Account("C", _("A CPO may ask for it")),
    Code.CPO_SETTLEMENT_HOLD: Account("C", _("Locked by an open settlement")),
    Code.CPO_RECEIVABLE: Account("D", _("Owed by a CPO, taken from what it earns next")),
    Code.REFUND_IN_TRANSIT: Account("C", _("Refund sent, not confirmed")),
    Code.PLATFORM_FEE_REVENUE: Account("C", _("Commission")),
    Code.GATEWAY_FEE_EXPENSE: Account("D", _("Fees of the gateway")),
    Code.PAYOUT_FEE_EXPENSE: Account("D", _("Fees of transfers to CPOs")),
    Code.VAT_IN_FEES: Account("D", _("VAT inside the gateway's fees")),
    Code.PPN_PAYABLE: Account("C", _("VAT collected")),
    Code.PBJT_PAYABLE: Account("C", _("Regional electricity tax collected")),
    Code.SUSPENSE: Account("C", _("Money that matches nothing")),
    Code.ROUNDING: Account(
        "D", _("Parts of a rupiah in other people's reports"), allow_negative=True
    ),
}


class Booking(StrEnum):
    """What a ledger transaction is about (`LedgerTransaction.kind`)."""

    CAPTURE = "capture"
    BILL = "bill"
    RELEASE = "release"
    SETTLEMENT_HOLD = "settlement_hold"
    SETTLEMENT_RELEASE = "settlement_release"
    SETTLEMENT_PAID = "settlement_paid"
    SETTLEMENT_REVERSED = "settlement_reversed"
    REFUND_STARTED = "refund_started"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"
    REFUND_RETURNED = "refund_returned"
    GATEWAY_SETTLED = "gateway_settled"
    GATEWAY_FEE = "gateway_fee"
    UNMATCHED = "unmatched"
    ROAMING_CHARGE = "roaming_charge"
    BILL_CREDIT = "bill_credit"
    ADJUSTMENT = "adjustment"
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True, order=True)
class AccountRef:
    """Names an account; its row is made when it is first booked on."""

    code: Code
    owner_type: str = ""
    owner_id: str = ""
    currency: str = "IDR"


def cpo_account(code: Code, cpo_id: UUID, currency: str = "IDR") -> AccountRef:
    return AccountRef(code, Owner.CPO, str(cpo_id), currency)


def receivable_account(driver_id: UUID | None, cpo_id: UUID, currency: str = "IDR") -> AccountRef:
    """What a driver owes; sessions without a known driver are owed through their CPO."""
    if driver_id is None:
        return AccountRef(Code.DRIVER_RECEIVABLE, Owner.CPO, str(cpo_id), currency)
    return AccountRef(Code.DRIVER_RECEIVABLE, Owner.DRIVER, str(driver_id), currency)


def partner_account(code: Code, partner_reference: str, currency: str = "IDR") -> AccountRef:
    """Between us and a roaming partner, whom payments know by a reference alone."""
    return AccountRef(code, Owner.PARTNER, partner_reference, currency)


# Bookings of many payments at once must not wait for one row (payments.md §5, measured there).
CLEARING_SHARDS = 8


def clearing_account(config_id: UUID, payment_id: UUID, currency: str = "IDR") -> AccountRef:
    """Money at a gateway that it has not settled yet, in the payment's shard."""
    shard = payment_id.int % CLEARING_SHARDS
    return AccountRef(Code.GATEWAY_CLEARING, Owner.GATEWAY, f"{config_id}:{shard}", currency)


def gateway_account(code: Code, config_id: UUID, currency: str = "IDR") -> AccountRef:
    return AccountRef(code, Owner.GATEWAY, str(config_id), currency)


def deposit_account(intent_id: UUID, currency: str = "IDR") -> AccountRef:
    """What a driver paid and no bill or refund has taken yet; ends at 0."""
    return AccountRef(Code.DRIVER_DEPOSIT, Owner.PAYMENT, str(intent_id), currency)


def transit_account(intent_id: UUID, currency: str = "IDR") -> AccountRef:
    """A refund that was sent and not confirmed; ends at 0."""
    return AccountRef(Code.REFUND_IN_TRANSIT, Owner.PAYMENT, str(intent_id), currency)
