"""Differences that the nightly proof of the books found and nobody has explained."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from payments.models import Difference, DifferenceStatus
from tickets.services.causes import Cause
from tickets.states import RuleKind

_KIND: Final = RuleKind.RECONCILIATION_DIFFERENCE


def differing(now: datetime, patience: timedelta) -> list[Cause]:
    """One row is one occurrence, however many nights it is found. The platform's alone."""
    rows = Difference.objects.filter(status=DifferenceStatus.OPEN).order_by("pk")
    return [
        Cause(
            kind=_KIND,
            key=f"{_KIND.value}:{row.pk}",
            since=row.first_seen_at,
            args={
                "check": row.kind,
                "object": row.subject,
                "expected": row.expected,
                "found": row.found,
            },
            opens=row.first_seen_at <= now - patience,
        )
        for row in rows
    ]
