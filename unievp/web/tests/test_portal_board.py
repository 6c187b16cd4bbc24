"""The live board: what it shows, to whom, and with how many queries."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chargers import live
from chargers.models import Charger, ChargingSession
from chargers.selectors.board import BoardFilter, board_chargers, kpis, with_parts
from cpo.models import CPO, CPOStatus, Role
from unievp.lib import clock
from unievp.web.tests.cast import add_charger, company, person, start_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return company("Alpha Charge")


@pytest.fixture
def bob():
    return company("Bravo Charge", zone="Asia/Jayapura")


@pytest.fixture
def page(client):
    def get(user, url="/", **headers):
        client.force_login(user)
        return client.get(url, headers={"Accept-Language": "en", **headers})

    return get


def test_anonymous_visitor_is_sent_to_the_login(client):
    response = client.get("/")
    assert response.status_code == 302
    assert response.url == "/accounts/login/?next=/"


def test_board_shows_the_running_session_of_a_connector(page, alice):
    text = page(alice.owner).content.decode()
    assert "ALPHA-0001" in text
    assert "48.5 kW" in text
    assert "12.35 kWh" in text
    assert "IDR\N{NO-BREAK SPACE}30,456" in text
    assert 'max="100" value="62"' in text
    assert f'href="/sessions/{alice.session.transaction_id}"' in text


def test_board_of_a_rival_is_not_shown(page, alice, bob):
    text = page(alice.owner).content.decode()
    assert "ALPHA-0001" in text
    assert "BRAVO" not in text
    assert "Bravo" not in text
    assert str(bob.cpo.pk) not in text


def test_asking_for_a_rivals_company_shows_ones_own(page, alice, bob):
    text = page(alice.owner, f"/?cpo={bob.cpo.pk}").content.decode()
    assert "ALPHA-0001" in text
    assert "BRAVO" not in text


def test_asking_for_a_rivals_location_shows_no_charger(page, alice, bob):
    text = page(alice.owner, f"/?location={bob.location.pk}").content.decode()
    assert "No charger matches" in text
    assert "BRAVO" not in text


def test_changes_leave_out_what_is_not_ones_own(page, alice, bob):
    url = f"/board/changes?charger={alice.charger.pk}&charger={bob.charger.pk}"
    text = page(alice.owner, url).content.decode()
    assert f'hx-target="#charger-{alice.charger.pk}"' in text
    assert f"#charger-{bob.charger.pk}" not in text
    assert 'hx-target="#kpis"' in text


def test_changes_refuse_what_is_no_number(page, alice):
    assert page(alice.owner, "/board/changes?charger=1;drop").status_code == 400


def test_staff_see_all_companies_and_pick_one(page, alice, bob):
    staff = person("ops@uniev.example", is_staff=True)
    both = page(staff).content.decode()
    assert "ALPHA-0001" in both
    assert "BRAVO-0001" in both
    one = page(staff, f"/?cpo={bob.cpo.pk}").content.decode()
    assert "ALPHA-0001" not in one
    assert "BRAVO-0001" in one


def test_person_without_a_company_is_told_what_to_do(page):
    text = page(person("lone@nowhere.example")).content.decode()
    assert "You do not belong to a company yet" in text
    assert "lone@nowhere.example" in text


def test_owner_of_a_pending_company_is_told_to_wait(page):
    cpo = CPO.objects.create(name="Papua Power")
    text = page(person("owner@papua.example", cpo)).content.decode()
    assert "Papua Power is being verified" in text


def test_owner_of_a_rejected_company_reads_why(page):
    cpo = CPO.objects.create(
        name="Nope", status=CPOStatus.REJECTED, status_reason="The tax number is another's."
    )
    text = page(person("owner@nope.example", cpo)).content.decode()
    assert "Nope was not accepted" in text
    assert "The tax number is another&#x27;s." in text


def test_suspended_company_still_sees_its_chargers(page, alice):
    CPO.objects.filter(pk=alice.cpo.pk).update(status=CPOStatus.SUSPENDED)
    assert "ALPHA-0001" in page(alice.owner).content.decode()


def test_what_a_charger_says_of_itself_is_escaped(page, alice):
    Charger.objects.filter(pk=alice.charger.pk).update(vendor="<script>alert(1)</script>")
    connector = alice.connectors[1]
    connector.status, connector.error_code = "Faulted", "OtherError"
    connector.info = '"><img src=x onerror=alert(1)><hx-partial hx-target="#kpis">'
    connector.save()
    for url in ("/", f"/board/changes?charger={alice.charger.pk}"):
        text = page(alice.owner, url).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "&lt;hx-partial" in text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"text": "second"}, ["ALPHA-0002"]),
        ({"text": "voltaris"}, ["ALPHA-0001", "ALPHA-0002", "ALPHA-0003"]),
        ({"state": "charging"}, ["ALPHA-0001"]),
        ({"state": "free"}, ["ALPHA-0002"]),
        ({"state": "offline"}, ["ALPHA-0003"]),
        ({"state": "faulted"}, []),
        ({"state": "nonsense"}, ["ALPHA-0001", "ALPHA-0002", "ALPHA-0003"]),
    ],
)
def test_filters_find(alice, query, shown):
    Charger.objects.filter(pk=add_charger(alice.location, "ALPHA-0002").pk).update(name="Second")
    add_charger(alice.location, "ALPHA-0003", online=False)
    found = board_chargers(alice.owner, BoardFilter(**query))
    assert [charger.identity for charger in found] == shown


def test_filter_and_card_agree_on_the_state(alice):
    faulted = add_charger(alice.location, "ALPHA-0002")
    faulted.connectors.filter(number=2).update(status="Faulted")
    add_charger(alice.location, "ALPHA-0003")
    add_charger(alice.location, "ALPHA-0004", online=False)
    rows = with_parts(board_chargers(alice.owner, BoardFilter()))
    assert [row.state for row in rows] == ["charging", "faulted", "free", "offline"]
    for row in rows:
        found = board_chargers(alice.owner, BoardFilter(state=row.state))
        assert [charger.pk for charger in found] == [row.charger.pk]


def test_charger_that_never_connected_is_offline(alice):
    Charger.objects.filter(pk=alice.charger.pk).get().presence.delete()
    (row,) = with_parts(board_chargers(alice.owner, BoardFilter()))
    assert (row.online, row.last_seen_at, row.state) == (False, None, "offline")


def test_retired_charger_is_off_the_board(alice):
    Charger.objects.filter(pk=alice.charger.pk).update(retired_at=clock.now())
    assert list(board_chargers(alice.owner, BoardFilter())) == []
    assert kpis(alice.owner).total == 0


def test_kpis_count_only_ones_own_and_only_today(alice, bob):
    ended = {
        "status": "ended",
        "ended_at": clock.now(),
        "billing_status": "billed",
        "soc_percent": 9,
    }
    start_session(alice.connectors[1], **ended, energy_wh=5_000, cost=12_000)
    yesterday = clock.now() - timedelta(days=2)
    start_session(alice.connectors[1], **ended, energy_wh=7_000, cost=9, started_at=yesterday)
    figures = kpis(alice.owner)
    assert (figures.total, figures.online, figures.offline) == (1, 1, 0)
    assert (figures.charging, figures.running, figures.power_w) == (1, 1, 48_500)
    # The running session began five minutes ago; shortly after midnight that was yesterday.
    begun_today = ChargingSession.objects.filter(pk=alice.session.pk).exists()
    assert begun_today
    assert figures.revenue == 12_000
    assert figures.energy_wh in (5_000, 17_345)


def test_board_needs_the_same_queries_for_more_chargers(client, alice):
    client.force_login(alice.owner)
    client.get("/")

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/").status_code == 200
        return len(captured)

    before = queries()
    for number in range(2, 30):
        start_session(add_charger(alice.location, f"ALPHA-{number:04d}").connectors.first())
    assert queries() == before
    assert before <= 15


def test_filter_alone_sends_only_the_list(page, alice):
    response = page(alice.owner, "/?q=alpha", **{"HX-Request": "true", "HX-Target": "div#chargers"})
    text = response.content.decode()
    assert text.lstrip().startswith('<div id="chargers"')
    assert "<html" not in text


def test_second_page_of_many_chargers(page, alice):
    for number in range(2, 51):
        add_charger(alice.location, f"ALPHA-{number:04d}")
    first = page(alice.owner).content.decode()
    second = page(alice.owner, "/?page=2").content.decode()
    assert first.count("<article") == 48
    assert second.count("<article") == 2
    assert "1 to 48 of 50" in first


@pytest.mark.parametrize("query", ["page=zzz", "page=99999", "location=9" * 30, "q=%00", "cpo=x"])
def test_nonsense_in_the_address_is_harmless(page, alice, query):
    assert page(alice.owner, f"/?{query}").status_code == 200


def test_page_carries_the_version_its_rows_are_at(page, alice, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        live.chargers_changed({alice.cpo.pk: [alice.charger.pk]})
    text = page(alice.owner).content.decode()
    raw = re.search(r'data-versions="([^"]*)"', text)[1].replace("&quot;", '"')
    assert json.loads(raw) == {str(alice.cpo.pk): live.versions([alice.cpo.pk])[str(alice.cpo.pk)]}
    assert json.loads(raw)[str(alice.cpo.pk)] >= 1


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.FINANCE, Role.VIEWER])
def test_every_role_may_see_the_board(page, alice, role):
    member = person(f"{role}@alpha.example", alice.cpo, role)
    assert "ALPHA-0001" in page(member).content.decode()


def test_sessions_of_a_rival_are_not_listed(page, alice, bob):
    text = page(alice.owner, reverse("portal:sessions")).content.decode()
    assert f"#{alice.session.transaction_id}<" in text
    assert f"#{bob.session.transaction_id}<" not in text
    assert "BRAVO" not in text


def test_session_of_a_rival_is_not_there(page, alice, bob):
    assert page(alice.owner, f"/sessions/{alice.session.transaction_id}").status_code == 200
    assert page(alice.owner, f"/sessions/{bob.session.transaction_id}").status_code == 404
    assert page(alice.owner, f"/sessions/{2**40}").status_code == 404
    assert page(alice.owner, "/sessions/0").status_code == 404


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 1), ("state=running", 1), ("state=ended", 0), ("q=alpha", 1), ("q=tag1", 1), ("q=zz", 0)],
)
def test_sessions_are_filtered(page, alice, query, count):
    text = page(alice.owner, f"/sessions?{query}").content.decode()
    assert text.count("<tr>") == (count + 1 if count else 0)


def test_session_is_found_by_its_number(page, alice):
    text = page(alice.owner, f"/sessions?q=%23{alice.session.transaction_id}").content.decode()
    assert text.count("<tr>") == 2


def test_session_list_needs_the_same_queries_for_more_rows(client, alice):
    client.force_login(alice.owner)
    client.get("/sessions")

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/sessions").status_code == 200
        return len(captured)

    before = queries()
    for number in range(2, 20):
        start_session(add_charger(alice.location, f"ALPHA-{number:04d}").connectors.first())
    assert queries() == before
    assert before <= 15


def test_session_shows_times_of_its_place(page, bob):
    text = page(bob.owner, f"/sessions/{bob.session.transaction_id}").content.decode()
    assert " WIT<" in text
