"""Whatever a charger sends: nothing unhandled, and nobody else notices."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress
from datetime import timedelta
from itertools import islice

import pytest
from websockets.exceptions import ConnectionClosed

from chargers.models import ChargingSession, MeterReading
from chargers.ocpp.tests.fleet import amake_charger, amake_token
from chargers.ocpp.tests.fuzz import frames
from unievp.lib import clock

pytestmark = pytest.mark.django_db(transaction=True)

FUZZERS = 8
METER_START = 1000
# A frame that has an answer gets it within this; no other frame is waited for.
ANSWER_S = 5.0


class Alarms(logging.Handler):
    """Everything that was logged as an error by anything in the process."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(logging.Formatter().format(record))


@pytest.fixture
def alarms():
    handler = Alarms()
    logging.getLogger().addHandler(handler)
    yield handler.messages
    logging.getLogger().removeHandler(handler)


async def fuzz(server, identity, texts):
    """Send them all, one after the other, dialling again when thrown out; how many went out."""
    sent = 0
    remaining = iter(texts)
    text = next(remaining, None)
    while text is not None:
        async with server.charger(identity) as charger:
            with suppress(ConnectionClosed):
                while text is not None:
                    await charger.socket.send(text)
                    sent += 1
                    text = next(remaining, None)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(0.02):
                            await charger.socket.recv()
                # Its last CALL is answered like any other's first.
                await charger.send([2, "last", "Heartbeat", {}])
                while (await charger.receive())[1] != "last":
                    pass
    return sent


async def neighbour(server, stop):
    """A session beside it all: each message answered, in time; a reading a second, at 18 kW."""
    loop = asyncio.get_running_loop()
    slowest, meter, readings = 0.0, METER_START, 0
    began_at = clock.now().replace(microsecond=0) - timedelta(hours=6)

    def at(seconds):
        return (began_at + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    async with server.charger("NEIGHBOUR") as charger:
        start = {"connectorId": 1, "idTag": "TAG1", "meterStart": meter, "timestamp": at(0)}
        transaction_id = (await charger.call("StartTransaction", start))["transactionId"]
        while not stop.is_set():
            meter, readings = meter + 5, readings + 1
            sample = {"value": str(meter), "unit": "Wh"}
            values = {"timestamp": at(readings), "sampledValue": [sample]}
            began = loop.time()
            answer = await charger.call(
                "MeterValues",
                {"connectorId": 1, "transactionId": transaction_id, "meterValue": [values]},
            )
            slowest = max(slowest, loop.time() - began)
            assert answer == {}
        stop_request = {"transactionId": transaction_id, "meterStop": meter}
        stop_request["timestamp"] = at(readings + 1)
        assert await charger.call("StopTransaction", stop_request) == {}
    return readings, meter, slowest


async def play(server, seed, count):
    for number in range(FUZZERS):
        await amake_charger(f"FUZZ{number}")
    await amake_charger("NEIGHBOUR")
    await amake_token("TAG1")
    stop = asyncio.Event()
    beside = asyncio.create_task(neighbour(server, stop))
    share = count // FUZZERS
    sent = await asyncio.gather(
        *(fuzz(server, f"FUZZ{n}", islice(frames(seed + n), share)) for n in range(FUZZERS))
    )
    stop.set()
    readings, meter, slowest = await beside
    assert sum(sent) == share * FUZZERS
    session = await ChargingSession.objects.select_related("charger").aget(
        charger__identity="NEIGHBOUR"
    )
    assert (session.status, session.energy_wh) == ("ended", meter - METER_START)
    assert await MeterReading.objects.filter(session_id=session.pk).acount() == readings
    assert slowest < ANSWER_S


@pytest.mark.proves("own 17", "own 18", "own 19", "own 20", "pain 57", "pain 62")
async def test_mutated_frames_leave_nothing_unhandled_and_the_neighbour_alone(server, alarms):
    await play(server, seed=16, count=400)
    assert alarms == []


@pytest.mark.slow
@pytest.mark.timeout(420)
async def test_ten_thousand_mutated_frames_of_a_new_seed(server, alarms):
    seed = random.SystemRandom().randrange(10**9)
    print(f"\nfuzz seed {seed}")
    await play(server, seed=seed, count=10_000)
    assert alarms == [], f"seed {seed}"
