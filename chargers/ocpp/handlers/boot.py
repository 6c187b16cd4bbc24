"""BootNotification (OCPP 1.6 §4.2)."""

from __future__ import annotations

from chargers.ocpp.messages import BootAnswer, Caller, Plan
from chargers.store.work import Boot, BootResult
from unievp.lib import clock


def boot(caller: Caller, request: Boot) -> Plan:
    def stored(result: BootResult) -> None:
        caller.registration = result.registration

    return Plan(request, _answer, stored)


def _answer(result: BootResult) -> BootAnswer:
    return BootAnswer(clock.now(), result.registration, result.interval_s)
