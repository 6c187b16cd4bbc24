"""“Explain this session”: what it shows, to whom, with how many queries."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chargers.models import ChargingSession, Command, Frame, MeterReading
from chargers.store.frames import FrameRow, append_frames
from unievp.web.tests.cast import company, person
from unievp.web.tests.charged import charge, play

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold(db):
    """A billed session of Alpha, made by frames from the wire."""
    return charge("Alpha Charge")


@pytest.fixture
def page(client):
    def get(user, url):
        client.force_login(user)
        return client.get(url, headers={"Accept-Language": "en"})

    return get


def url(session, extra=""):
    return f"/sessions/{session.transaction_id}/explain{extra}"


@pytest.mark.proves("pain 39")
def test_page_joins_wire_states_price_and_books(page, sold):
    text = page(sold.owner, url(sold.session)).content.decode()
    for part in (
        "StartTransaction",
        f"became session #{sold.session.transaction_id}",
        "Session: Ended",
        "The bill&#x27;s lines add up to its total",
        "Owed by drivers who charge on account",
        "In doubt because" if "in doubt" in text else "none in doubt",
        "20.00 kWh",
    ):
        assert part in text, part
    amounts = re.findall(r"IDR\s[\d,]+", text)
    assert f"{sold.bill.total:,}" in " ".join(amounts)
    assert "WIB" in text


@pytest.mark.proves("pain 44")
def test_ended_sessions_are_listed_by_default_with_energy_time_and_cost(page, sold):
    text = page(sold.owner, "/sessions").content.decode().replace("\N{NO-BREAK SPACE}", " ")
    for part in (f"#{sold.session.transaction_id}<", "20.00 kWh", "2:00 h", "IDR 43,000"):
        assert part in text, part


def test_session_of_a_rival_is_not_explained(page, sold):
    rival = company("Bravo Charge")
    assert page(sold.owner, url(sold.session)).status_code == 200
    for extra in ("", ".jsonl"):
        assert page(rival.owner, url(sold.session, extra)).status_code == 404
        assert page(sold.owner, url(rival.session, extra)).status_code == 404
    for nothing in ("/sessions/0/explain", f"/sessions/{2**40}/explain"):
        assert page(sold.owner, nothing).status_code == 404


def test_staff_see_it_and_strangers_are_sent_to_the_login(client, page, sold):
    assert client.get(url(sold.session)).status_code == 302
    staff = person("ops@uniev.example", is_staff=True)
    assert page(staff, url(sold.session)).status_code == 200


def test_page_needs_no_more_queries_for_a_longer_session(client, sold):
    client.force_login(sold.owner)
    client.get(url(sold.session))

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(sold.session)).status_code == 200
        return [query["sql"] for query in captured]

    few = queries()
    play(sold.charger, [sold.meter_values(60 + n, 1_000 + n) for n in range(200)])
    many = queries()
    assert len(many) <= len(few) + 2, "\n".join(many)  # the tail and the count of the left out
    assert len(many) <= 16, "\n".join(many)


def test_long_session_says_how_much_it_leaves_out(page, sold):
    play(sold.charger, [sold.meter_values(60 + n, 1_000 + n) for n in range(200)])
    text = page(sold.owner, url(sold.session)).content.decode()
    total = Frame.objects.filter(charger_id=sold.charger.pk, action="MeterValues").count()
    assert f"{total - 60} messages in the middle are left out here" in text
    assert text.count("<span>MeterValues</span>") == 60


def test_doubtful_readings_say_why(page, sold):
    MeterReading.objects.filter(session_id=sold.session.pk).update(
        adjustments=["no offset: taken as UTC"]
    )
    text = page(sold.owner, url(sold.session)).content.decode()
    assert "no offset: taken as UTC" in text
    data = json.loads(re.search(r'id="curve-data"[^>]*>(.*?)</script>', text)[1])
    assert data["doubts"] == list(range(len(data["labels"])))


def test_what_a_charger_says_is_escaped(page, sold):
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
    row = FrameRow(
        charger_pk=sold.charger.pk,
        at=sold.session.start_received_at + timedelta(seconds=1),
        direction="in",
        message_id=evil[:64],
        action="StatusNotification",
        request=json.dumps([2, "x", "StatusNotification", {"connectorId": 1, "status": evil}]),
        response=evil,
        latency_us=1,
        outcome=evil[:32],
    )
    append_frames([row])
    ChargingSession.objects.filter(pk=sold.session.pk).update(stop_reason=evil[:32])
    text = page(sold.owner, url(sold.session)).content.decode()
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert(1)" in text
    wire = page(sold.owner, f"/chargers/{sold.charger.pk}/wire?since=2020-01-01T00:00").content
    assert b"<script>alert" not in wire


def test_page_keeps_to_the_strict_policy(page, sold):
    response = page(sold.owner, url(sold.session))
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    text = response.content.decode()
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", text) == []


def test_running_session_without_a_bill_shows_its_quote(page):
    alice = company("Alpha Charge")
    text = page(alice.owner, url(alice.session)).content.decode()
    assert "No tariff was in force at the start" in text
    assert "Nothing is kept of that time any more" not in text or "moments" in text


def test_command_that_was_never_sent_is_part_of_the_story(page, sold):
    Command.objects.create(
        charger=sold.charger,
        action="RemoteStopTransaction",
        payload={"transactionId": sold.session.transaction_id},
        status="expired",
        requested_label="carol",
        created_at=sold.session.start_received_at + timedelta(seconds=5),
        deadline_at=sold.session.start_received_at + timedelta(seconds=9),
    )
    text = page(sold.owner, url(sold.session)).content.decode()
    assert "RemoteStopTransaction" in text
    assert "Expired · asked by carol" in text


def test_states_are_still_told_when_the_frames_are_too_old(page, sold):
    Frame.objects.filter(charger_id=sold.charger.pk).delete()
    text = page(sold.owner, url(sold.session)).content.decode()
    assert "Connector 1: Charging" in text
    assert "Session: Ended" in text
