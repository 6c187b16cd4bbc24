"""GET /api/reports/….{csv,xlsx}: complete, in order, harmless, and only one's own."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest

from chargers.models import Charger, ChargingSession, PresenceChange
from chargers.services.session_hours.recounting import recount_stale_hours
from chargers.tests.factories import (
    at,
    make_charger,
    make_location,
    make_token,
    send_one,
    start,
    stop,
)
from cpo.models import Role
from cpo.tests.api import Api, fields_of
from cpo.tests.factories import make_cpo
from payments.models import StatementLine
from payments.services.settlements import request_settlement
from payments.tests.factories import give, make_member, make_paid_cpo
from payments.tests.payments import begin, pay
from unievp.lib import clock
from unievp.lib.tables import harmless
from unievp.web.reports import paging
from unievp.web.reports.registry import REPORTS

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
    monkeypatch.setattr(paging, "PAGE", 2)
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


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
@pytest.mark.parametrize("name", sorted(REPORTS))
def test_every_report_opens_as_a_workbook_with_its_columns(client, charger, name):
    charge(charger)
    response = Api(client, charger.cpo)("GET", f"reports/{name}.xlsx")
    book = zipfile.ZipFile(io.BytesIO(b"".join(response)))
    assert book.testzip() is None
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert [column for column in REPORTS[name].columns if f">{column}<" not in sheet] == []


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


def table_of(response, delimiter=","):
    text = text_of(response).removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_energy_is_told_by_hour_day_and_month_of_the_place(client, charger):
    for n in range(3):
        charge(charger, f"T{n}", seconds=n * 3600, wh=1500)
    api = Api(client, charger.cpo, "reports:read")
    query = f"from={at(-86400):%Y-%m-%d}&to={at(86400):%Y-%m-%d}"
    by_hour = table_of(api("GET", f"reports/energy.csv?by=hour&{query}"))
    assert [row["sessions"] for row in by_hour] == ["1", "1", "1"]
    recount_stale_hours()
    assert table_of(api("GET", f"reports/energy.csv?by=hour&{query}")) == by_hour
    (month,) = table_of(api("GET", f"reports/energy.csv?by=month&{query}"))
    assert (month["sessions"], month["energy_kwh"], month["busy_min"]) == ("3", "4.5", "30")
    assert month["time_zone"] == "Asia/Jayapura"
    days = table_of(api("GET", f"reports/energy.csv?{query}"))
    assert sum(int(row["sessions"]) for row in days) == 3
    assert fields_of(api("GET", "reports/energy.csv?by=year"), 400) == {"by"}


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_uptime_is_told_of_each_connector(client, charger):
    PresenceChange.objects.create(charger=charger, at=at(0), online=True)
    Charger.objects.update(created_at=at(0))
    rows = table_of(Api(client, charger.cpo)("GET", f"reports/uptime.csv?from={at(0):%Y-%m-%d}"))
    assert [row["connector_id"] for row in rows] == ["1", "2"]
    assert {row["charger_id"] for row in rows} == {"CP-1"}
    assert all(row["outages"] == "0" for row in rows)


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_payments_tell_what_the_gateway_kept_and_what_went_back(fake, client):
    intent = pay(fake, begin(fake))
    attempt = intent.attempts.get()
    StatementLine.objects.create(
        config=attempt.config,
        line_id="1",
        kind="payment",
        amount=50_000,
        net_amount=49_612,
        fee=350,
        tax=38,
        is_settled=True,
        at=clock.now(),
        attempt=attempt,
    )
    (row,) = table_of(Api(client, intent.cpo)("GET", "reports/payments.csv?status=succeeded"))
    assert row["payment_id"] == str(intent.pk)
    assert (row["paid"], row["gateway_fee"], row["gateway_fee_tax"]) == ("50000", "350", "38")
    assert (row["received_net"], row["refunded"]) == ("49612", "0")


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_settlements_tell_who_asked_and_mask_the_account(client):
    cpo = make_paid_cpo()
    give(cpo, 90_000)
    owner = make_member(cpo)
    settlement = request_settlement(cpo, actor=owner)
    api = Api(client, cpo)
    (row,) = table_of(api("GET", "reports/settlements.csv"))
    assert (row["settlement"], row["amount"]) == (str(settlement), "90000")
    assert row["requested_by"] == str(owner)
    assert cpo.bank_account_number not in row["account_number"]
    assert not table_of(api("GET", "reports/settlements.csv?status=paid"))
    assert not table_of(Api(client, make_cpo())("GET", "reports/settlements.csv"))


@pytest.mark.parametrize("name", ["payments", "settlements"])
def test_who_may_not_see_money_gets_no_report_of_it(client, name):
    cpo = make_cpo()
    client.force_login(make_member(cpo, Role.OPERATOR))
    for query in ("", f"?cpo_id={cpo.pk}"):
        assert client.get(f"/api/reports/{name}.csv{query}").status_code == 403


def test_a_rivals_location_is_not_found(client, charger):
    rival = Api(client, make_cpo())
    query = f"location_id={charger.location_id}"
    for name in ("transactions", "energy", "uptime", "payments"):
        assert rival("GET", f"reports/{name}.csv?{query}").status_code == 404
