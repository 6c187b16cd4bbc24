"""Sum the hours of charging sessions, and prove the sums against the sessions."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from chargers.models import StaleHour

logger = logging.getLogger(__name__)

# Hours per transaction: a backlog of years is worked off in bounded steps.
STEP: Final = 200
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
_ALL: Final = "chargers_chargingsession session"
# A join, not EXISTS: each hour is looked up by the index on the start.
_OF_HOURS: Final = """unnest(%s::timestamptz[]) AS wanted(at)
    JOIN chargers_chargingsession session
        ON session.started_at >= wanted.at AND session.started_at < wanted.at + interval '1 hour'
"""
_INSERT: Final = f"INSERT INTO chargers_sessionhour ({_COLUMNS}) {_SUMS.format(source=_OF_HOURS)}"
_UNEQUAL: Final = f"""
    SELECT DISTINCT hour FROM (
        (SELECT {_COLUMNS} FROM chargers_sessionhour EXCEPT ALL ({_SUMS.format(source=_ALL)}))
        UNION ALL
        (({_SUMS.format(source=_ALL)}) EXCEPT ALL SELECT {_COLUMNS} FROM chargers_sessionhour)
    ) unequal
    WHERE hour NOT IN (SELECT hour FROM chargers_stalehour)
    ORDER BY hour
"""  # noqa: S608  (constants only)


def recount_stale_hours() -> int:
    """Sum every marked hour anew from its sessions; how many hours."""
    done = 0
    while some := _recount_some():
        done += some
    return done


def prove_hours() -> list[datetime]:
    """The hours whose sums differ from the sessions though nothing marked them.

    Never any, unless somebody wrote to the tables past the triggers. They are logged as an error
    and marked, so that the next recount heals them. One statement: one snapshot of both sides.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNEQUAL)
        unequal = [hour for (hour,) in cursor.fetchall()]
    if unequal:
        logger.error("The sums of %d hours differ from their sessions: %s", len(unequal), unequal)
        StaleHour.objects.bulk_create(StaleHour(hour=hour) for hour in unequal)
    return unequal


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
