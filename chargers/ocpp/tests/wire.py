"""A charger's frames through the table and into the database, without a socket.

wire = Wire(make_charger(...))
wire.call("Heartbeat", {})          # the payload of the answer, or the CALLERROR frame
wire.frame('[2,"1","Heartbeat",{}]')  # every frame that we answer with
"""

from __future__ import annotations

import json
from typing import Any

from django.db import transaction

from chargers.models import Charger
from chargers.ocpp.character import character_of
from chargers.ocpp.messages import Caller
from chargers.ocpp.protocol import Call, Peer, Refuse, Replay
from chargers.ocpp.quirks import load_rulebook
from chargers.ocpp.routes import Refusal, plan_call
from chargers.store import inbound
from unievp.lib import clock


class Wire:
    """One connection; `now` may be set to a time of arrival."""

    def __init__(self, charger: Charger) -> None:
        self.charger = charger
        self.peer = Peer()
        self.now: Any = None
        self._number = 0
        self.caller = self._caller()

    def _caller(self) -> Caller:
        caller = Caller(
            self.charger.pk,
            self.charger.cpo_id,
            self.charger.identity,
            self.charger.registration,
            character=character_of(self.charger, load_rulebook()),
        )
        caller.take_quirks()
        return caller

    def call(self, action: str, payload: Any) -> Any:
        self._number += 1
        (answer,) = self.frame(json.dumps([2, f"w{self._number}", action, payload]))
        return answer[2] if answer[0] == 3 else answer

    def frame(self, text: str) -> list[Any]:
        answers = []
        for action in self.peer.feed(text):
            if isinstance(action, Refuse | Replay):
                answers.append(json.loads(action.text))
            elif isinstance(action, Call):
                answers.append(json.loads(self._answer(action, text)))
        return answers

    def _answer(self, call: Call, text: str) -> str:
        planned = plan_call(self.caller, call, text, self.now or clock.now())
        if isinstance(planned, Refusal):
            return self.peer.failed(call.message_id, planned.code, planned.description)
        item, plan = planned
        with transaction.atomic():
            (answer,) = inbound.write([item])
        if isinstance(answer, Exception):
            raise answer
        if plan.stored is not None:
            plan.stored(plan.result)
        return self.peer.answered(call.message_id, answer)
