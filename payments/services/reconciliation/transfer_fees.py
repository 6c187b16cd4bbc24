"""What a transfer cost: the gateway's statement tells it after the transfer has arrived (§1.8)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef

from payments.chart import AccountRef, Booking, Code, gateway_account
from payments.ledger.legs import credit, debit
from payments.models import Payout, PayoutStatus, Settlement, StatementKind, StatementLine
from payments.services import ledger
from unievp.lib import clock

# It left; that it came back later gives back no fee.
_LEFT = (PayoutStatus.PAID, PayoutStatus.REVERSED)


def unbooked_transfers() -> list[int]:
    """Lines of transfers that arrived, oldest first."""
    ours = Payout.objects.filter(
        reference=OuterRef("reference"), config=OuterRef("config"), status__in=_LEFT
    )
    lines = StatementLine.objects.filter(
        Exists(ours), kind=StatementKind.PAYOUT, is_settled=True, booked_at=None
    )
    return list(lines.order_by("at").values_list("pk", flat=True))


def book_transfer_fee(line_id: int) -> StatementLine:
    """Book its fee as a cost, once. One that was told with the transfer is booked already, and
    another figure here is a difference.
    """
    with transaction.atomic():
        line = StatementLine.objects.get(pk=line_id)
        payout = (
            Payout.objects.select_for_update(of=("self",))
            .filter(reference=line.reference, config=line.config_id, status__in=_LEFT)
            .first()
        )
        line = StatementLine.objects.select_for_update(of=("self",)).get(pk=line_id)
        if payout is None or line.booked_at is not None:
            return line
        if payout.fee is None:
            _book(line, payout)
        line.booked_at = clock.now()
        line.save(update_fields=["booking", "booked_at"])
    return line


def _book(line: StatementLine, payout: Payout) -> None:
    cost = line.fee + line.tax
    parts = (
        (Code.PAYOUT_FEE_EXPENSE, line.fee),
        (Code.VAT_IN_FEES, line.tax),
    )
    usable = gateway_account(Code.GATEWAY_AVAILABLE, payout.config_id, payout.currency)
    if cost:
        line.booking, _created = ledger.post(
            key=f"payout_fee:{payout.pk}",
            kind=Booking.GATEWAY_FEE,
            legs=[
                *(
                    debit(AccountRef(code, currency=payout.currency), amount)
                    for code, amount in parts
                    if amount
                ),
                credit(usable, cost),
            ],
            effective_at=line.at,
            metadata={"payout": str(payout.pk), "line": line.line_id},
        )
    payout.fee = cost
    payout.save(update_fields=["fee"])
    if payout.settlement_id is None:
        return
    # The settlement's own check wants a fee below its amount; the payout tells it in any case.
    Settlement.objects.filter(pk=payout.settlement_id, amount__gt=cost).update(fee=cost)
