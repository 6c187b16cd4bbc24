"""StartTransaction and StopTransaction (OCPP 1.6 §4.8, §4.10): always answered with a result."""

from __future__ import annotations

from chargers.ocpp.messages import Caller, Plan, StartAnswer, StopAnswer
from chargers.store.work import StartResult, StartTransaction, StopTransaction


def start_transaction(_caller: Caller, request: StartTransaction) -> Plan:
    return Plan(request, _started)


def stop_transaction(_caller: Caller, request: StopTransaction) -> Plan:
    return Plan(request, StopAnswer)


def _started(result: StartResult) -> StartAnswer:
    return StartAnswer(result.transaction_id, result.id_tag_info)
