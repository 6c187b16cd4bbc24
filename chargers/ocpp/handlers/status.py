"""StatusNotification (OCPP 1.6 §4.9) and the notices whose wire log is their record."""

from __future__ import annotations

from chargers.ocpp.messages import Caller, Empty, Notice, Plan, SignCertificateAnswer
from chargers.store.work import LogOnly, StatusReport

_EMPTY = Empty()
_LOG_ONLY = LogOnly()


def status_notification(_caller: Caller, request: StatusReport) -> Plan:
    return Plan(request, _empty)


def notice(_caller: Caller, _request: Notice) -> Plan:
    return Plan(_LOG_ONLY, _empty)


def sign_certificate(_caller: Caller, _request: Notice) -> Plan:
    """White paper A02.FR.12: without a certificate authority the request is Rejected."""
    return Plan(_LOG_ONLY, _rejected)


def _empty(_result: None) -> Empty:
    return _EMPTY


def _rejected(_result: None) -> SignCertificateAnswer:
    return SignCertificateAnswer("Rejected")
