"""What a settlement is made of: every entry of the wallet since the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from payments.chart import Booking, Code, Owner
from payments.models import Bill, LedgerEntry, LedgerTransaction, Settlement, SettlementStatus, Side

# Their money came back before anybody was paid: they end no period.
_CAME_BACK = (SettlementStatus.REJECTED, SettlementStatus.CANCELLED, SettlementStatus.FAILED)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """`amount` is what the wallet gained or lost; a charge also says `gross` - `tax` - `fee`."""

    at: datetime
    kind: str
    reference: str
    place: str
    amount: int
    energy_wh: int | None = None
    gross: int | None = None
    tax: int | None = None
    fee: int | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """`opening` + the lines = `closing` + the settlement's amount: by the ledger's own balances."""

    settlement: Settlement
    since: datetime | None
    until: datetime
    opening: int
    closing: int
    lines: tuple[StatementLine, ...]

    @property
    def earned(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def commission(self) -> int:
        """The platform's fee of these charges: what PPh 23 is reckoned on (payments.md §8.2)."""
        return sum(line.fee or 0 for line in self.lines)

    @property
    def withholding(self) -> int:
        """PPh 23 that the company may withhold of it, in full rupiah. The transfer is not less."""
        return self.commission * settings.COMMISSION_WITHHOLDING_PERCENT // 100


def statement_of(settlement: Settlement) -> Statement:
    held = _hold(settlement)
    before = _hold_before(settlement)
    entries = _entries(held, before)
    return Statement(
        settlement=settlement,
        since=before.transaction.created_at if before else None,
        until=held.transaction.created_at,
        opening=before.balance_after if before else 0,
        closing=held.balance_after,
        lines=tuple(line for entry in entries for line in _lines(entry)),
    )


def _hold(settlement: Settlement) -> LedgerEntry:
    return LedgerEntry.objects.select_related("transaction", "account").get(
        transaction__idempotency_key=f"settlement:{settlement.pk}:hold",
        account__code=Code.CPO_AVAILABLE,
        account__owner_type=Owner.CPO,
    )


def _hold_before(settlement: Settlement) -> LedgerEntry | None:
    """Only one is open at a time: the one before has ended, and its place is fixed."""
    earlier = Settlement.objects.filter(
        cpo=settlement.cpo_id, currency=settlement.currency, pk__lt=settlement.pk
    )
    last = earlier.exclude(status__in=_CAME_BACK).order_by("-pk").first()
    return _hold(last) if last is not None else None


def _entries(held: LedgerEntry, before: LedgerEntry | None) -> QuerySet[LedgerEntry]:
    bills = Bill.objects.select_related("session__charger").order_by("issued_at", "pk")
    bookings = LedgerTransaction.objects.prefetch_related(
        Prefetch("released_bills", queryset=bills)
    )
    rows = LedgerEntry.objects.filter(
        account=held.account, account_version__lt=held.account_version
    )
    if before is not None:
        rows = rows.filter(account_version__gt=before.account_version)
    return rows.order_by("account_version").prefetch_related(
        Prefetch("transaction", queryset=bookings)
    )


def _lines(entry: LedgerEntry) -> Iterator[StatementLine]:
    booking = entry.transaction
    amount = entry.amount if entry.side == Side.CREDIT else -entry.amount
    bills = list(booking.released_bills.all())
    if booking.kind == Booking.RELEASE and sum(bill.cpo_share for bill in bills) == amount:
        yield from (_charge(bill) for bill in bills)
        return
    yield StatementLine(booking.created_at, booking.kind, f"#{booking.pk}", "", amount)


def _charge(bill: Bill) -> StatementLine:
    return StatementLine(
        at=bill.issued_at,
        kind=Booking.BILL,
        reference=str(bill.session.transaction_id),
        place=bill.session.charger.identity,
        energy_wh=bill.session.energy_wh,
        gross=bill.total,
        tax=bill.tax,
        fee=bill.platform_fee,
        amount=bill.cpo_share,
    )
