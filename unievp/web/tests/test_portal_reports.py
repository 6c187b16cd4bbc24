"""The page of reports: how each begins, the way to its files, and nobody else's rows."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from chargers.tests.factories import make_charger, make_location, make_token, send_one, start, stop
from cpo.models import CPOStatus, Role
from cpo.tests.factories import make_cpo
from payments.tests.factories import make_member
from unievp.web.portal.reports import days_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger():
    charger = make_charger(identity="CP-1", location=make_location(name="Sanur"))
    make_token("TAG")
    number = send_one(charger, start("TAG")).transaction_id
    send_one(charger, stop(number, meter=2500, seconds=600))
    return charger


def page(client, **query):
    return client.get(reverse("portal:reports"), query)


def test_each_report_begins_on_the_page_and_leads_to_its_files(client, charger):
    client.force_login(make_member(charger.cpo, Role.OWNER))
    for name in ("transactions", "energy", "uptime", "payments", "settlements"):
        html = page(client, name=name, period="year").content.decode()
        assert f"/api/reports/{name}.csv?" in html
        assert f"/api/reports/{name}.xlsx?" in html
    html = page(client, period="year").content.decode()
    assert "CP-1" in html
    assert "Sanur" in html


def test_the_files_are_those_of_what_was_chosen(client, charger):
    client.force_login(make_member(charger.cpo, Role.OWNER))
    chosen = {"period": "dates", "from": "2026-01-01", "to": "2026-01-31", "decimal": "comma"}
    answer = page(client, name="energy", by="month", tz="Asia/Makassar", **chosen)
    kind, address = answer.context["files"][0]
    assert kind == "csv"
    assert address == (
        "/api/reports/energy.csv?from=2026-01-01&to=2026-01-31&by=month&tz=Asia%2FMakassar"
        "&decimal=comma"
    )
    assert client.get(address).status_code == 200
    assert answer.context["rows"] == []


def test_what_is_wrong_is_said_at_its_field(client, charger):
    client.force_login(make_member(charger.cpo, Role.OWNER))
    answer = page(client, period="dates", **{"from": "2026-02-01", "to": "2026-01-01"})
    assert list(answer.context["errors"]) == ["to"]
    assert answer.context["rows"] == []
    assert page(client, status="gone").status_code == 200


def test_who_sees_no_money_is_offered_no_report_of_it(client, charger):
    client.force_login(make_member(charger.cpo, Role.VIEWER))
    names = [report.name for report in page(client).context["reports"]]
    assert names == ["transactions", "energy", "uptime"]
    assert page(client, name="payments").status_code == 404


def test_a_rivals_rows_are_not_there(client, charger):
    rival = make_cpo(status=CPOStatus.VERIFIED)
    client.force_login(make_member(rival, Role.OWNER))
    assert page(client, period="year").context["rows"] == []
    assert page(client, cpo_id=str(charger.cpo_id)).status_code == 404
    assert page(client, location_id=str(charger.location_id)).status_code == 404


def test_periods_end_today_or_with_the_last_month():
    today = date(2026, 3, 5)
    assert days_of("week", today) == (date(2026, 2, 27), today)
    assert days_of("month", today) == (date(2026, 3, 1), today)
    assert days_of("last_month", today) == (date(2026, 2, 1), date(2026, 2, 28))
    assert days_of("year", today) == (date(2026, 1, 1), today)
