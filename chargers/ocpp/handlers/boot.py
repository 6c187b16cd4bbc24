"""BootNotification (OCPP 1.6 §4.2)."""

from __future__ import annotations

from chargers.ocpp.messages import BootAnswer, Caller, Plan
from chargers.ocpp.quirks import Make
from chargers.store.work import Boot, BootResult
from unievp.lib import clock


def boot(caller: Caller, request: Boot) -> Plan:
    def stored(result: BootResult) -> None:
        caller.registration = result.registration
        # The same row as the boot wrote: an empty firmware leaves the last one known.
        firmware = request.firmware_version or caller.character.make.firmware
        caller.become(Make(request.vendor, request.model, firmware))

    return Plan(request, _answer, stored)


def _answer(result: BootResult) -> BootAnswer:
    return BootAnswer(clock.now(), result.registration, result.interval_s)
