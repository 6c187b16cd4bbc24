"""What chargers say of firmware and logs (OCPP 1.6 §4.4, §4.5; white paper L01, N01)."""

from __future__ import annotations

from chargers.ocpp.messages import Caller, Empty, Plan
from chargers.store.work import FirmwareReport, LogReport

_EMPTY = Empty()


def firmware_report(_caller: Caller, request: FirmwareReport) -> Plan:
    return Plan(request, _empty)


def log_report(_caller: Caller, request: LogReport) -> Plan:
    return Plan(request, _empty)


def _empty(_result: None) -> Empty:
    return _EMPTY
