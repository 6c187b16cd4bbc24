"""What chargers report, in neutral words: the input of the batch SQL and of the session services.

`chargers.ocpp.v16` decodes wire messages to these; handlers put them into an `Inbound`; nothing
below ever sees a wire dict. Times are aware UTC, energy is Wh, power W, current mA, voltage mV.
`adjustments` are short sentences about what was repaired on the way in ("no offset: taken as UTC").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Liveness only. Result: None."""


@dataclass(frozen=True, slots=True)
class Boot:
    """BootNotification. Result: `BootResult`."""

    vendor: str
    model: str
    serial_number: str = ""
    firmware_version: str = ""
    iccid: str = ""
    imsi: str = ""


@dataclass(frozen=True, slots=True)
class BootResult:
    registration: str  # Accepted / Pending / Rejected
    interval_s: int


@dataclass(frozen=True, slots=True)
class StatusReport:
    """StatusNotification; connector 0 is the charger itself. Result: None."""

    connector_number: int
    status: str
    error_code: str
    reported_at: datetime
    info: str = ""
    vendor_error_code: str = ""


@dataclass(frozen=True, slots=True)
class Authorize:
    """Result: `IdTagInfo`."""

    id_tag: str


@dataclass(frozen=True, slots=True)
class IdTagInfo:
    status: str  # Accepted / Blocked / Expired / Invalid / ConcurrentTx
    expires_at: datetime | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One MeterValue (one timestamp) with its samples in base units where they are known."""

    measured_at: datetime
    samples: list[dict[str, Any]]  # the charger's sampledValue list, sanitised, word for word
    content_hash: bytes  # of the samples: with the time it tells a resent reading
    energy_wh: int | None = None
    interval_wh: int | None = None
    power_w: int | None = None
    current_ma: int | None = None
    voltage_mv: int | None = None
    soc_percent: int | None = None
    temperature_mc: int | None = None
    others: tuple[dict[str, Any], ...] = ()  # what has no column, see `MeterReading.others`
    # The register counts this session only: its value is the session's energy.
    counts_session: bool = False
    adjustments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MeterValues:
    """Result: None. `transaction_id` as sent: absent, -1, 0 and unknown ids are resolved below."""

    connector_number: int
    transaction_id: int | None
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class StartTransaction:
    """Result: `StartResult`."""

    connector_number: int
    id_tag: str
    meter_start_wh: int
    started_at: datetime
    reservation_id: int | None = None
    adjustments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StartResult:
    transaction_id: int
    id_tag_info: IdTagInfo


@dataclass(frozen=True, slots=True)
class StopTransaction:
    """Result: `IdTagInfo` of the stopping tag, or None where none was presented."""

    transaction_id: int
    meter_stop_wh: int
    ended_at: datetime
    reason: str = "Local"
    id_tag: str = ""
    readings: tuple[Reading, ...] = ()
    adjustments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FirmwareReport:
    """FirmwareStatusNotification or its signed form, which may name its request. Result: None."""

    status: str
    request_id: int | None = None
    signed: bool = False


@dataclass(frozen=True, slots=True)
class LogReport:
    """DiagnosticsStatusNotification (`diagnostics`) or LogStatusNotification. Result: None."""

    status: str
    request_id: int | None = None
    diagnostics: bool = False


@dataclass(frozen=True, slots=True)
class SecurityNotice:
    """SecurityEventNotification: `kind` is free text. Result: None."""

    kind: str
    occurred_at: datetime
    tech_info: str = ""


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """SignCertificate. Result: "Accepted" or "Rejected"."""

    csr: str


@dataclass(frozen=True, slots=True)
class LogOnly:
    """A message whose frame is stored and whose answer needs nothing from the database.

    DataTransfer, malformed frames, refused calls. Result: None.
    """


Work = (
    Heartbeat
    | Boot
    | StatusReport
    | Authorize
    | MeterValues
    | StartTransaction
    | StopTransaction
    | FirmwareReport
    | LogReport
    | SecurityNotice
    | CertificateRequest
    | LogOnly
)


@dataclass(slots=True)
class Inbound:
    """One CALL of one charger on its way into the database.

    `render(result)` makes the answer's text once the result is known, inside the same database
    transaction, so that the stored frame holds what is sent after the commit. `outcome` is what
    the frame row says: "result", a CALLERROR code, "malformed".
    """

    charger_pk: int
    cpo_id: Any  # UUID of the charger's CPO
    received_at: datetime
    message_id: str
    action: str
    request: str  # redacted text as received
    work: Work
    render: Callable[[Any], str]
    outcome: str = "result"
    log_frame: bool = True
    # Of a message with a time that was replaced by its arrival: what its copies have in common.
    content: bytes | None = None
    extra: dict[str, Any] = field(default_factory=dict)
