"""How long is left of the time that was promised, in the words of a page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from tickets.business_hours import BusinessHours
from tickets.models import Ticket
from tickets.selectors.clocks import Clock, ClockKind, clock_of
from tickets.selectors.hours import hours_of
from unievp.lib import clock

_SOON: Final = timedelta(hours=1)


class ClockWords(NamedTuple):
    """`colour` and `icon` say the same as the words."""

    text: str
    note: str
    colour: str
    icon: str


def clocks_of(tickets: Iterable[Ticket]) -> dict[int, ClockWords]:
    """By primary key, of what has a time to keep; as many queries for ten as for one."""
    rows, now = list(tickets), clock.now()
    running = [(row.pk, found) for row in rows if (found := clock_of(row, now))]
    hours = hours_of(row for row in rows if not row.is_done) if running else {}
    return {pk: _words(found, hours.get(pk), now) for pk, found in running}


def _words(found: Clock, hours: BusinessHours | None, now: datetime) -> ClockWords:
    answers = found.kind is ClockKind.ANSWER
    if found.stands:
        return ClockWords(
            _("the clock stands"), _("waiting for an answer"), "secondary", "hourglass"
        )
    note = _("first answer, business hours") if answers else _("solution, business hours")
    if found.late:
        text = _("overdue by %(time)s") % {"time": _span(_worked(hours, found.due_at, now))}
        return ClockWords(text, note, "red", "alert-triangle")
    left = _worked(hours, now, found.due_at)
    colour = "yellow" if left < _SOON else "secondary"
    return ClockWords(_("%(time)s left") % {"time": _span(left)}, note, colour, "clock")


def _worked(hours: BusinessHours | None, start: datetime, end: datetime) -> timedelta:
    """By the clock on the wall where the promise is gone."""
    return hours.worked_between(start, end) if hours else end - start


def _span(time: timedelta) -> str:
    """`26:05 h`, `40 min`."""
    hours, minutes = divmod(int(time.total_seconds()) // 60, 60)
    if not hours:
        return _("%(minutes)d min") % {"minutes": minutes}
    return _("%(hours)d:%(minutes)02d h") % {"hours": hours, "minutes": minutes}
