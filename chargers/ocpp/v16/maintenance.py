"""The four notices about firmware and logs: unknown statuses are kept, request ids may lack."""

from __future__ import annotations

from typing import Any, Final

from chargers.ocpp.times import Clock
from chargers.ocpp.v16.values import INT_MAX, read_integer, read_text
from chargers.store.work import FirmwareReport, LogReport

Payload = dict[str, Any]
LONGEST_STATUS: Final = 64


def firmware_status(payload: Payload, _clock: Clock) -> FirmwareReport:
    return FirmwareReport(_status(payload))


def signed_firmware_status(payload: Payload, _clock: Clock) -> FirmwareReport:
    return FirmwareReport(_status(payload), _request_id(payload), signed=True)


def diagnostics_status(payload: Payload, _clock: Clock) -> LogReport:
    return LogReport(_status(payload), diagnostics=True)


def log_status(payload: Payload, _clock: Clock) -> LogReport:
    return LogReport(_status(payload), _request_id(payload))


def _status(payload: Payload) -> str:
    return read_text(payload.get("status"), LONGEST_STATUS)


def _request_id(payload: Payload) -> int | None:
    number = read_integer(payload.get("requestId"))
    return number if number is not None and 0 < number <= INT_MAX else None
