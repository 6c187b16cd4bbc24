"""GET /api/reports/transactions.{csv,xlsx}: complete, in order, harmless, and only one's own."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest

from chargers.models import ChargingSession
from chargers.tests.factories import (
    at,
    make_charger,
    make_location,
    make_token,
    send_one,
    start,
    stop,
)
from cpo.tests.api import Api, fields_of
from cpo.tests.factories import make_cpo
from unievp.lib.tables import harmless
from unievp.web.reports import transactions as report

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger():
    return make_charger(identity="CP-1", location=make_location(time_zone="Asia/Jayapura"))


def charge(charger, tag="TAG", *, seconds=0, wh=1500):
    make_token(tag)
    number = send_one(charger, start(tag, seconds=seconds)).transaction_id
    send_one(charger, stop(number, meter=1000 + wh, seconds=seconds + 600))
    return number


def text_of(response):
    assert response.status_code == 200, response.content
    return b"".join(response).decode()


def rows_of(response, delimiter=","):
    text = text_of(response)
    assert text.startswith("\ufefftransaction_id")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter))


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_every_session_is_a_line_whatever_the_page_size(client, charger, monkeypatch):
    monkeypatch.setattr(report, "_PAGE", 2)
    numbers = [charge(charger, f"T{n}", seconds=n // 2 * 3600) for n in range(4)]
    ChargingSession.objects.filter(transaction_id=numbers[1]).update(started_at=at(0))
    found = rows_of(Api(client, charger.cpo, "reports:read")("GET", "reports/transactions.csv"))
    assert [int(row["transaction_id"]) for row in found] == numbers
    (row, *_others) = found
    assert (row["charger_id"], row["energy_kwh"], row["duration_min"]) == ("CP-1", "1.5", "10")
    assert row["time_zone"] == "Asia/Jayapura"


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_times_days_and_decimals_are_chosen(client, charger):
    number = charge(charger)
    api = Api(client, charger.cpo)
    begin = ChargingSession.objects.get().started_at
    (row,) = rows_of(api("GET", "reports/transactions.csv?tz=UTC&decimal=comma"), ";")
    assert (row["started_at"], row["energy_kwh"]) == (f"{begin:%Y-%m-%d %H:%M:%S}", "1,5")
    day = f"{begin:%Y-%m-%d}"
    (row,) = rows_of(api("GET", f"reports/transactions.csv?tz=UTC&from={day}&to={day}"))
    assert int(row["transaction_id"]) == number
    assert not rows_of(api("GET", f"reports/transactions.csv?to={begin:%Y-%m-%dT%H:%M:%SZ}"))
    assert not rows_of(api("GET", "reports/transactions.csv?charger_id=CP-2"))
    assert rows_of(api("GET", "reports/transactions.csv?charger_id=cp-1&status=ended"))


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_no_cell_is_a_formula(client, charger):
    make_token("=1+1")
    charge(charger, '=HYPERLINK("x")')
    (row,) = rows_of(Api(client)("GET", "reports/transactions.csv"))
    assert row["id_tag"] == '\'=HYPERLINK("x")'
    for text in ("+1", "-1", "@x", "\tx", "  =x"):
        assert harmless(text).startswith("'")
    assert harmless("Café - 2") == "Café - 2"


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_the_workbook_holds_the_same(client, charger):
    charge(charger, "=1+1")
    response = Api(client, charger.cpo)("GET", "reports/transactions.xlsx")
    book = zipfile.ZipFile(io.BytesIO(b"".join(response)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 2
    assert "=1+1" in sheet
    assert "<f>" not in sheet


def test_what_is_wrong_is_named(client, charger):
    api = Api(client, charger.cpo)
    wrong = (
        "from=soon",
        "tz=Mars",
        "status=gone",
        "decimal=x",
        "cpo_id=1",
        "from=2026-02-30",
        "to=9999-12-31",
    )
    for query in wrong:
        response = api("GET", f"reports/transactions.csv?{query}", Accept="text/csv")
        assert fields_of(response, 400) == {query.split("=")[0]}
    assert fields_of(api("GET", "reports/transactions.csv?from=2026-02-02&to=2026-01-01"), 400)


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_a_rivals_sessions_are_not_there(client, charger):
    charge(charger)
    rival = Api(client, make_cpo())
    assert not rows_of(rival("GET", "reports/transactions.csv"))
    query = f"reports/transactions.csv?cpo_id={charger.cpo_id}"
    assert rival("GET", query).status_code == 404
    assert Api(client, charger.cpo, "sessions:read")("GET", query).status_code == 403
    assert client.get("/api/reports/transactions.csv").status_code == 401
