"""StatusNotification (OCPP 1.6 §4.9)."""

from __future__ import annotations

from chargers.ocpp.messages import Caller, Empty, Plan
from chargers.store.work import StatusReport

_EMPTY = Empty()


def status_notification(_caller: Caller, request: StatusReport) -> Plan:
    return Plan(request, _empty)


def _empty(_result: None) -> Empty:
    return _EMPTY
