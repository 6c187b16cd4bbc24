"""A charger that restarts answers and closes the line in one breath: its answer counts."""

from __future__ import annotations

import asyncio
import uuid
from types import SimpleNamespace

import pytest

from chargers.ocpp import commands_out
from chargers.ocpp.commands_out import CommandSender
from chargers.ocpp.protocol import Answer

COMMAND = SimpleNamespace(
    pk=uuid.uuid4(), action="Reset", message_id="m1", payload={"type": "Hard"}, secret=""
)


@pytest.fixture
def stored(monkeypatch):
    """What was written about the command; nothing is while `stored.gate` is closed."""
    rows = SimpleNamespace(written=[], gate=asyncio.Event())
    waiting = [COMMAND]

    async def in_db(function, *args):
        if function is commands_out.commands.claim_next:
            return waiting.pop() if waiting else None
        await rows.gate.wait()
        rows.written.append(function.__name__)
        return None

    monkeypatch.setattr(commands_out, "in_db", in_db)
    monkeypatch.setattr(commands_out, "payload_to_send", lambda command: command.payload)
    return rows


def sender_to(sent):
    async def send(text):
        sent.set()

    caller = SimpleNamespace(charger_pk=1, identity="CP-1", registration="Accepted")
    peer = SimpleNamespace(call=lambda *_call: "[2]", give_up=lambda _id: None)
    return CommandSender(caller, uuid.uuid4(), peer, send)


async def asked(stored):
    sent = asyncio.Event()
    sender = sender_to(sent)
    sender.wake()
    await asyncio.wait_for(sent.wait(), 10)
    # The sender waits for the answer before anything else happens.
    await asyncio.sleep(0)
    return sender


async def test_answer_counts_though_nobody_has_looked_at_it_when_the_line_goes(stored):
    sender = await asked(stored)
    stored.gate.set()
    sender.answered(Answer("m1", {"status": "Accepted"}, late=False))
    await sender.aclose()
    assert stored.written == ["record_outcome"]


async def test_answer_is_stored_though_the_line_goes_while_it_is(stored):
    sender = await asked(stored)
    sender.answered(Answer("m1", {"status": "Accepted"}, late=False))
    for _turn in range(5):
        await asyncio.sleep(0)
    closing = asyncio.ensure_future(sender.aclose())
    await asyncio.sleep(0)
    stored.gate.set()
    await closing
    assert stored.written == ["record_outcome"]


async def test_command_without_an_answer_is_lost_with_the_line(stored):
    sender = await asked(stored)
    stored.gate.set()
    await sender.aclose()
    assert stored.written == ["record_loss"]
