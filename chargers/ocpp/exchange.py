"""How a command of ours ended, and its line in the wire log, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from chargers.ocpp import frames, protocol
from chargers.ocpp.protocol import Answer, Failure
from chargers.ocpp.redaction import redact
from chargers.services import outcomes
from chargers.store.commands import CONNECTION_LOST
from chargers.store.frames import FrameRow, append_frames
from unievp.lib import clock

if TYPE_CHECKING:
    from chargers.models import Command


@dataclass(frozen=True, slots=True)
class Exchange:
    """A CALL of ours that went out at `sent_at`."""

    charger_pk: int
    command: Command
    message_id: str
    text: str
    sent_at: datetime

    def log(self, response: str, outcome: str) -> None:
        latency = clock.now() - self.sent_at
        append_frames(
            [
                FrameRow(
                    charger_pk=self.charger_pk,
                    at=self.sent_at,
                    direction="out",
                    message_id=self.message_id,
                    action=self.command.action,
                    request=redact(self.text),
                    response=frames.clean_text(redact(response)),
                    # 32 bits hold 35 minutes; a later answer than that has lost its meaning.
                    latency_us=min(round(latency.total_seconds() * 1_000_000), 2_147_483_647),
                    outcome=frames.clean_text(outcome),
                )
            ]
        )


def record_outcome(exchange: Exchange, outcome: Answer | Failure) -> None:
    """The charger's own answer, in time or late."""
    with transaction.atomic():
        if isinstance(outcome, Answer):
            outcomes.mark_answered(exchange.command.pk, response=outcome.payload)
            payload = frames.dump(outcome.payload)
            exchange.log(protocol.call_result(exchange.message_id, payload), "result")
        else:
            error = f"{outcome.code}: {outcome.description}".strip(": ")
            outcomes.mark_failed(exchange.command.pk, error=error or "The charger gave no reason")
            exchange.log(
                frames.dump([4, exchange.message_id, outcome.code, outcome.description, {}]),
                outcome.code or "error",
            )


def record_timeout(exchange: Exchange) -> None:
    with transaction.atomic():
        outcomes.mark_timed_out(exchange.command.pk)
        exchange.log("", "timeout")


def record_loss(exchange: Exchange) -> None:
    with transaction.atomic():
        outcomes.mark_failed(exchange.command.pk, error=CONNECTION_LOST)
        exchange.log("", "disconnected")
