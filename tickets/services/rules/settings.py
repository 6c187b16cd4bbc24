"""The rules as staff have set them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tickets.models import TicketRule
from tickets.states import RuleKind, TicketCategory, TicketPriority

_C, _P = TicketCategory, TicketPriority

# As the migration wrote the rows: a row that somebody deleted is as it was at first.
DEFAULTS: Final[Mapping[RuleKind, Mapping[str, Any]]] = {
    kind: {"after_minutes": after, "priority": priority, "category": category}
    for kind, after, priority, category in (
        (RuleKind.CONNECTOR_FAULTED, 30, _P.HIGH, _C.CHARGER),
        (RuleKind.CHARGER_OFFLINE, 60, _P.HIGH, _C.CHARGER),
        (RuleKind.SESSION_STUCK, 60, _P.NORMAL, _C.SESSION),
        (RuleKind.PAYOUT_FAILED, 0, _P.URGENT, _C.SETTLEMENT),
        (RuleKind.RECONCILIATION_DIFFERENCE, 0, _P.URGENT, _C.PAYMENT),
        (RuleKind.SECURITY_EVENT, 0, _P.HIGH, _C.SECURITY),
        (RuleKind.ROAMING_DIFFERENCE, 0, _P.NORMAL, _C.ROAMING),
    )
}


def rule_of(kind: RuleKind) -> TicketRule:
    """Raises KeyError for a kind without defaults (a mistake of ours)."""
    row = TicketRule.objects.filter(kind=kind).first()
    return row or TicketRule(kind=kind, **DEFAULTS[kind])
