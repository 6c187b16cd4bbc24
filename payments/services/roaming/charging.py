"""Our driver charged at another operator's: the driver owes us, we owe the operator."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.db import transaction

from payments.chart import (
    AccountRef,
    Booking,
    Code,
    Owner,
    partner_account,
)
from payments.ledger.legs import Leg, credit, debit
from payments.models import LedgerTransaction, RoamingCharge
from payments.services import ledger
from unievp.lib import clock, money


def charge_driver(
    *,
    driver_id: UUID,
    partner_reference: str,
    cdr_reference: str,
    currency: str,
    net: int,
    tax: int,
    margin_percent: Decimal,
) -> RoamingCharge:
    """Book what an operator asks for, and our margin on it, on the driver's account: once per CDR;
    again: the same row. `net` and `tax` in minor units, from 0.

    Raises ValueError for a currency that is not traded.
    """
    with transaction.atomic():
        known = _known(partner_reference, cdr_reference)
        if known is not None:
            return known
        share = Decimal(net).scaleb(-money.exponent(currency)) * margin_percent / 100
        margin = money.round_half_up(share, currency)
        driver = AccountRef(Code.DRIVER_RECEIVABLE, Owner.DRIVER, str(driver_id), currency)
        legs = [debit(driver, net + tax + margin)] if net + tax + margin else []
        if net + tax:
            legs.append(credit(_payable(partner_reference, currency), net + tax))
        if margin:
            legs.append(credit(_kept(partner_reference, currency), margin))
        return RoamingCharge.objects.create(
            driver_id=driver_id,
            partner_reference=partner_reference,
            cdr_reference=cdr_reference,
            currency=currency,
            net=net,
            tax=tax,
            margin=margin,
            charged_at=clock.now(),
            booking=_book(partner_reference, cdr_reference, legs),
        )


def take_back(charge: RoamingCharge, *, cdr_reference: str) -> RoamingCharge:
    """Undo a charge whose CDR was taken back, margin and all: once; again: the same row."""
    with transaction.atomic():
        known = RoamingCharge.objects.filter(credits=charge).first()
        if known is not None:
            return known
        booking = None
        if charge.booking is not None:
            booking, _created = ledger.reverse(
                charge.booking, key=_key(charge.partner_reference, cdr_reference)
            )
        return RoamingCharge.objects.create(
            driver_id=charge.driver_id,
            partner_reference=charge.partner_reference,
            cdr_reference=cdr_reference,
            currency=charge.currency,
            net=-charge.net,
            tax=-charge.tax,
            margin=-charge.margin,
            credits=charge,
            charged_at=clock.now(),
            booking=booking,
        )


def _known(partner_reference: str, cdr_reference: str) -> RoamingCharge | None:
    return RoamingCharge.objects.filter(
        partner_reference=partner_reference, cdr_reference=cdr_reference
    ).first()


def _book(partner: str, cdr_reference: str, legs: list[Leg]) -> LedgerTransaction | None:
    if not legs:
        return None
    booking, _created = ledger.post(
        key=_key(partner, cdr_reference),
        kind=Booking.ROAMING_CHARGE,
        legs=legs,
        metadata={"partner": partner, "cdr": cdr_reference},
    )
    return booking


def _key(partner_reference: str, cdr_reference: str) -> str:
    return f"roaming:{partner_reference}:{cdr_reference}"


def _payable(partner: str, currency: str) -> AccountRef:
    return partner_account(Code.ROAMING_PAYABLE, partner, currency)


def _kept(partner: str, currency: str) -> AccountRef:
    return partner_account(Code.PLATFORM_FEE_REVENUE, partner, currency)
