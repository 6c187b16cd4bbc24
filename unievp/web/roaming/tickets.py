"""Tickets about operators' CDRs: those that differ, cannot be booked, or never came.

The rows say what is wrong; a ticket lasts as long as they do. Events only hurry.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet

from ocpi.models import CdrCheck, ForeignCdr, ForeignSession
from tickets.models import Ticket
from tickets.services.causes import Cause, end_cause, report_cause
from tickets.states import DONE, RuleKind
from unievp.lib import clock

logger = logging.getLogger(__name__)

_KIND: Final = RuleKind.ROAMING_DIFFERENCE
# What nobody asked about for so long is settled between the companies.
_DAYS: Final = timedelta(days=90)
_ODD: Final = Q(check_state__in=[CdrCheck.DIFFERS, CdrCheck.UNPRICEABLE]) | ~Q(held_because="")


def report_cdr(cdr_pk: int) -> Ticket | None:
    """The ticket of one CDR that a person should look at; None where nothing is wrong with it."""
    cdr = _odd_cdrs().filter(pk=cdr_pk).first()
    return report_cause(_of_cdr(cdr)) if cdr is not None else None


def report_missing(session_pk: int) -> Ticket | None:
    session = _sessions_without().filter(pk=session_pk).first()
    return report_cause(_of_session(session)) if session is not None else None


def sweep_roaming() -> int:
    """Hold all tickets against what is true; how many causes there are now."""
    since = clock.now() - _DAYS
    keys: set[str] = set()
    for cause in (
        *_causes(_odd_cdrs().filter(received_at__gte=since), _of_cdr),
        *_causes(_sessions_without().filter(cdr_missed_at__gte=since), _of_session),
    ):
        keys.add(cause.key)
        _safely(report_cause, cause)
    open_keys = (
        Ticket.objects.filter(cause_key__startswith=f"{_KIND}:", cause_ended_at__isnull=True)
        .exclude(status__in=DONE)
        .values_list("cause_key", flat=True)
    )
    for key in set(open_keys) - keys:
        _safely(end_cause, key)
    return len(keys)


def _odd_cdrs() -> QuerySet[ForeignCdr]:
    """Not those that were taken back meanwhile: nobody owes anything for them."""
    return ForeignCdr.objects.select_related("partner").filter(
        _ODD, charge__credited_by__isnull=True
    )


def _sessions_without() -> QuerySet[ForeignSession]:
    return ForeignSession.objects.select_related("partner").filter(
        cdr_missed_at__isnull=False, cdrs__isnull=True
    )


def _causes(rows: QuerySet[Any], make: Callable[[Any], Cause]) -> Iterator[Cause]:
    for row in rows.order_by("pk").iterator(chunk_size=200):
        yield make(row)


def _of_cdr(cdr: ForeignCdr) -> Cause:
    code, args = _words_of(cdr)
    return Cause(
        kind=_KIND,
        key=f"{_KIND}:cdr:{cdr.pk}",
        since=cdr.received_at,
        occurrence=f"{cdr.check_state}:{cdr.held_because}",
        code=code,
        args={"partner": str(cdr.partner), "cdr": cdr.ocpi_id, **args},
    )


def _words_of(cdr: ForeignCdr) -> tuple[str, dict[str, Any]]:
    if cdr.held_because:
        return "roaming_cdr_held", {}
    first = cdr.differences.order_by("position").first()
    why = first.why if first else ""
    if cdr.check_state == CdrCheck.UNPRICEABLE or first is None or first.theirs is None:
        return "roaming_cdr_unclear", {"reason": why}
    return _KIND.value, {
        "object": f"CDR {cdr.ocpi_id}, {first.what}",
        "expected": _amount(first.ours, cdr.currency),
        "found": _amount(first.theirs, cdr.currency),
    }


def _of_session(session: ForeignSession) -> Cause:
    since: datetime = session.cdr_missed_at or session.received_at
    return Cause(
        kind=_KIND,
        key=f"{_KIND}:session:{session.pk}",
        since=since,
        occurrence="missing",
        code="roaming_cdr_missing",
        args={"partner": str(session.partner), "session": session.ocpi_id},
    )


def _amount(value: Any, currency: str) -> str:
    return "-" if value is None else f"{value.normalize():f} {currency}"


def _safely(act: Callable[[Any], object], subject: Any) -> None:
    try:
        act(subject)
    except Exception:
        # One ticket's trouble must not silence the others.
        logger.exception("The ticket of %s was not kept", subject)
