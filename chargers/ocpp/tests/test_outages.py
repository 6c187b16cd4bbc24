"""Outages and hard resets, frame by frame, as seven charger programs behave in them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async

from chargers.models import Charger, ChargingSession, Connector, MeterReading, OrphanStop
from chargers.ocpp import schemas
from chargers.ocpp.tests.fleet import amake_charger, amake_token
from chargers.services.zombies import close_zombie_sessions
from unievp.lib import clock

pytestmark = pytest.mark.django_db(transaction=True)

BEGAN = clock.now().replace(microsecond=0) - timedelta(minutes=20)


def at(seconds):
    return (BEGAN + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def value(seconds, register, context="Sample.Periodic"):
    sample = {"value": str(register), "unit": "Wh", "context": context}
    return {"timestamp": at(seconds), "sampledValue": [sample]}


class Script:
    """One charger's lines; every answer must be a valid result."""

    def __init__(self, client):
        self.client = client

    async def say(self, action, payload, message_id=None):
        answer = await self.client.call(action, payload, message_id)
        assert isinstance(answer, dict), answer
        assert schemas.is_valid_response(action, answer), answer
        return answer

    async def boot(self):
        await self.say("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})

    async def status(self, word, seconds, connector=1):
        report = {"connectorId": connector, "errorCode": "NoError", "status": word}
        await self.say("StatusNotification", report | {"timestamp": at(seconds)})

    async def start(self, seconds=0, *, tag="TAG1", connector=1, meter=1000, message_id=None):
        start = {"connectorId": connector, "idTag": tag, "meterStart": meter}
        answer = await self.say("StartTransaction", start | {"timestamp": at(seconds)}, message_id)
        assert answer["idTagInfo"]["status"] == "Accepted"
        return answer["transactionId"]

    async def values(self, number, *values, connector=1, message_id=None):
        await self.say(
            "MeterValues",
            {"connectorId": connector, "transactionId": number, "meterValue": list(values)},
            message_id,
        )

    async def stop(self, number, seconds, meter, *, message_id=None, **more):
        stop = {"transactionId": number, "meterStop": meter, "timestamp": at(seconds)}
        await self.say("StopTransaction", stop | more, message_id)


@pytest_asyncio.fixture
async def plug(server):
    await amake_charger("CP1")
    await amake_token("TAG1")
    await amake_token("TAG2")

    @asynccontextmanager
    async def connect():
        async with server.charger("CP1") as client:
            yield Script(client)

    return connect


@sync_to_async
def sessions():
    """(tag, connector, status, Wh, stop reason) by their begin; readings by session; no orphans."""
    assert OrphanStop.objects.count() == 0
    rows = ChargingSession.objects.select_related("connector").order_by("started_at")
    return [
        (row.id_tag, row.connector.number, row.status, row.energy_wh, row.stop_reason)
        for row in rows
    ]


@sync_to_async
def registers(tag):
    session = ChargingSession.objects.get(id_tag=tag)
    rows = MeterReading.objects.filter(session_id=session.pk).order_by("measured_at", "pk")
    return list(rows.values_list("energy_wh", flat=True))


@sync_to_async
def connector_status(number=1):
    return Connector.objects.get(charger__identity="CP1", number=number).status


@sync_to_async
def sweep(**ahead):
    return close_zombie_sessions(clock.now() + timedelta(**ahead))


@pytest.mark.proves("client 22", "own 5")
async def test_microocpp_sends_old_statuses_before_the_stop_and_does_not_boot(plug):
    async with plug() as charger:
        await charger.boot()
        number = await charger.start()
        await charger.values(number, value(10, 1050))
        await charger.status("Charging", 1)
    async with plug() as charger:
        for word, second in [("Finishing", 60), ("Available", 62), ("Preparing", 80)]:
            await charger.status(word, second)
        await charger.say("Heartbeat", {})
        await charger.stop(number, 60, 1300, reason="EVDisconnected")
        await charger.say("Heartbeat", {})
        await charger.start(85, tag="TAG2", meter=1300)
    assert await sessions() == [
        ("TAG1", 1, "ended", 300, "EVDisconnected"),
        ("TAG2", 1, "active", 0, ""),
    ]
    assert await connector_status() == "Preparing"


@pytest.mark.proves("client 23", "pain 37", "pain 38", "quirk 21")
async def test_tinkerforge_stops_first_then_sends_older_values_and_reuses_its_message_ids(plug):
    async with plug() as charger:
        await charger.boot()
        number = await charger.start(message_id="1")
        await charger.values(number, value(10, 1050), message_id="2")
    async with plug() as charger:
        # After its reboot it counts from 1 again: the same ids mean other messages.
        await charger.stop(number, 90, 1400, message_id="1", reason="Remote")
        await charger.values(number, value(30, 1150), message_id="2")
        await charger.values(number, value(60, 1290), message_id="3")
        await charger.status("Available", 91)
        await charger.stop(number, 90, 1400, message_id="4", reason="Remote")
    assert await sessions() == [("TAG1", 1, "ended", 400, "Remote")]
    assert await registers("TAG1") == [1050, 1150, 1290]


@pytest.mark.proves("client 24")
async def test_open_ocpp_stops_the_old_session_then_starts_one_begun_offline(plug):
    async with plug() as charger:
        await charger.boot()
        number = await charger.start()
    async with plug() as charger:
        await charger.status("Available", 100)
        await charger.stop(number, 99, 1200, reason="EVDisconnected")
        await charger.status("Charging", 110, connector=2)
        offline = await charger.start(105, tag="TAG2", connector=2, meter=500)
        await charger.values(offline, value(120, 540), connector=2)
    assert await sessions() == [
        ("TAG1", 1, "ended", 200, "EVDisconnected"),
        ("TAG2", 2, "active", 40, ""),
    ]
    assert (await connector_status(1), await connector_status(2)) == ("Available", "Charging")


@pytest.mark.proves("client 25")
async def test_everest_flushes_values_then_a_stop_with_mixed_transaction_data(plug):
    async with plug() as charger:
        await charger.boot()
        number = await charger.start()
    async with plug() as charger:
        await charger.values(number, value(10, 1050))
        await charger.values(number, value(20, 1100))
        mixed = [
            value(0, 1000, "Transaction.Begin"),
            value(20, 1100, "Sample.Clock"),
            value(45, 1210, "Transaction.End"),
        ]
        await charger.stop(number, 45, 1210, transactionData=mixed, idTag="TAG1")
        for word in ("Finishing", "Available", "Available"):
            await charger.status(word, 46)
    assert await sessions() == [("TAG1", 1, "ended", 210, "Local")]
    assert await registers("TAG1") == [1000, 1050, 1100, 1100, 1210]


@pytest.mark.proves("client 26", "own 4")
async def test_cpsim_boots_and_flushes_two_transactions_between_its_statuses(plug):
    async with plug() as charger:
        await charger.boot()
        number = await charger.start()
    async with plug() as charger:
        await charger.boot()
        await charger.status("Available", 120, connector=2)
        await charger.status("Preparing", 118)
        await charger.stop(number, 90, 1300, reason="Local")
        await charger.status("Charging", 121)
        offline = await charger.start(119, tag="TAG2", meter=1300)
        await charger.values(offline, value(130, 1330))
    assert await sessions() == [
        ("TAG1", 1, "ended", 300, "Local"),
        ("TAG2", 1, "active", 30, ""),
    ]
    assert await connector_status() == "Charging"


@pytest.mark.proves("client 27", "pain 17")
async def test_sap_never_stops_its_transaction_which_is_closed_when_it_falls_silent(plug):
    async with plug() as charger:
        await charger.boot()
        number = await charger.start()
    async with plug() as charger:
        for second in (60, 120, 180):
            await charger.values(number, value(second, 1000 + second))
    assert await sweep(minutes=40) == 0
    assert await sweep(hours=25) == 1
    assert await sessions() == [("TAG1", 1, "ended", 180, "NoStop")]
    async with plug() as charger:
        await charger.stop(number, 300, 1290)
    assert await sessions() == [("TAG1", 1, "ended", 290, "Local")]


@pytest.mark.proves("client 28", "pain 16")
async def test_vcp_comes_back_without_its_transaction_which_is_closed_after_a_while(plug):
    async with plug() as charger:
        await charger.boot()
        number = await charger.start()
        await charger.values(number, value(30, 1100))
    async with plug() as charger:
        await charger.boot()
        await charger.status("Available", 600)
    assert await sweep(minutes=10) == 0
    assert await sweep(minutes=40) == 1
    assert await sessions() == [("TAG1", 1, "ended", 100, "NoStop")]


@pytest.mark.proves("client 31", "pain 17", "pain 33")
async def test_hard_reset_that_says_available_and_goes_on_charging_keeps_its_session(plug):
    async with plug() as charger:
        await charger.boot()
        number = await charger.start()
        await charger.status("Unavailable", 20)
    async with plug() as charger:
        await charger.boot()
        await charger.status("Available", 40)
        # Its clock is behind ours: by its times all of this was before the boot.
        await charger.values(number, value(50, 1200))
        assert await sweep(minutes=5) == 0
        await charger.values(number, value(110, 1400))
        assert await sweep(minutes=29) == 0
        await charger.stop(number, 170, 1500)
    assert await sessions() == [("TAG1", 1, "ended", 500, "Local")]


@pytest.mark.proves("client 31")
async def test_hard_reset_with_a_stop_and_two_boots_on_two_connections(plug):
    async with plug() as charger:
        await charger.boot()
        number = await charger.start()
        await charger.stop(number, 30, 1100, reason="HardReset")
        await charger.status("Finishing", 31)
    for second in (60, 62):
        async with plug() as charger:
            await charger.boot()
            await charger.status("Available", second)
    assert await sweep(hours=25) == 0
    assert await sessions() == [("TAG1", 1, "ended", 100, "HardReset")]


@pytest.mark.proves("client 31")
async def test_hard_reset_that_boots_first_and_stops_afterwards(plug):
    async with plug() as charger:
        await charger.boot()
        number = await charger.start()
    async with plug() as charger:
        await charger.boot()
        await charger.stop(number, 30, 1100, reason="Remote")
        await charger.status("Available", 40)
    assert await sessions() == [("TAG1", 1, "ended", 100, "Remote")]


@pytest.mark.proves("own 1", "quirk 6", "StartTransaction", "StopTransaction", "MeterValues")
async def test_copies_on_a_new_connection_by_new_ids_change_nothing(plug):
    async with plug() as charger:
        await charger.boot()
        number = await charger.start(message_id="a")
        assert await charger.start(message_id="a") == number
        await charger.values(number, value(10, 1050), message_id="b")
    async with plug() as charger:
        assert await charger.start(message_id="c") == number
        await charger.values(number, value(10, 1050), message_id="d")
        await charger.stop(number, 60, 1300, message_id="e", transactionData=[value(60, 1300)])
    async with plug() as charger:
        await charger.stop(number, 60, 1300, message_id="f", transactionData=[value(60, 1300)])
        assert await charger.start(message_id="g") == number
    assert await sessions() == [("TAG1", 1, "ended", 300, "Local")]
    assert await registers("TAG1") == [1050, 1300]
    assert await Charger.objects.acount() == 1
