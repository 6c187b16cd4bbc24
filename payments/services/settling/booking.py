"""A settlement in the ledger (payments.md §6.5): held, given back, paid, returned."""

from __future__ import annotations

from payments.chart import AccountRef, Booking, Code, cpo_account
from payments.ledger.legs import Leg, credit, debit
from payments.models import Settlement
from payments.services import ledger


def hold(settlement: Settlement) -> None:
    _move(settlement, Booking.SETTLEMENT_HOLD, Code.CPO_AVAILABLE, Code.CPO_SETTLEMENT_HOLD)


def give_back(settlement: Settlement) -> None:
    _move(settlement, Booking.SETTLEMENT_RELEASE, Code.CPO_SETTLEMENT_HOLD, Code.CPO_AVAILABLE)


def book_paid(settlement: Settlement, source: AccountRef, fee: int) -> None:
    """`fee` is what the bank took of us; what the company bears of it stays with us."""
    currency = settlement.currency
    held = cpo_account(Code.CPO_SETTLEMENT_HOLD, settlement.cpo_id, currency)
    legs = [
        debit(held, settlement.amount),
        credit(source, settlement.transfer_amount + fee),
        *_expense(fee - settlement.charged_fee, currency),
    ]
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


def _expense(net: int, currency: str) -> list[Leg]:
    """Below 0: the company paid more than the bank took."""
    account = AccountRef(Code.PAYOUT_FEE_EXPENSE, currency=currency)
    if net > 0:
        return [debit(account, net)]
    return [credit(account, -net)] if net < 0 else []


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
