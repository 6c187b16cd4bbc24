"""A CPO's wallet: what its accounts in the ledger say. Nothing here is stored twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce

from cpo.models import CPO
from payments.chart import Booking, Code, Owner
from payments.models import LedgerAccount, LedgerEntry, Side
from unievp.lib import clock

# The accounts that are the CPO's money; what it owes counts against it.
WALLET = (
    Code.CPO_PENDING,
    Code.CPO_AVAILABLE,
    Code.CPO_SETTLEMENT_HOLD,
    Code.CPO_RECEIVABLE,
)
_TAXES = (Code.PPN_PAYABLE, Code.PBJT_PAYABLE)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """`gross_sales` - fees - taxes - `refunds` + `adjustments` - `settled` = the wallet's total."""

    gross_sales: int
    platform_fee: int
    gateway_fee: int
    taxes: int
    refunds: int
    adjustments: int
    settled: int


@dataclass(frozen=True, slots=True)
class Wallet:
    """Minor units of `currency`. `total` = `available` + `pending` + `on_hold`.

    `available` is below 0 where the CPO owes more than it has.
    """

    currency: str
    available: int
    pending: int
    on_hold: int
    breakdown: Breakdown
    as_of: datetime

    @property
    def total(self) -> int:
        return self.available + self.pending + self.on_hold


def wallet(cpo: CPO, *, currency: str | None = None) -> Wallet:
    currency = currency or settings.CURRENCY
    as_of = clock.now()
    balances = {
        account.code: account.balance
        for account in accounts_of(cpo, currency).filter(code__in=WALLET)
    }
    return Wallet(
        currency=currency,
        available=balances.get(Code.CPO_AVAILABLE, 0) - balances.get(Code.CPO_RECEIVABLE, 0),
        pending=balances.get(Code.CPO_PENDING, 0),
        on_hold=balances.get(Code.CPO_SETTLEMENT_HOLD, 0),
        breakdown=_breakdown(cpo, currency),
        as_of=as_of,
    )


def available_balance(cpo: CPO, *, currency: str) -> int:
    """What a settlement may take, without the rest of the wallet."""
    accounts = accounts_of(cpo, currency)
    owned = {Code.CPO_AVAILABLE.value: 1, Code.CPO_RECEIVABLE.value: -1}
    return sum(owned[a.code] * a.balance for a in accounts.filter(code__in=list(owned)))


def statement(cpo: CPO, *, currency: str | None = None) -> QuerySet[LedgerEntry]:
    """The wallet's entries, newest first, with their bookings and accounts."""
    accounts = accounts_of(cpo, currency or settings.CURRENCY).filter(code__in=WALLET)
    entries = LedgerEntry.objects.filter(account__in=accounts)
    return entries.select_related("transaction", "account").order_by("-id")


def accounts_of(cpo: CPO, currency: str) -> QuerySet[LedgerAccount]:
    return LedgerAccount.objects.filter(
        owner_type=Owner.CPO, owner_id=str(cpo.pk), currency=currency
    )


def _breakdown(cpo: CPO, currency: str) -> Breakdown:
    sums = _sums(cpo, currency)

    def earned(codes: Iterable[Code], *kinds: Booking) -> int:
        return sum(sums.get((code, kind), 0) for code in codes for kind in kinds)

    share = earned(WALLET, Booking.BILL)
    fee = earned([Code.PLATFORM_FEE_REVENUE], Booking.BILL)
    taxes = earned(_TAXES, Booking.BILL)
    gateway_fee = -earned(WALLET, Booking.GATEWAY_FEE)
    refunds = -earned(WALLET, Booking.REFUND)
    settled = -earned(WALLET, Booking.SETTLEMENT_PAID, Booking.SETTLEMENT_REVERSED)
    everything = sum(amount for (code, _kind), amount in sums.items() if code in WALLET)
    return Breakdown(
        gross_sales=share + fee + taxes,
        platform_fee=fee,
        gateway_fee=gateway_fee,
        taxes=taxes,
        refunds=refunds,
        adjustments=everything - share + gateway_fee + refunds + settled,
        settled=settled,
    )


def _sums(cpo: CPO, currency: str) -> dict[tuple[str, str], int]:
    """Credits less debits by account and kind; a reversal counts against what it reverses."""
    rows = (
        LedgerEntry.objects.filter(account__in=accounts_of(cpo, currency))
        .annotate(about=Coalesce("transaction__reverses__kind", "transaction__kind"))
        .values("account__code", "about", "side")
        .annotate(sum=Sum("amount"))
        .order_by()
    )
    sums: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["account__code"], row["about"])
        amount = row["sum"] if row["side"] == Side.CREDIT else -row["sum"]
        sums[key] = sums.get(key, 0) + amount
    return sums
