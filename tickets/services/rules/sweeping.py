"""The rules are held against what is true now: tickets open, repeat and end.

Each rule reads what lasts by one query, whatever the number of chargers; only what is new is
written.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from tickets.models import Ticket
from tickets.services.causes import Cause, end_cause, report_cause
from tickets.services.rules.books import differing
from tickets.services.rules.faults import faulted
from tickets.services.rules.payouts import failed
from tickets.services.rules.security import critical
from tickets.services.rules.settings import rule_of
from tickets.services.rules.silence import offline
from tickets.services.rules.stuck import stuck
from tickets.states import DONE, RuleKind
from unievp.lib import clock

logger = logging.getLogger(__name__)

Reader = Callable[[datetime, timedelta], list[Cause]]

# What is not here is reported from outside, by `report_cause`.
READERS: Final[Mapping[RuleKind, Reader]] = {
    RuleKind.CONNECTOR_FAULTED: faulted,
    RuleKind.CHARGER_OFFLINE: offline,
    RuleKind.SESSION_STUCK: stuck,
    RuleKind.PAYOUT_FAILED: failed,
    RuleKind.RECONCILIATION_DIFFERENCE: differing,
    RuleKind.SECURITY_EVENT: critical,
}


def sweep_rules() -> int:
    """All of them; how many tickets were opened, repeated or ended."""
    moved = 0
    for kind in READERS:
        try:
            moved += sweep_rule(kind)
        except Exception:
            # One rule's trouble must not silence the others.
            logger.exception("The rule %s was not held against what is true", kind)
    return moved


def sweep_rule(kind: RuleKind) -> int:
    """How many tickets were opened, repeated or ended. A rule that is off ends nothing either."""
    rule = rule_of(kind)
    if not rule.enabled:
        return 0
    causes = READERS[kind](clock.now(), timedelta(minutes=rule.after_minutes))
    return _open(causes) + _end(kind, causes)


def _open(causes: list[Cause]) -> int:
    wanted = {cause.key: cause for cause in causes if cause.opens}
    # Where the cause of a ticket had ended, the same occurrence has come back.
    known = {
        (key, occurrence)
        for key, occurrence in Ticket.objects.filter(
            cause_key__in=wanted, cause_ended_at=None
        ).values_list("cause_key", "occurrence")
    }
    new = [cause for cause in wanted.values() if (cause.key, cause.occurrence) not in known]
    return sum(_done(report_cause, cause) for cause in new)


def _end(kind: RuleKind, causes: list[Cause]) -> int:
    lasting = {cause.key for cause in causes}
    open_ones = Ticket.objects.filter(cause_key__startswith=f"{kind.value}:", cause_ended_at=None)
    keys = open_ones.exclude(status__in=DONE).order_by("pk").values_list("cause_key", flat=True)
    return sum(_done(end_cause, key) for key in keys if key not in lasting)


def _done(work: Callable[..., Ticket | None], subject: Cause | str) -> bool:
    try:
        return work(subject) is not None
    except Exception:
        # The next one is another's trouble; the next sweep comes in a minute.
        logger.exception("A ticket could not follow its cause: %s", subject)
        return False
