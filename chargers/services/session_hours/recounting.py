"""Sum the hours of charging sessions, and prove the sums against the sessions."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connection, transaction

from chargers.models import StaleHour

logger = logging.getLogger(__name__)

# Hours per transaction: a backlog of years is worked off in bounded steps.
STEP: Final = 200
PROVEN_AT_ONCE: Final = timedelta(days=31)
_FIRST: Final = datetime(1, 1, 2, tzinfo=UTC)
# Of unequal hours, in the log.
_NAMED: Final = 10
# Any number that nobody else locks by: one recount at a time.
_LOCK: Final = 0x5E55_4F55

_SUMS: Final = """
    SELECT session.cpo_id, charger.location_id,
           date_trunc('hour', session.started_at, 'UTC') AS hour,
           count(*) AS sessions, sum(session.energy_wh)::bigint AS energy_wh,
           coalesce(sum(session.cost) FILTER (WHERE session.billing_status = 'billed'), 0)::bigint
               AS revenue,
           coalesce(sum(session.ended_at - session.started_at), interval '0') AS busy
    FROM {source}
    JOIN chargers_charger charger ON charger.id = session.charger_id
    WHERE session.status = 'ended'
    GROUP BY 1, 2, 3
"""
_COLUMNS: Final = "cpo_id, location_id, hour, sessions, energy_wh, revenue, busy"
_WITHIN: Final = """chargers_chargingsession session
    JOIN (SELECT %(begin)s::timestamptz AS begin, %(end)s::timestamptz AS end) step
        ON session.started_at >= step.begin AND session.started_at < step.end
"""
# A join, not EXISTS: each hour is looked up by the index on the start.
_OF_HOURS: Final = """unnest(%s::timestamptz[]) AS wanted(at)
    JOIN chargers_chargingsession session
        ON session.started_at >= wanted.at AND session.started_at < wanted.at + interval '1 hour'
"""
_INSERT: Final = f"INSERT INTO chargers_sessionhour ({_COLUMNS}) {_SUMS.format(source=_OF_HOURS)}"
_KEPT: Final = f"""
    SELECT {_COLUMNS} FROM chargers_sessionhour WHERE hour >= %(begin)s AND hour < %(end)s
"""  # noqa: S608  (constants only)
_UNEQUAL: Final = f"""
    SELECT DISTINCT hour FROM (
        ({_KEPT} EXCEPT ALL ({_SUMS.format(source=_WITHIN)}))
        UNION ALL
        (({_SUMS.format(source=_WITHIN)}) EXCEPT ALL {_KEPT})
    ) unequal
    WHERE hour NOT IN (SELECT hour FROM chargers_stalehour)
    ORDER BY hour
"""  # noqa: S608  (constants only)
# The next hour that either side has: a session of an absurd clock costs one step, not centuries.
_NEXT: Final = """
    SELECT least(
        (SELECT min(hour) FROM chargers_sessionhour WHERE hour >= %(begin)s),
        (SELECT date_trunc('hour', min(started_at), 'UTC') FROM chargers_chargingsession
         WHERE started_at >= %(begin)s))
"""


def recount_stale_hours() -> int:
    """Sum every marked hour anew from its sessions; how many hours."""
    done = 0
    while some := _recount_some():
        done += some
    return done


def prove_hours() -> list[datetime]:
    """The hours whose sums differ from the sessions though nothing marked them.

    Never any, unless somebody wrote to the tables past the triggers. They are logged as an error
    and marked, so that the next recount heals them. Proven month by month, each by one statement
    that has one snapshot of both sides: neither its time nor its memory grows with the years.
    """
    unequal: list[datetime] = []
    begin = _next_hour(_FIRST)
    while begin is not None:
        end = begin + PROVEN_AT_ONCE
        unequal += _unequal_hours(begin, end)
        begin = _next_hour(end)
    if unequal:
        logger.error(
            "The sums of %d hours differ from their sessions; the first: %s",
            len(unequal),
            ", ".join(map(str, unequal[:_NAMED])),
        )
        StaleHour.objects.bulk_create((StaleHour(hour=hour) for hour in unequal), batch_size=1000)
    return unequal


def _next_hour(begin: datetime) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, {"begin": begin})
        found: datetime | None = cursor.fetchone()[0]
    return found


def _unequal_hours(begin: datetime, end: datetime) -> list[datetime]:
    with connection.cursor() as cursor:
        cursor.execute(_UNEQUAL, {"begin": begin, "end": end})
        return [hour for (hour,) in cursor.fetchall()]


@transaction.atomic
def _recount_some() -> int:
    """A mark that another transaction has not committed yet stays, and so does its hour's turn."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(
            "SELECT DISTINCT hour FROM chargers_stalehour ORDER BY hour LIMIT %s", [STEP]
        )
        hours = [hour for (hour,) in cursor.fetchall()]
        if not hours:
            return 0
        # The sums are read after the marks are taken: they hold all that these marks are about.
        cursor.execute("DELETE FROM chargers_stalehour WHERE hour = ANY(%s)", [hours])
        cursor.execute("DELETE FROM chargers_sessionhour WHERE hour = ANY(%s)", [hours])
        cursor.execute(_INSERT, [hours])
    return len(hours)
