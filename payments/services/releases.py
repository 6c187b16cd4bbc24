"""A CPO's share of its bills becomes available once it has been pending long enough."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.db import transaction

from cpo.models import CPO
from payments.chart import Booking, Code, cpo_account
from payments.ledger.legs import credit, debit
from payments.models import Bill
from payments.services import ledger
from unievp.lib import clock

# Bills in one booking; the next call takes the rest.
MOST_BILLS = 5_000


def release_pending(cpo: CPO, *, now: datetime | None = None) -> int:
    """Move what is due from pending to available; answers the amount, in minor units.

    One booking for all bills that are due: each bill is in one release, ever.
    """
    now = now or clock.now()
    with transaction.atomic():
        due = list(
            Bill.objects.select_for_update(of=("self",), no_key=True)
            .filter(cpo=cpo, released_at__isnull=True, available_at__lte=now)
            .order_by("id")[:MOST_BILLS]
        )
        by_currency: defaultdict[str, list[Bill]] = defaultdict(list)
        for bill in due:
            by_currency[bill.currency].append(bill)
        return sum(_release(cpo, currency, bills, now) for currency, bills in by_currency.items())


def _release(cpo: CPO, currency: str, bills: list[Bill], now: datetime) -> int:
    # A bill without a booking (of 0) has put nothing into pending.
    amount: int = sum(bill.cpo_share for bill in bills if bill.booking_id is not None)
    booking = None
    if amount:
        booking, _created = ledger.post(
            key=f"release:{bills[0].pk}",
            kind=Booking.RELEASE,
            legs=[
                debit(cpo_account(Code.CPO_PENDING, cpo.pk, currency), amount),
                credit(cpo_account(Code.CPO_AVAILABLE, cpo.pk, currency), amount),
            ],
            metadata={"bills": len(bills), "first": bills[0].pk, "last": bills[-1].pk},
        )
    ids = [bill.pk for bill in bills]
    Bill.objects.filter(pk__in=ids).update(released_at=now, release=booking)
    return amount
