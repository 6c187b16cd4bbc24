"""What happened in the field, told on commit to whoever subscribed (`unievp/subscriptions.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SessionStarted:
    session_id: int


@dataclass(frozen=True, slots=True)
class SessionEnded:
    session_id: int


@dataclass(frozen=True, slots=True)
class SessionCorrected:
    """A billed session got the charger's own figures; they differ from what was billed."""

    session_id: int
    correction_id: int


@dataclass(frozen=True, slots=True)
class RemoteStartSucceeded:
    remote_start_id: int


@dataclass(frozen=True, slots=True)
class RemoteStartFailed:
    """Nothing started, and nothing will: what was set aside for it may be given back."""

    remote_start_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReservationChanged:
    """It was asked for, accepted, refused, changed, used or ended; `status` says which."""

    reservation_id: int
    status: str


@dataclass(frozen=True, slots=True)
class ConnectorStatusChanged:
    charger_id: int
    connector_number: int
    status: str


@dataclass(frozen=True, slots=True)
class ChargerPresenceChanged:
    charger_id: int
    online: bool


@dataclass(frozen=True, slots=True)
class IdTokensChanged:
    """Tokens of a CPO were issued or changed: its chargers' local lists may be behind."""

    cpo_id: UUID


@dataclass(frozen=True, slots=True)
class CommandQueued:
    """The process that holds the charger's socket should look at its queue."""

    charger_id: int


@dataclass(frozen=True, slots=True)
class CommandFinished:
    command_id: str


@dataclass(frozen=True, slots=True)
class CriticalSecurityEvent:
    """A charger reported what somebody must look at."""

    charger_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class CertificateRequested:
    """A SignCertificate waits to be checked and signed."""

    certificate_id: str
