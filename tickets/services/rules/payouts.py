"""Payouts that failed or came back, until the money arrives some other way."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q

from payments.models import Payout, Settlement
from payments.states import PayoutStatus, RefundStatus, SettlementStatus
from tickets.services.causes import Cause
from tickets.states import RuleKind

_KIND: Final = RuleKind.PAYOUT_FAILED
_LOST: Final = (PayoutStatus.FAILED, PayoutStatus.REVERSED)
# What is older was dealt with before there were tickets, or never will be.
LOOK_BACK: Final = timedelta(days=30)


def failed(now: datetime, patience: timedelta) -> list[Cause]:
    """The latest payout of a settlement or refund, where it is lost.

    A settlement's trouble ends when another one of the company is paid, a refund's when it arrives;
    and both with another payout for the same purpose. Settlements are the company's business as
    well, refunds the platform's alone.
    """
    until = now - patience
    newer = Payout.objects.filter(created_at__gt=OuterRef("created_at"))
    paid_since = Settlement.objects.filter(
        cpo=OuterRef("settlement__cpo"),
        status=SettlementStatus.PAID,
        requested_at__gt=OuterRef("settlement__requested_at"),
    )
    rows = (
        Payout.objects.filter(status__in=_LOST, created_at__gt=now - LOOK_BACK)
        .exclude(refund__status=RefundStatus.SUCCEEDED)
        .filter(
            ~Exists(newer.filter(settlement=OuterRef("settlement"))),
            ~Exists(newer.filter(refund=OuterRef("refund"))),
        )
        .filter(Q(settlement=None) | ~Exists(paid_since))
        .order_by("pk")
        .values(
            "pk",
            "amount",
            "failure",
            "ended_at",
            "created_at",
            "account_name",
            "settlement_id",
            "refund_id",
            payment=F("refund__intent_id"),
            company=F("settlement__cpo_id"),
        )
    )
    return [_cause(dict(row), until) for row in rows]


def _cause(row: dict[str, Any], until: datetime) -> Cause:
    settlement = row["settlement_id"]
    subject = f"settlement:{settlement}" if settlement else f"refund:{row['refund_id']}"
    since = row["ended_at"] or row["created_at"]
    return Cause(
        kind=_KIND,
        key=f"{_KIND.value}:{subject}",
        since=since,
        occurrence=str(row["pk"]),
        args={
            "amount_idr": row["amount"],
            "recipient": row["account_name"],
            "reason": row["failure"],
        },
        cpo_id=row["company"],
        payment_id=row["payment"],
        settlement_id=settlement,
        opens=since <= until,
    )
