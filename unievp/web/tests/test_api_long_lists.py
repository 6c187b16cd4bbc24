"""Lists of the API that are longer than anybody counts."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chargers.models import ChargingSession
from chargers.tests.factories import at, make_charger
from cpo.tests.api import Api
from unievp.lib.api import lists
from unievp.web.tests.rows import make_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def sessions(monkeypatch):
    """Five, newest first; counted to two, and by their keys from the third on."""
    monkeypatch.setattr(lists, "COUNTED_TO", 2)
    monkeypatch.setattr(lists, "_DEEP", 2)
    charger = make_charger()
    rows = [make_row(ChargingSession, charger=charger) for _ in range(5)]
    ChargingSession.objects.update(started_at=at(0))
    ChargingSession.objects.filter(pk=rows[0].pk).update(started_at=at(60))
    return [rows[0].pk, *(row.pk for row in rows[:0:-1])]


def test_next_leads_through_all_rows_behind_the_count(client, sessions):
    seen, path = [], "sessions?limit=2"
    while path:
        body = Api(client)("GET", path).json()
        assert body["count"] == 2
        seen += [row["id"] for row in body["results"]]
        path = body["next"] and body["next"].partition("/api/")[2]
    assert seen == sessions


def test_previous_leads_back(client, sessions):
    body = Api(client)("GET", "sessions?limit=2&offset=4").json()
    assert ([row["id"] for row in body["results"]], body["next"]) == (sessions[4:], None)
    assert "offset=2" in body["previous"]


@pytest.mark.parametrize("offset", [5, 9_999, 10**9, 2**63, 10**40])
def test_there_is_nothing_behind_the_end(offset, client, sessions):
    body = Api(client)("GET", f"sessions?offset={offset}").json()
    assert (body["results"], body["next"]) == ([], None)


def test_exact_page_has_no_next(client, sessions):
    body = Api(client)("GET", "sessions?limit=5").json()
    assert (len(body["results"]), body["next"]) == (5, None)


def test_a_deep_page_skips_in_the_index_alone(client, sessions):
    with CaptureQueriesContext(connection) as queries:
        Api(client)("GET", "sessions?limit=2&offset=2")
    skipping = [query["sql"] for query in queries if "OFFSET" in query["sql"]]
    (skipped,) = skipping
    assert "JOIN" not in skipped
    assert skipped.startswith('SELECT "chargers_chargingsession"."id" AS "pk" FROM')
