"""MeterValues (OCPP 1.6 §4.7)."""

from __future__ import annotations

from chargers.ocpp.messages import Caller, Empty, Plan
from chargers.store.work import MeterValues

_EMPTY = Empty()


def meter_values(_caller: Caller, request: MeterValues) -> Plan:
    return Plan(request, _answer)


def _answer(_result: None) -> Empty:
    return _EMPTY
