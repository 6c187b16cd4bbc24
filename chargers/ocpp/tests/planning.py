"""A CALL taken through the table, as tests look at it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from chargers.ocpp import schemas
from chargers.ocpp.messages import Caller
from chargers.ocpp.protocol import Call, Peer
from chargers.ocpp.routes import Refusal, plan_call
from chargers.ocpp.times import TimeRule

RECEIVED = datetime(2026, 2, 1, 12, 0, 0, tzinfo=UTC)
AT = datetime(2026, 2, 1, 9, 30, 0, tzinfo=UTC)
TIME = "2026-02-01T09:30:00Z"


def caller(registration="Accepted", tz=UTC):
    return Caller(7, "cpo", "CP1", registration, TimeRule(tz))


def plan(action, payload, who=None):
    text = json.dumps([2, "m1", action, payload])
    (call,) = Peer().feed(text)
    assert isinstance(call, Call)
    return plan_call(who or caller(), call, text, RECEIVED)


def work(action, payload, who=None):
    planned = plan(action, payload, who)
    assert not isinstance(planned, Refusal)
    return planned[0].work


def answer(action, payload, result=None):
    inbound, _ = plan(action, payload)
    text = inbound.render(result)
    kind, message_id, body = json.loads(text)
    assert (kind, message_id) == (3, "m1")
    assert schemas.is_valid_response(action, body)
    return body


START = {"connectorId": 1, "idTag": "TAG123", "meterStart": 5, "timestamp": TIME}
STOP = {"transactionId": 9, "meterStop": 100, "timestamp": TIME}
