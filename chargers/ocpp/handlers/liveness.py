"""Heartbeat (OCPP 1.6 §4.6): the answer sets the charger's clock."""

from __future__ import annotations

from chargers.ocpp.messages import Caller, HeartbeatAnswer, Plan
from chargers.store.work import Heartbeat
from unievp.lib import clock


def heartbeat(_caller: Caller, request: Heartbeat) -> Plan:
    return Plan(request, _answer)


def _answer(_result: None) -> HeartbeatAnswer:
    return HeartbeatAnswer(clock.now())
