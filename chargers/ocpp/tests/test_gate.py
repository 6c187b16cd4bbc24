"""A question to a tag's issuer holds up its own charger, in order, and no other."""

from __future__ import annotations

import asyncio

import pytest

from chargers.ocpp import gate
from chargers.ocpp.tests.fleet import make_charger, make_token
from unievp.lib.db import in_db


@pytest.fixture
def ask():
    """Install an asker: `ask(function)`."""
    yield gate.ask_before_judging
    gate.ask_before_judging(None)


async def test_charger_waits_for_its_answer_and_keeps_its_order(server, ask):
    await in_db(make_charger, "CP1")
    await in_db(make_charger, "CP2")
    await in_db(make_token, "TAG1")
    answered = asyncio.Event()

    async def question():
        await answered.wait()

    ask(lambda _charger, tag: question() if tag == "TAG1" else None)
    async with server.charger("CP1") as asked, server.charger("CP2") as other:
        await asked.send([2, "1", "Authorize", {"idTag": "TAG1"}])
        await asked.send([2, "2", "Heartbeat", {}])
        # The other one is served meanwhile.
        assert (await other.call("Heartbeat", {}))["currentTime"]
        answered.set()
        first, second = await asked.receive(), await asked.receive()
    assert [first[1], second[1]] == ["1", "2"]
    assert first[2]["idTagInfo"]["status"] == "Accepted"


async def test_question_that_fails_leaves_the_tag_to_its_rows(server, ask):
    await in_db(make_charger, "CP1")
    await in_db(make_token, "TAG1")

    async def question():
        raise OSError

    ask(lambda _charger, _tag: question())
    async with server.charger("CP1") as charger:
        answer = await charger.call("Authorize", {"idTag": "TAG1"})
        assert answer["idTagInfo"]["status"] == "Accepted"
