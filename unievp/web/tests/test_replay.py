"""Export and replay: the same frames come to the same money, and nothing remains."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from chargers.models import Charger, ChargingSession, Frame, IdToken, MeterReading
from chargers.selectors.wire import WireSearch
from cpo.models import CPO
from payments.models import Bill, LedgerEntry, LedgerTransaction
from unievp.lib import clock
from unievp.lib.errors import InvalidError
from unievp.web.replay import replay
from unievp.web.replay.export import session_lines, wire_lines
from unievp.web.tests.charged import charge, play, status

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

WATCHED = (
    CPO, Charger, ChargingSession, MeterReading, Frame, IdToken, Bill, LedgerEntry,
    LedgerTransaction,
)  # fmt: skip


@pytest.fixture
def sold():
    return charge("Alpha Charge")


def export(sold):
    return [json.dumps(line).encode() + b"\n" for line in session_lines(sold.session)]


def changed(lines, kind, change):
    """The export with `change(row)` applied to the rows of `kind`."""
    rows = [json.loads(line) for line in lines]
    for row in rows:
        if row["kind"] == kind:
            change(row)
    return [json.dumps(row).encode() for row in rows]


def received(response):
    with pytest.warns(Warning, match="asynchronous iterators"):
        return b"".join(response)


def counts():
    return [model.objects.count() for model in WATCHED]


def test_replay_comes_to_the_same_and_leaves_nothing(sold):
    lines = export(sold)
    before = counts()
    outcome = replay(lines)
    assert [str(item) for item in outcome.differences] == []
    assert outcome.is_same
    assert (outcome.frames, outcome.refused, outcome.sessions) == (15, (), 1)
    assert counts() == before


@pytest.mark.proves("pain 39")
def test_replay_of_a_bill_of_another_price_names_each_difference(sold):
    def dearer(row):
        row["tariff_snapshot"]["elements"][0]["components"][0]["price"] = "2500"

    outcome = replay(changed(export(sold), "session", dearer))
    found = {item.what: (item.before, item.now) for item in outcome.differences}
    assert found["cost"] == (43_000, 53_000)
    assert found["bill total"] == (43_000, 53_000)
    assert found["bill line 1 amount"] == (40_000, 50_000)
    assert found["bill line 1 unit_price"] == ("2000", "2500")
    assert set(found) == {"cost", "bill total", "bill line 1 amount", "bill line 1 unit_price"}


def test_replay_of_other_frames_names_energy_and_reading(sold):
    def more(row):
        row["request"] = row["request"].replace('"meterStop": 21000', '"meterStop": 21500')
        row["request"] = row["request"].replace('"value": "3000"', '"value": "3005"')

    found = {item.what for item in replay(changed(export(sold), "frame", more)).differences}
    assert {"energy_wh", "meter_stop_wh", "bill total", "bill line 1 quantity"} <= found
    assert any(what.startswith("reading ") and what.endswith(" energy_wh") for what in found)


def test_replay_without_the_start_says_that_the_session_never_started(sold):
    def gone(row):
        if row["action"] == "StartTransaction":
            row["request"] = "[]"

    outcome = replay(changed(export(sold), "frame", gone))
    assert [item.what for item in outcome.differences] == ["session"]
    assert len(outcome.refused) == 1


def test_export_of_another_system_is_replayed(sold):
    """Its tags, ids and chargers are not known here, or are somebody else's."""
    lines = export(sold)
    other = charge("Bravo Charge")
    number = str(sold.session.transaction_id)
    foreign = [
        line.replace(f'transactionId\\": {number}'.encode(), b'transactionId\\": 987654')
        .replace(f'transactionId\\":{number}'.encode(), b'transactionId\\":987654')
        .replace(f'"transaction_id": {number}'.encode(), b'"transaction_id": 987654')
        .replace(sold.session.id_tag.encode(), other.session.id_tag.encode())
        for line in lines
    ]
    outcome = replay(foreign)
    assert [str(item) for item in outcome.differences] == []
    assert outcome.sessions == 1


def test_frames_that_name_a_living_session_do_not_touch_it(sold):
    """A Stop and readings with the transaction id of another charger's running session."""
    running = charge("Bravo Charge")
    ChargingSession.objects.filter(pk=running.session.pk).update(energy_wh=5)
    before = ChargingSession.objects.filter(pk=running.session.pk).values().get()
    rows = [json.loads(line) for line in export(sold)]
    at = rows[-2]["at"]
    stop = {"transactionId": running.session.transaction_id, "meterStop": 99_999, "timestamp": at}
    hostile = {
        "kind": "frame", "at": at, "direction": "in", "response": "",
        "request": json.dumps([2, "x", "StopTransaction", stop]),
    }  # fmt: skip
    outcome = replay([json.dumps(row).encode() for row in [*rows[:-1], hostile, rows[-1]]])
    assert outcome.is_same
    assert ChargingSession.objects.filter(pk=running.session.pk).values().get() == before


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "The file is empty"),
        ([b"{"], "Line 1: not JSON"),
        ([b"[1,2]"], "Line 1: not a JSON object"),
        ([b'{"kind":"frame"}'], "Line 1: an export begins with its header"),
        ([b'{"kind":"wire","format":"uniev-wire","version":2}'], "Line 1: version 2"),
        ([b"HEAD", b"nonsense"], "Line 2: not JSON"),
        ([b"HEAD", b"\xff\xfe"], "Line 2: not JSON"),
        ([b"HEAD", b'{"kind":"poem"}'], "Line 2: kind must be frame or session"),
        ([b"HEAD", b'{"kind":"frame","direction":"in"}'], "Line 2: request must be"),
        (
            [b"HEAD", b'{"kind":"frame","direction":"in","request":"[]","at":"soon"}'],
            "Line 2: at must be a time with an offset",
        ),
        (
            [b"HEAD", b'{"kind":"frame","direction":"in","request":"[]","at":"1970-01-01T00:00Z"}'],
            "Line 2: at must be a time",
        ),
        ([b"HEAD", b'{"kind":"session","transaction_id":"x"}'], "transaction_id must be a number"),
        ([b"HEAD", b'{"kind":"session","transaction_id":1}'], "fields and readings are missing"),
        ([b"ZONE"], "is no time zone"),
        ([b"[" * 100_000], "Line 1: not JSON"),
    ],
)
def test_what_is_no_export_is_refused_with_its_line(lines, message):
    head = b'{"kind":"wire","format":"uniev-wire","version":1}'
    zone = b'{"kind":"wire","format":"uniev-wire","version":1,"location":{"time_zone":"../x"}}'
    lines = [{b"HEAD": head, b"ZONE": zone}.get(line, line) for line in lines]
    before = counts()
    with pytest.raises(InvalidError, match=message):
        replay(lines)
    assert counts() == before


@pytest.mark.parametrize(
    "text",
    [
        '[2,"1","StatusNotification",{"connectorId":1,"status":"Avail\\u0000able"}]',
        '[2,"1","StartTransaction",{"connectorId":1,"idTag":"\\u0000","meterStart":1e30}]',
        '[2,"1","StopTransaction",{"transactionId":99999999999999999999,"meterStop":-1}]',
        '[2,"1","MeterValues",{"connectorId":-5,"meterValue":null}]',
        "x" * 2_000_000,
        "[" * 50_000,
        '[3,"1",{}]',
        "",
        "\x00",
    ],
)
def test_hostile_frames_harm_nothing(sold, text):
    rows = [json.loads(line) for line in export(sold)]
    hostile = {"kind": "frame", "at": rows[1]["at"], "direction": "in", "request": text}
    before = counts()
    outcome = replay([json.dumps(row).encode() for row in [*rows[:-1], hostile, rows[-1]]])
    assert outcome.is_same
    assert counts() == before


def test_a_session_that_no_stop_ended_is_replayed():
    sold = charge("Alpha Charge")
    lines = [
        json.loads(line)
        for line in export(sold)
        if b"StopTransaction" not in line or b'"session"' in line
    ]
    last = lines[-1]
    fields = last["fields"]
    last |= {"had_stop": False, "bill": None}
    fields |= {
        "stop_reason": "NoStop", "meter_stop_wh": None, "energy_wh": 18_000, "cost": None,
        "billing_status": "unbilled",
    }  # fmt: skip
    outcome = replay([json.dumps(row).encode() for row in lines])
    assert [str(item) for item in outcome.differences] == []


def test_wire_export_has_everything_in_order_and_no_secret(sold):
    key = {"vendorId": "v", "data": '{"password":"s3cr3t"}'}
    at = sold.began + timedelta(seconds=3)
    play(
        sold.charger, [(at, "DataTransfer", key), (at, "StatusNotification", status("Faulted", at))]
    )
    search = WireSearch(sold.began - timedelta(hours=1), clock.now() + timedelta(minutes=1))
    rows = list(wire_lines(sold.charger, search))
    assert rows[0]["kind"] == "wire"
    assert rows[0]["charger"]["identity"] == sold.charger.identity
    frames = [row for row in rows if row["kind"] == "frame"]
    assert [row["at"] for row in frames] == sorted(row["at"] for row in frames)
    assert len(frames) == Frame.objects.filter(charger_id=sold.charger.pk).count()
    assert set(frames[0]) == {
        "kind", "at", "direction", "connection", "message_id", "action", "request", "response",
        "latency_us", "outcome",
    }  # fmt: skip
    assert rows[-1]["transaction_id"] == sold.session.transaction_id
    assert "s3cr3t" not in json.dumps(rows)
    assert replay([json.dumps(row).encode() for row in rows]).is_same


def test_export_is_streamed_to_those_who_may_see_it(client, sold):
    client.force_login(sold.owner)
    response = client.get(f"/sessions/{sold.session.transaction_id}/explain.jsonl")
    assert response.headers["Content-Type"] == "application/x-ndjson"
    assert "attachment" in response.headers["Content-Disposition"]
    lines = received(response).splitlines()
    assert replay(lines).is_same
    wire = client.get(f"/chargers/{sold.charger.pk}/wire.jsonl?since=2020-01-01T00:00")
    assert json.loads(received(wire).splitlines()[0])["kind"] == "wire"


def test_command_tells_the_verdict_by_its_exit_code(sold, tmp_path, capsys):
    file = tmp_path / "export.jsonl"
    file.write_bytes(b"".join(export(sold)))
    call_command("replay", str(file))
    assert "1 sessions compared: the same" in capsys.readouterr().out
    file.write_bytes(b"".join(export(sold)).replace(b'"energy_wh": 20000', b'"energy_wh": 1'))
    with pytest.raises(SystemExit) as different:
        call_command("replay", str(file))
    assert different.value.code == 1
    assert "energy_wh: 1 → 20000" in capsys.readouterr().out
    for nothing in (tmp_path / "missing", tmp_path):
        with pytest.raises(CommandError) as error:
            call_command("replay", str(nothing))
        assert error.value.returncode == 2
    file.write_bytes(b"{}")
    with pytest.raises(CommandError, match="Line 1"):
        call_command("replay", str(file))
