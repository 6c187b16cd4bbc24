"""Wire payloads of OCPP 1.6 to neutral requests.

StartTransaction, StopTransaction and MeterValues read *anything*: a refusal would make a charger
resend for ever or go on charging (reference §2.7, §2.18). The others get payloads that
`schemas.accept` has passed.
"""

from __future__ import annotations

from typing import Any

from chargers.ocpp.messages import DataTransfer, UnusableError
from chargers.ocpp.times import Clock
from chargers.ocpp.v16.measurands import Number
from chargers.ocpp.v16.meter_values import read_meter_values
from chargers.ocpp.v16.values import INT_MAX, SMALLINT_MAX, read_integer, read_number, read_text
from chargers.store.work import (
    Authorize,
    Boot,
    CertificateRequest,
    Heartbeat,
    MeterValues,
    SecurityNotice,
    StartTransaction,
    StatusReport,
    StopTransaction,
)

Payload = dict[str, Any]

MAX_ID_TAG = 255
MAX_METER_WH = 10**15
NO_TRANSACTION = -1


def boot(payload: Payload, _clock: Clock) -> Boot:
    serial = payload.get("chargePointSerialNumber") or payload.get("chargeBoxSerialNumber")
    return Boot(
        vendor=read_text(payload["chargePointVendor"], 64),
        model=read_text(payload["chargePointModel"], 64),
        serial_number=read_text(serial, 64),
        firmware_version=read_text(payload.get("firmwareVersion"), 64),
        iccid=read_text(payload.get("iccid"), 32),
        imsi=read_text(payload.get("imsi"), 32),
    )


_HEARTBEAT = Heartbeat()


def heartbeat(_payload: Payload, _clock: Clock) -> Heartbeat:
    return _HEARTBEAT


def authorize(payload: Payload, _clock: Clock) -> Authorize:
    return Authorize(id_tag=read_text(payload["idTag"], MAX_ID_TAG))


def status_notification(payload: Payload, clock: Clock) -> StatusReport:
    """An absent timestamp is the time of receipt (§4.9)."""
    timestamp = payload.get("timestamp")
    reported_at = clock.read(timestamp)[0] if timestamp else clock.received_at
    connector, unusable = _connector(payload["connectorId"], lowest=0)
    if unusable:
        raise UnusableError("connectorId")
    return StatusReport(
        connector_number=connector,
        status=payload["status"],
        error_code=read_text(payload["errorCode"], 64) or "NoError",
        reported_at=reported_at,
        info=read_text(payload.get("info"), 255),
        vendor_error_code=read_text(payload.get("vendorErrorCode"), 64),
    )


def data_transfer(payload: Payload, _clock: Clock) -> DataTransfer:
    return DataTransfer(
        vendor_id=read_text(payload["vendorId"], 255),
        message_id=read_text(payload.get("messageId"), 50),
        data=str(payload.get("data", "")),
    )


def security_event(payload: Payload, clock: Clock) -> SecurityNotice:
    """`type` is free text (white paper §A04); without a usable time it is the receipt's."""
    return SecurityNotice(
        kind=read_text(payload["type"], 50) or "Unknown",
        occurred_at=clock.read(payload["timestamp"])[0],
        tech_info=read_text(payload.get("techInfo"), 255),
    )


def sign_certificate(payload: Payload, _clock: Clock) -> CertificateRequest:
    return CertificateRequest(payload["csr"].replace("\x00", ""))


def meter_values(payload: Payload, clock: Clock) -> MeterValues:
    transaction = payload.get("transactionId")
    return MeterValues(
        connector_number=_connector(payload.get("connectorId"), lowest=0)[0],
        transaction_id=None if transaction is None else _transaction(transaction),
        readings=read_meter_values(
            payload.get("meterValue"), clock, in_transaction=transaction not in (None, 0)
        ),
    )


def start_transaction(payload: Payload, clock: Clock) -> StartTransaction:
    notes: list[str] = []
    connector, note = _connector(payload.get("connectorId"), lowest=1)
    notes.append(note)
    meter_start, note = _meter(payload.get("meterStart"), "meterStart", clock)
    notes.append(note)
    started_at, note = clock.read(payload.get("timestamp"))
    notes.append(note)
    reservation = read_integer(payload.get("reservationId"))
    if reservation is not None and abs(reservation) > INT_MAX:
        reservation = None
    return StartTransaction(
        connector_number=connector,
        id_tag=read_text(payload.get("idTag"), MAX_ID_TAG),
        meter_start_wh=meter_start or 0,
        started_at=started_at,
        reservation_id=reservation,
        adjustments=tuple(note for note in notes if note),
    )


def stop_transaction(payload: Payload, clock: Clock) -> StopTransaction:
    """Without a readable meterStop the latest register of transactionData stands in for it."""
    ended_at, note = clock.read(payload.get("timestamp"))
    readings = read_meter_values(payload.get("transactionData"), clock, in_transaction=True)
    meter_stop, meter_note = _meter(payload.get("meterStop"), "meterStop", clock)
    if meter_stop is None:
        registers = [item.energy_wh for item in readings if item.energy_wh is not None]
        meter_stop = max(registers, default=0)
    return StopTransaction(
        transaction_id=_transaction(payload.get("transactionId")),
        meter_stop_wh=meter_stop,
        ended_at=ended_at,
        reason=read_text(payload.get("reason"), 32) or "Local",
        id_tag=read_text(payload.get("idTag"), MAX_ID_TAG),
        readings=readings,
        adjustments=tuple(text for text in (note, meter_note) if text),
    )


def _connector(value: Any, *, lowest: int) -> tuple[int, str]:
    number = read_integer(value)
    if number is None or not lowest <= number <= SMALLINT_MAX:
        return lowest, f"connectorId unusable: taken as {lowest}"
    return number, ""


def _transaction(value: Any) -> int:
    """Unreadable is -1, which is resolved by charger and connector like one never confirmed."""
    number = read_integer(value)
    return NO_TRANSACTION if number is None else number


def _meter(value: Any, name: str, clock: Clock) -> tuple[int | None, str]:
    """Wh; a charger that calls kWh Wh does so here, too."""
    number: Number | None = read_integer(value)
    factor = clock.quirks.energy_factor
    note = ""
    if factor is not None and number is not None:
        exact = read_number(value)
        number = round((number if exact is None else exact) * factor)
        note = f"{name} times {factor.normalize():f}"
    if number is None:
        return None, f"{name} missing" if value is None else f"{name} unreadable"
    if not -MAX_METER_WH <= number <= MAX_METER_WH:
        return None, f"{name} impossible"
    return (int(number), note) if number >= 0 else (0, f"{name} negative")
