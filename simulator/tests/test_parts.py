"""Clock, configuration, local list, outbox and frames: the small parts."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from simulator import wire
from simulator.authorization import Authorization
from simulator.clock import Clock, Pace, TimeFormat
from simulator.configuration import Configuration
from simulator.connector import Transaction
from simulator.outbox import Message, Outbox
from simulator.scenarios.reordering import ShuffledOutbox

NOON = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)


def test_simulated_time_runs_faster():
    ticks = iter([10.0, 12.5])
    assert Pace(60, lambda: next(ticks)).now_ms() == 150_000


def test_a_speed_of_nothing_is_refused():
    with pytest.raises(ValueError, match="above 0"):
        Pace(0)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (TimeFormat.UTC, "2026-03-01T12:00:00.123Z"),
        (TimeFormat.OFFSET, "2026-03-01T19:00:00.123+07:00"),
        (TimeFormat.SHORT_OFFSET, "2026-03-01T19:00:00.123+07"),
        (TimeFormat.NAIVE, "2026-03-01T19:00:00.123"),
        (TimeFormat.LOCAL_AS_UTC, "2026-03-01T19:00:00.123Z"),
    ],
)
def test_a_clock_writes_as_its_firmware_does(form, text):
    assert Clock(format=form, wall=lambda: NOON).stamp() == text


def test_a_clock_takes_over_the_time_it_is_told():
    clock = Clock(skew=timedelta(hours=5), wall=lambda: NOON)
    clock.set("2026-03-01T12:30:00Z")
    assert abs(clock.now() - (NOON + timedelta(minutes=30))) < timedelta(seconds=1)
    clock.set("2026-03-01T12:00:00Z")
    assert clock.now() == NOON


def test_a_deaf_clock_stays_wrong_and_nonsense_changes_nothing():
    deaf = Clock(skew=timedelta(hours=5), listens=False, wall=lambda: NOON)
    deaf.set("2026-03-01T12:00:00Z")
    assert deaf.now() == NOON + timedelta(hours=5)
    clock = Clock(wall=lambda: NOON)
    for told in ("yesterday", None, 5):
        clock.set(told)
    assert clock.now() == NOON


@pytest.mark.parametrize(
    ("key", "value", "outcome"),
    [
        ("HeartbeatInterval", "60", "Accepted"),
        ("HeartbeatInterval", "abc", "Rejected"),
        ("HeartbeatInterval", "-1", "Rejected"),
        ("NumberOfConnectors", "9", "Rejected"),
        ("NoSuchKey", "1", "NotSupported"),
        ("LocalPreAuthorize", "True", "Accepted"),
        ("LocalPreAuthorize", "maybe", "Rejected"),
        ("MeterValuesSampledData", "SoC,Voltage", "Accepted"),
        ("MeterValuesSampledData", "SoC,Wind", "Rejected"),
        ("AuthorizationKey", "short", "Rejected"),
        ("AuthorizationKey", "0123456789abcdef", "Accepted"),
    ],
)
def test_changing_the_configuration(key, value, outcome):
    configuration = Configuration.of(connectors=2, dc=False, meter_interval=60)
    before = dict(configuration.values)
    assert configuration.change(key, value) == outcome
    assert configuration.values == (before | {key: value} if outcome == "Accepted" else before)


def test_the_password_is_never_read():
    configuration = Configuration.of(connectors=2, dc=False, meter_interval=60)
    configuration.change("AuthorizationKey", "0123456789abcdef")
    everything, _ = configuration.read([])
    assert not any(entry["key"] == "AuthorizationKey" for entry in everything)
    named, _ = configuration.read(["AuthorizationKey"])
    assert named == [{"key": "AuthorizationKey", "readonly": False}]


def test_keys_are_read_whatever_their_case_and_unknown_ones_named():
    configuration = Configuration.of(connectors=2, dc=False, meter_interval=60)
    known, unknown = configuration.read(["numberofconnectors", "Nonsense"])
    assert known == [{"key": "NumberOfConnectors", "readonly": True, "value": "2"}]
    assert unknown == ["Nonsense"]


ACCEPTED = {"status": "Accepted"}


def test_a_full_list_replaces_and_a_differential_one_adds_and_deletes():
    tags = Authorization()
    first = [{"idTag": "A", "idTagInfo": ACCEPTED}, {"idTag": "B", "idTagInfo": ACCEPTED}]
    assert tags.update(1, "Full", first) == "Accepted"
    changes = [{"idTag": "a"}, {"idTag": "C", "idTagInfo": {"status": "Blocked"}}]
    assert tags.update(2, "Differential", changes) == "Accepted"
    assert (tags.known("A"), tags.known("b"), tags.known("C")) == (None, "Accepted", "Blocked")
    assert tags.version == 2


def test_bad_lists_change_nothing():
    tags = Authorization()
    entry = {"idTag": "A", "idTagInfo": ACCEPTED}
    assert tags.update(5, "Full", [entry]) == "Accepted"
    assert tags.update(5, "Differential", [{"idTag": "A"}]) == "VersionMismatch"
    assert tags.update(0, "Full", []) == "Failed"
    assert tags.update(6, "Full", [{"idTag": "B"}]) == "Failed"
    assert tags.update(6, "Full", [entry, {"idTag": "a", "idTagInfo": ACCEPTED}]) == "Failed"
    assert (tags.version, tags.known("A")) == (5, "Accepted")


def test_the_local_list_wins_over_the_cache():
    tags = Authorization()
    tags.learn("A", ACCEPTED)
    tags.update(1, "Full", [{"idTag": "A", "idTagInfo": {"status": "Blocked"}}])
    assert tags.known("a") == "Blocked"


def test_tags_are_known_only_as_the_configuration_allows():
    configuration = Configuration.of(connectors=1, dc=False, meter_interval=60)
    tags = Authorization(configuration=configuration, now=lambda: NOON)
    past, later = "2026-03-01T11:59:59Z", "2026-03-01T12:00:01Z"
    entries = [
        {"idTag": "LISTED", "idTagInfo": {**ACCEPTED, "expiryDate": later}},
        {"idTag": "OVER", "idTagInfo": {**ACCEPTED, "expiryDate": past}},
    ]
    assert tags.update(1, "Full", entries) == "Accepted"
    tags.learn("CACHED", ACCEPTED)
    ask = [tags.known(tag) for tag in ("listed", "OVER", "CACHED", "OTHER")]
    assert ask == ["Accepted", "Expired", "Accepted", None]
    configuration.change("LocalAuthListEnabled", "false")
    configuration.change("AuthorizationCacheEnabled", "false")
    assert [tags.known(tag) for tag in ("LISTED", "CACHED")] == [None, None]
    configuration.change("LocalAuthListEnabled", "true")
    configuration.change("LocalAuthorizeOffline", "false")
    assert tags.known("LISTED") == "Invalid"


def test_more_tags_than_fit_are_refused_and_change_nothing():
    configuration = Configuration.of(connectors=1, dc=False, meter_interval=60)
    configuration.values["LocalAuthListMaxLength"] = "2"
    tags = Authorization(configuration=configuration)
    first, second, third = ({"idTag": tag, "idTagInfo": ACCEPTED} for tag in "ABC")
    assert tags.update(1, "Full", [first, second]) == "Accepted"
    assert tags.update(2, "Differential", [third]) == "Failed"
    assert (tags.version, tags.known("C")) == (1, None)
    assert tags.update(2, "Differential", [{"idTag": "A"}, third]) == "Accepted"


def transaction(number=None):
    return Transaction(1, "TAG", NOON, 0, id=number)


def test_a_message_names_its_transaction_when_it_is_sent():
    running = transaction()
    stop = Message("StopTransaction", {"meterStop": 5}, 1, running)
    assert stop.wire_payload()["transactionId"] == -1
    running.id = 42
    assert stop.wire_payload() == {"meterStop": 5, "transactionId": 42}


def test_only_the_last_status_of_each_connector_outlives_an_outage():
    outbox = Outbox()
    for connector, status in ((1, "Preparing"), (2, "Faulted"), (1, "Charging"), (1, "Finishing")):
        outbox.add(Message("StatusNotification", {"status": status}, connector))
    start = Message("StartTransaction", {}, 1, transaction())
    outbox.add(start)
    outbox.forget_statuses(keep_last=True)
    kept = [(each.connector, each.payload.get("status")) for each in outbox.queue]
    assert kept == [(2, "Faulted"), (1, "Finishing"), (1, None)]
    outbox.forget_statuses(keep_last=False)
    assert list(outbox.queue) == [start]


def test_the_shuffled_outbox_sends_the_stop_before_older_values_but_never_before_its_start():
    outbox, running = ShuffledOutbox(Random(1)), transaction()
    start = Message("StartTransaction", {}, 1, running)
    values = Message("MeterValues", {}, 1, running)
    stop = Message("StopTransaction", {}, 1, running)
    for message in (values, stop, start):
        outbox.add(message)
    assert outbox.next() is start
    outbox.done(start)
    running.id, running.stopped = 5, True
    assert outbox.next() is stop
    outbox.done(stop)
    assert outbox.next() is values


@pytest.mark.parametrize(
    "text",
    ["", "nothing", "{}", "[]", "[9]", '[2,"1"]', "[3,5,{}]", '[2,"1",{},{}]', '[2,"1","A",[]]'],
)
def test_what_is_no_frame_is_said_to_be_none(text):
    with pytest.raises(wire.FrameError):
        wire.parse(text)


def test_null_payloads_are_empty_ones():
    assert wire.parse('[2,"1","Heartbeat",null]') == wire.Call("1", "Heartbeat", {})
    assert wire.parse('[3,"1",null]') == wire.Answer("1", {})


def test_a_call_error_is_read_with_and_without_its_details():
    short, full = (
        wire.parse('[4,"7","InternalError"]'),
        wire.parse('[4,"7","GenericError","no",{}]'),
    )
    assert (short.code, short.message_id) == ("InternalError", "7")
    assert (full.code, full.description) == ("GenericError", "no")
