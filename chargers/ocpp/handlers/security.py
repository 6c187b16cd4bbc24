"""SecurityEventNotification and SignCertificate (security white paper A02, A04)."""

from __future__ import annotations

from chargers.ocpp.messages import Caller, Empty, Plan, SignCertificateAnswer
from chargers.store.work import CertificateRequest, SecurityNotice

_EMPTY = Empty()


def security_event(_caller: Caller, request: SecurityNotice) -> Plan:
    return Plan(request, _empty)


def sign_certificate(_caller: Caller, request: CertificateRequest) -> Plan:
    """Accepted when there is an authority that can look at it (A02.FR.11, A02.FR.12)."""
    return Plan(request, SignCertificateAnswer)


def _empty(_result: None) -> Empty:
    return _EMPTY
