"""Authorize (OCPP 1.6 §4.1)."""

from __future__ import annotations

from chargers.ocpp.messages import AuthorizeAnswer, Caller, Plan
from chargers.store.work import Authorize


def authorize(_caller: Caller, request: Authorize) -> Plan:
    return Plan(request, AuthorizeAnswer)
