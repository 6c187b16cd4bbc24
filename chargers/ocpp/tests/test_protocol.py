import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargers.ocpp import frames
from chargers.ocpp.protocol import (
    HISTORY,
    MAX_UNUSABLE,
    Answer,
    Call,
    Close,
    ErrorCode,
    Failure,
    Ignore,
    Peer,
    Refuse,
    Replay,
)


def feed(text: str, peer: Peer | None = None):
    actions = (peer or Peer()).feed(text)
    assert len(actions) == 1
    return actions[0]


def test_a_call_comes_out_as_it_is():
    assert feed('[2,"1","Authorize",{"idTag":"A"}]') == Call("1", "Authorize", {"idTag": "A"})


@pytest.mark.proves("own 15", "quirk 10")
def test_a_payload_of_null_is_an_empty_payload():
    assert feed('[2,"1","Heartbeat",null]') == Call("1", "Heartbeat", {})


@pytest.mark.proves("own 16", "own 20", "client 33")
@pytest.mark.parametrize(
    "text",
    [
        '[2,"1","Heartbeat"]',
        '[2,"1"]',
        '[2,"1","Heartbeat",{},{}]',
        '[2,"1","Heartbeat",[]]',
        '[2,"1","Heartbeat","x"]',
        '[2,"1",{},{}]',
        '[2,"1","",{}]',
        '[2,"1","Authorize",{"connectorId": 1 "idTag": "ee"}]',
        f'[2,"1","DataTransfer",{{"vendorId":"x","data":{"[" * 40}{"]" * 40}}}]' + " " * 3,
        '[2,"1","Heartbeat",' + "[" * 100_000,
        '[2,"1","Heartbeat",{"a":"' + "x" * frames.MAX_TEXT + '"}]',
    ],
)
def test_a_broken_call_with_a_readable_id_is_a_formation_violation(text):
    action = feed(text)
    assert isinstance(action, Refuse)
    answer = json.loads(action.text)
    assert answer[:3] == [4, "1", "FormationViolation"]
    assert isinstance(answer[3], str)
    assert answer[4] == {}
    assert len(action.text) < 400


@pytest.mark.proves("own 17")
@pytest.mark.parametrize(
    ("message_id", "echoed"), [('""', ""), ("7", 7), (f'"{"i" * 37}"', "i" * 37)]
)
def test_an_id_that_is_no_string_of_1_to_36_is_a_formation_violation(message_id, echoed):
    action = feed(f'[2,{message_id},"Heartbeat",{{}}]')
    assert isinstance(action, Refuse)
    assert json.loads(action.text)[:3] == [4, echoed, "FormationViolation"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "{}",
        "[]",
        "null",
        "12",
        '"x"',
        "[true]",
        '["2"]',
        "[2]",
        "[2,null]",
        "[2,{}]",
        f'[2,"{"i" * 200}","Heartbeat",{{}}]',
        "[" * 100_000,
        "\x00",
        "[NaN]",
    ],
)
def test_a_frame_without_usable_id_gets_no_answer(text):
    action = feed(text)
    assert isinstance(action, Ignore)
    assert action.unusable


@pytest.mark.parametrize("text", ['[9,"1","Heartbeat",{}]', "[5]", "[-1]", "[2.5]"])
def test_an_unknown_message_type_is_ignored(text):
    action = feed(text)
    assert isinstance(action, Ignore)
    assert not action.unusable


def test_too_many_unusable_frames_in_a_row_close_the_connection():
    peer = Peer()
    for _ in range(MAX_UNUSABLE - 1):
        assert len(peer.feed("?")) == 1
    assert isinstance(peer.feed("?")[-1], Close)


def test_a_usable_frame_forgives_the_unusable_ones():
    peer = Peer()
    for number in range(3 * MAX_UNUSABLE):
        assert len(peer.feed("?")) == 1
        if number % 10 == 0:
            peer.feed(f'[2,"{number}","Heartbeat",{{}}]')


@pytest.mark.proves("quirk 24", "own 20")
def test_nul_and_lone_surrogates_are_replaced():
    call = feed('[2,"1","Authorize",{"idTag":"a\\u0000b\\ud800c"}]')
    assert call == Call("1", "Authorize", {"idTag": "a\ufffdb\ufffdc"})


@pytest.mark.proves("own 20", "client 33")
def test_raw_line_breaks_in_strings_and_nan_are_read():
    call = feed('[2,"1","DataTransfer",{"vendorId":"a\nb","data":NaN,"n":1e999}]')
    assert call == Call("1", "DataTransfer", {"vendorId": "a\nb", "data": None, "n": None})


@pytest.mark.proves("own 19")
def test_of_a_key_that_is_there_twice_the_last_counts():
    twice = '[2,"1","Authorize",{"idTag":"A","idTag":"B"}]'
    assert feed(twice) == Call("1", "Authorize", {"idTag": "B"})


@pytest.mark.proves("own 20")
def test_numbers_beyond_all_measure_are_read():
    payload = '{"a":1e30,"b":NaN,"c":-Infinity,"d":1e999,"e":123456789012345678901234567890}'
    call = feed(f'[2,"1","DataTransfer",{payload}]')
    assert isinstance(call, Call)
    assert call.payload["a"] == 1e30
    assert (call.payload["b"], call.payload["c"], call.payload["d"]) == (None, None, None)
    assert call.payload["e"] == pytest.approx(1.2345678901234568e29)


def test_whole_surrogate_pairs_are_kept():
    assert feed('[2,"1","A",{"x":"\\ud83d\\ude00\\u0000"}]') == Call("1", "A", {"x": "😀\ufffd"})


# --- repeated ids ---------------------------------------------------------------------------------

START = '[2,"1","StartTransaction",{"connectorId":1}]'


def test_a_repeated_call_gets_the_stored_answer():
    peer = Peer()
    peer.feed(START)
    peer.answered("1", '[3,"1",{"transactionId":5}]')
    assert feed(START, peer) == Replay('[3,"1",{"transactionId":5}]', "1")


def test_a_repetition_while_the_first_copy_is_in_progress_waits_for_its_answer():
    peer = Peer()
    peer.feed(START)
    assert isinstance(feed(START, peer), Ignore)


def test_another_call_with_an_open_id_is_refused():
    peer = Peer()
    peer.feed(START)
    action = feed('[2,"1","Heartbeat",{}]', peer)
    assert isinstance(action, Refuse)
    assert action.code == ErrorCode.FORMATION_VIOLATION


@pytest.mark.proves("client 32")
def test_another_call_may_reuse_an_answered_id():
    peer = Peer()
    peer.feed(START)
    peer.answered("1", '[3,"1",{}]')
    assert isinstance(feed('[2,"1","Heartbeat",{}]', peer), Call)


def test_a_heartbeat_with_a_constant_id_gets_the_present_time():
    peer = Peer()
    peer.feed('[2,"1","Heartbeat",{}]')
    peer.answered("1", '[3,"1",{"currentTime":"old"}]')
    assert isinstance(feed('[2,"1","Heartbeat",{}]', peer), Call)


def test_a_call_that_failed_is_tried_again():
    peer = Peer()
    peer.feed(START)
    text = peer.failed("1", ErrorCode.INTERNAL_ERROR)
    assert text == '[4,"1","InternalError","",{}]'
    assert isinstance(feed(START, peer), Call)


def test_the_history_is_bounded():
    peer = Peer()
    for number in range(HISTORY + 1):
        peer.feed(f'[2,"{number}","StartTransaction",{{}}]')
        peer.answered(str(number), "x")
    assert isinstance(feed('[2,"0","StartTransaction",{}]', peer), Call)
    assert feed('[2,"1","StartTransaction",{}]', peer) == Replay("x", "1")


# --- answers to our calls -------------------------------------------------------------------------


def test_our_call_is_answered_once():
    peer = Peer()
    assert peer.call("c", "Reset", {"type": "Soft"}) == '[2,"c","Reset",{"type":"Soft"}]'
    assert feed('[3,"c",{"status":"Accepted"}]', peer) == Answer(
        "c", {"status": "Accepted"}, late=False
    )
    assert isinstance(feed('[3,"c",{"status":"Accepted"}]', peer), Ignore)


def test_a_late_answer_is_recognised():
    peer = Peer()
    peer.call("c", "Reset", {})
    peer.give_up("c")
    assert feed('[3,"c",null]', peer) == Answer("c", {}, late=True)


@pytest.mark.parametrize(
    ("text", "code", "description"),
    [
        ('[4,"c","NotSupported","no",{}]', "NotSupported", "no"),
        ('[4,"c","FormationViolation",""]', "FormationViolation", ""),
        ('[4,"c"]', "", ""),
        ('[4,"c",7,null]', "7", "null"),
        ('[3,"c","x"]', "", "The answer is not an object"),
    ],
)
def test_an_error_answer_is_a_failure(text, code, description):
    peer = Peer()
    peer.call("c", "Reset", {})
    assert feed(text, peer) == Failure("c", code, description, late=False)


@pytest.mark.parametrize(
    "text", ['[3,"x",{}]', "[3]", "[3,5,{}]", '[4,"x","E","",{}]', "[4]", '[3,["c"],{}]']
)
def test_an_answer_to_nothing_is_ignored(text):
    assert isinstance(feed(text), Ignore)


# --- whatever comes -------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.binary().map(lambda data: data.decode("utf-8", "replace"))))
def test_any_text_leaves_the_peer_serving(text):
    peer = Peer()
    assert peer.feed(text)
    assert isinstance(feed('[2,"fresh","Heartbeat",{}]', peer), Call)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(json_values, max_size=6)
    | st.tuples(st.sampled_from([2, 3, 4]), st.sampled_from(["1", "c"]), json_values, json_values)
)
def test_any_json_leaves_the_peer_serving(frame):
    peer = Peer()
    peer.call("c", "Reset", {})
    assert peer.feed(json.dumps(frame))
    assert isinstance(feed('[2,"fresh","Heartbeat",{}]', peer), Call)
