"""How long sessions ran in a span of time, mostly from the hours that hold their sums."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import (
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, Greatest, Least

from chargers.models import ChargingSession, SessionStatus
from chargers.selectors.session_sums import Span, parts
from cpo.access import Actor, visible

_ENDED: Final = Q(status=SessionStatus.ENDED)


def busy_time(actor: Actor, cpo_id: UUID | None, since: datetime, until: datetime) -> timedelta:
    """Of all sessions together; of one that reaches beyond the span only what is inside.

    What began inside (whole hours from their sums), less what of it came after `until`, and what
    had begun before: few sessions cross an edge. One statement reads all of it.
    """
    hours, _running, counted = parts(actor, cpo_id, [Span(since, until)])
    every = visible(actor, ChargingSession.objects.order_by())
    if cpo_id:
        every = every.filter(cpo_id=cpo_id)
    ended, unended = every.filter(_ENDED), every.exclude(_ENDED)
    end = Least(Coalesce(F("ended_at"), until), until)
    took = F("ended_at") - F("started_at")
    rows = _sum(hours, F("busy")).union(
        _sum(counted, took),
        _sum(ended.filter(started_at__lt=since, ended_at__gt=since), end - Value(since)),
        _sum(
            ended.filter(started_at__gte=since, started_at__lt=until, ended_at__gt=until),
            Value(until) - F("ended_at"),
        ),
        _sum(
            unended.filter(Q(ended_at=None) | Q(ended_at__gt=since), started_at__lt=until),
            end - Greatest(F("started_at"), since),
        ),
        all=True,
    )
    return sum((time for (time,) in rows if time), timedelta())


def _sum(rows: QuerySet[Any], time: Any) -> QuerySet[Any, Any]:
    """One row with the sum alone, as a union takes it."""
    whole = Value(None, output_field=IntegerField())
    duration = ExpressionWrapper(time, output_field=DurationField())
    grouped = rows.annotate(whole=whole).values("whole")
    summed: QuerySet[Any, Any] = grouped.annotate(time=Sum(duration)).values_list("time")
    return summed
