"""What is odd about a reported status (OCPP 1.6 §4.9): a hint for people, never a refusal.

Chargers may skip states (MinimumStatusDuration), so nothing is built on this.
"""

from __future__ import annotations

from typing import Final

from django.db.models import OuterRef, QuerySet, Subquery

from chargers.models import ConnectorStatusChange

_WORDS: Final = {
    "1": "Available",
    "2": "Preparing",
    "3": "Charging",
    "4": "SuspendedEV",
    "5": "SuspendedEVSE",
    "6": "Finishing",
    "7": "Reserved",
    "8": "Unavailable",
    "9": "Faulted",
}
# The table of the specification; Preparing to Finishing came with erratum 3.20.
_MAY_FOLLOW: Final = {
    "Available": "2345789",
    "Preparing": "134569",
    "Charging": "145689",
    "SuspendedEV": "135689",
    "SuspendedEVSE": "134689",
    "Finishing": "1289",
    "Reserved": "1289",
    "Unavailable": "123459",
    "Faulted": "12345678",
}
FOLLOWS: Final = {
    before: frozenset(_WORDS[digit] for digit in digits) for before, digits in _MAY_FOLLOW.items()
}
OF_THE_WHOLE: Final = frozenset({"Available", "Unavailable", "Faulted"})


def with_previous(changes: QuerySet[ConnectorStatusChange]) -> QuerySet[ConnectorStatusChange]:
    """Each change with `previous_status`, the one before it by the charger's clock, or None."""
    before = ConnectorStatusChange.objects.filter(
        charger=OuterRef("charger"),
        connector_number=OuterRef("connector_number"),
        reported_at__lt=OuterRef("reported_at"),
    ).order_by("-reported_at")
    return changes.annotate(previous_status=Subquery(before.values("status")[:1]))


def is_foreseen(before: str | None, status: str) -> bool:
    """Whether `status` may follow; a repetition may, and what we do not know has no rule."""
    known = FOLLOWS.get(before or "")
    return known is None or status == before or status not in FOLLOWS or status in known


def is_odd_for_the_whole(connector_number: int, status: str) -> bool:
    return connector_number == 0 and status not in OF_THE_WHOLE


def has_warning(status: str, error_code: str) -> bool:
    """An error code without a fault warns of something (§4.9)."""
    return error_code not in ("", "NoError") and status != "Faulted"
