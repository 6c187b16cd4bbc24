"""The business hours that the clocks of tickets go by, for a page of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from tickets.business_hours import BusinessHours
from tickets.models import Holiday, ServiceLevel, Ticket


def hours_of(tickets: Iterable[Ticket]) -> dict[int, BusinessHours]:
    """By the tickets' primary keys; nothing for one that nothing was promised for.

    Two queries, however many tickets there are.
    """
    rows = list(tickets)
    if not rows:
        return {}
    found = ServiceLevel.objects.filter(
        Q(cpo=None) | Q(cpo__in={row.cpo_id for row in rows if row.cpo_id})
    )
    levels: dict[tuple[UUID | None, str], ServiceLevel] = {
        (level.cpo_id, level.priority): level for level in found
    }
    days = list(Holiday.objects.values_list("date", flat=True))
    hours: dict[ServiceLevel, BusinessHours] = {}
    answer = {}
    for row in rows:
        level = levels.get((row.cpo_id, row.priority)) or levels.get((None, row.priority))
        if level is None:
            continue
        if level not in hours:
            hours[level] = level.hours(days)
        answer[row.pk] = hours[level]
    return answer
