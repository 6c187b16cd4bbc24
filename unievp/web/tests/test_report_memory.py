"""A report of many rows takes no more memory than one of a few."""

from __future__ import annotations

import tracemalloc

import pytest
from django.db import connection

from chargers.tests.factories import make_charger, make_location, make_token, send_one, start, stop
from payments.tests.factories import make_staff
from unievp.web.reports.registry import REPORTS
from unievp.web.reports.wanted import Wanted

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# More than the pages of which two are held at a time.
FEW, MANY = 2_500, 7_500
# The same session, a minute earlier each time.
_COPIES = """
    INSERT INTO chargers_chargingsession ({columns})
    SELECT {values} FROM chargers_chargingsession, generate_series(%s, %s) AS n WHERE id = %s
"""


def copy_session(pk: int, first: int, last: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(column_name) FROM information_schema.columns WHERE"
            " table_name = 'chargers_chargingsession' AND is_generated = 'NEVER'"
            " AND column_name NOT IN ('id', 'transaction_id')"
            " AND table_schema = ANY (current_schemas(false))"
        )
        columns = [name for (name,) in cursor.fetchall()]
        earlier = {name: f"{name} - n * interval '1 minute'" for name in ("started_at", "ended_at")}
        values = ", ".join(earlier.get(name, name) for name in columns)
        cursor.execute(_COPIES.format(columns=", ".join(columns), values=values), [first, last, pk])


def peak_of(actor, wanted=None):
    report = REPORTS["transactions"]
    tracemalloc.start()
    count = sum(1 for _row in report.rows(actor, wanted or Wanted()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return count, peak


def test_three_times_the_sessions_take_the_same_memory():
    charger = make_charger(location=make_location())
    make_token("TAG")
    number = send_one(charger, start("TAG")).transaction_id
    send_one(charger, stop(number, meter=2500, seconds=600))
    staff = make_staff()
    first = charger.sessions.get()
    copy_session(first.pk, 1, FEW)
    few, small = peak_of(staff)
    copy_session(first.pk, FEW + 1, MANY)
    many, large = peak_of(staff)
    assert (few, many) == (FEW + 1, MANY + 1)
    assert large < 1.2 * small
    print(f"{few} rows: {small / 2**20:.1f} MiB; {many} rows: {large / 2**20:.1f} MiB")
