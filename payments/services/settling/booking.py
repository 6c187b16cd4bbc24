"""A settlement in the ledger (payments.md §6.5): held, given back, paid, returned."""

from __future__ import annotations

from payments.chart import AccountRef, Booking, Code, cpo_account
from payments.ledger.legs import credit, debit
from payments.models import Settlement
from payments.services import ledger


def hold(settlement: Settlement) -> None:
    _move(settlement, Booking.SETTLEMENT_HOLD, Code.CPO_AVAILABLE, Code.CPO_SETTLEMENT_HOLD)


def give_back(settlement: Settlement) -> None:
    _move(settlement, Booking.SETTLEMENT_RELEASE, Code.CPO_SETTLEMENT_HOLD, Code.CPO_AVAILABLE)


def book_paid(
    settlement: Settlement,
    source: AccountRef,
    fee: int,
    *,
    out_of: Code = Code.CPO_SETTLEMENT_HOLD,
) -> None:
    """`fee` is what the bank took of us, known or 0; what the company bears is income.

    Each in its own account: the bank's fee may be less than what was kept back, or be told later.
    """
    currency, kept = settlement.currency, settlement.charged_fee
    legs = [
        debit(cpo_account(out_of, settlement.cpo_id, currency), settlement.amount),
        credit(source, settlement.transfer_amount + fee),
    ]
    if fee:
        legs.append(debit(AccountRef(Code.PAYOUT_FEE_EXPENSE, currency=currency), fee))
    if kept:
        income = cpo_account(Code.PLATFORM_FEE_REVENUE, settlement.cpo_id, currency)
        legs.append(credit(income, kept))
    ledger.post(
        key=f"settlement:{settlement.pk}:paid",
        kind=Booking.SETTLEMENT_PAID,
        legs=legs,
        metadata={"settlement": settlement.pk},
    )


def book_reversed(settlement: Settlement, target: AccountRef) -> None:
    """The bank sent it back: it is the CPO's again; a fee that was kept back stays paid."""
    amount = settlement.transfer_amount
    wallet = cpo_account(Code.CPO_AVAILABLE, settlement.cpo_id, settlement.currency)
    ledger.post(
        key=f"settlement:{settlement.pk}:reversed",
        kind=Booking.SETTLEMENT_REVERSED,
        legs=[debit(target, amount), credit(wallet, amount)],
        metadata={"settlement": settlement.pk},
    )


def _move(settlement: Settlement, kind: Booking, source: Code, target: Code) -> None:
    cpo_id, currency = settlement.cpo_id, settlement.currency
    ledger.post(
        key=f"settlement:{settlement.pk}:{kind.value.removeprefix('settlement_')}",
        kind=kind,
        legs=[
            debit(cpo_account(source, cpo_id, currency), settlement.amount),
            credit(cpo_account(target, cpo_id, currency), settlement.amount),
        ],
        metadata={"settlement": settlement.pk},
    )
