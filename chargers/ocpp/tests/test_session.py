"""A whole session over a real socket, played by clients that share no code with us."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from ocpp.v16 import ChargePoint, call
from ocpp.v16.enums import RegistrationStatus
from websockets.asyncio.client import connect

from chargers.models import ChargingSession, Connector, Frame, MeterReading
from chargers.ocpp.tests.fleet import amake_charger, amake_token
from chargers.ocpp.tests.server import until

pytestmark = pytest.mark.django_db(transaction=True)


# Fixed for the whole run: a start repeated a second later must carry the same time.
EPOCH = datetime.now(tz=UTC).replace(microsecond=0) - timedelta(minutes=10)


def at(seconds):
    return (EPOCH + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


@contextlib.asynccontextmanager
async def foreign_charger(server, identity):
    """The `ocpp` package's own charge point."""
    url = server.url(identity)
    async with connect(url, subprotocols=["ocpp1.6"]) as socket:
        point = ChargePoint(identity, socket, response_timeout=10)
        listening = asyncio.create_task(point.start())
        try:
            yield point
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await listening


def meter_values(transaction_id, energy, seconds):
    return call.MeterValues(
        connector_id=1,
        transaction_id=transaction_id,
        meter_value=[
            {
                "timestamp": at(seconds),
                "sampledValue": [
                    {"value": str(energy), "unit": "Wh"},
                    {"value": "7.2", "measurand": "Power.Active.Import", "unit": "kW"},
                    {"value": "54", "measurand": "SoC", "unit": "Percent"},
                ],
            }
        ],
    )


async def boot(point):
    answer = await point.call(
        call.BootNotification(charge_point_model="M", charge_point_vendor="V"), suppress=False
    )
    assert answer.status == RegistrationStatus.accepted
    assert answer.interval > 0


async def start(point, tag="TAG1"):
    answer = await point.call(
        call.StartTransaction(connector_id=1, id_tag=tag, meter_start=1000, timestamp=at(0)),
        suppress=False,
    )
    assert answer.id_tag_info["status"] == "Accepted"
    return answer.transaction_id


async def test_a_foreign_client_runs_a_whole_session(server):
    charger = await amake_charger("CP1")
    await amake_token("TAG1")
    async with foreign_charger(server, "CP1") as point:
        await boot(point)
        for number, status in ((0, "Available"), (1, "Preparing")):
            await point.call(
                call.StatusNotification(
                    connector_id=number, error_code="NoError", status=status, timestamp=at(0)
                ),
                suppress=False,
            )
        answer = await point.call(call.Authorize(id_tag="tag1"), suppress=False)
        assert answer.id_tag_info["status"] == "Accepted"
        transaction_id = await start(point)
        assert transaction_id >= 1
        for step in range(1, 4):
            await point.call(
                meter_values(transaction_id, 1000 + 500 * step, 60 * step), suppress=False
            )
        answer = await point.call(call.DataTransfer(vendor_id="x", data="y"), suppress=False)
        assert answer.status == "UnknownVendorId"
        stopped = await point.call(
            call.StopTransaction(
                transaction_id=transaction_id, meter_stop=3000, timestamp=at(300), id_tag="TAG1"
            ),
            suppress=False,
        )
        assert stopped.id_tag_info["status"] == "Accepted"
        await point.call(call.Heartbeat(), suppress=False)
    session = await ChargingSession.objects.aget()
    assert session.transaction_id == transaction_id
    assert (session.status, session.energy_wh) == ("ended", 2000)
    assert (session.meter_start_wh, session.meter_stop_wh) == (1000, 3000)
    readings = [row async for row in MeterReading.objects.order_by("measured_at")]
    assert [row.energy_wh for row in readings] == [1500, 2000, 2500]
    assert {row.power_w for row in readings} == {7200}
    connector = await Connector.objects.aget(charger=charger, number=1)
    assert connector.status == "Preparing"
    actions = [row.action async for row in Frame.objects.order_by("id")]
    assert sorted(set(actions)) == [
        "Authorize",
        "BootNotification",
        "DataTransfer",
        "Heartbeat",
        "MeterValues",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
    ]
    assert {row.outcome async for row in Frame.objects.all()} == {"result"}
    assert all([row.request and row.response async for row in Frame.objects.all()])


async def test_a_session_survives_a_killed_connection(server):
    await amake_charger("CP1")
    await amake_token("TAG1")
    async with foreign_charger(server, "CP1") as point:
        await boot(point)
        transaction_id = await start(point)
        await point.call(meter_values(transaction_id, 1500, 60), suppress=False)
        point._connection.transport.abort()
    # No boot after the reconnect: an accepted charger need not.
    async with foreign_charger(server, "CP1") as point:
        assert await start(point) == transaction_id
        for energy, seconds in ((1500, 60), (2000, 120)):
            await point.call(meter_values(transaction_id, energy, seconds), suppress=False)
        for _ in range(2):
            await point.call(
                call.StopTransaction(
                    transaction_id=transaction_id, meter_stop=2500, timestamp=at(180)
                ),
                suppress=False,
            )
    session = await ChargingSession.objects.aget()
    assert (session.status, session.energy_wh) == ("ended", 1500)
    assert await MeterReading.objects.acount() == 2


async def test_garbage_hurts_nobody(server):
    await amake_charger("CP1")
    await amake_charger("CP2")
    async with server.charger("CP1") as bad, server.charger("CP2") as good:
        for text in ("x", "[", "[]", "{}", "[9]", '[2,"a"', "[" * 100_000, '[3,"a",{}]'):
            await bad.send(text)
        frame = await bad.receive()  # the only one with a readable id
        assert frame[:3] == [4, "a", "FormationViolation"]
        assert "currentTime" in await bad.call("Heartbeat", {})
        assert "currentTime" in await good.call("Heartbeat", {})
    malformed = await until(lambda: Frame.objects.filter(outcome="malformed").acount())
    assert malformed >= 1


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Nonsense", {}, "NotImplemented"),
        ("Reset", {"type": "Soft"}, "NotSupported"),
        ("Authorize", {}, "ProtocolError"),
        ("Authorize", {"idTag": []}, "TypeConstraintViolation"),
        (
            "StatusNotification",
            {"connectorId": 1, "status": "Asleep", "errorCode": "NoError"},
            "PropertyConstraintViolation",
        ),
        ("Authorize", [], "FormationViolation"),
    ],
)
async def test_bad_calls_get_the_codes_of_1_6(server, action, payload, code):
    await amake_charger("CP1")
    async with server.charger("CP1") as charger:
        frame = await charger.call(action, payload, "id-1")
        assert frame[:3] == [4, "id-1", code]
        assert frame[4] == {}
    row = await until(lambda: Frame.objects.filter(outcome=code).afirst())
    assert row.message_id == "id-1"


async def test_a_repeated_frame_gets_the_same_answer(server):
    await amake_charger("CP1")
    await amake_token("TAG1")
    payload = {"connectorId": 1, "idTag": "TAG1", "meterStart": 5, "timestamp": at(0)}
    async with server.charger("CP1") as charger:
        first = await charger.call("StartTransaction", payload, "same")
        again = await charger.call("StartTransaction", payload, "same")
        other = await charger.call("StartTransaction", payload, "other")
    assert first == again == other
    assert await ChargingSession.objects.acount() == 1


async def test_pipelined_calls_are_answered_in_order(server):
    await amake_charger("CP1")
    async with server.charger("CP1") as charger:
        for number in range(20):
            await charger.send([2, f"h{number}", "Heartbeat", {}])
        ids = [(await charger.receive())[1] for _ in range(20)]
    assert ids == [f"h{number}" for number in range(20)]


async def test_a_flood_is_cut_off(server):
    await amake_charger("CP1")
    async with server.charger("CP1") as charger:
        with contextlib.suppress(Exception):
            for number in range(5000):
                await charger.send([2, f"h{number}", "Heartbeat", {}])
        await asyncio.wait_for(charger.socket.wait_closed(), 10)
    async with server.charger("CP1") as charger:
        assert "currentTime" in await charger.call("Heartbeat", {})


@pytest.mark.parametrize("registration", ["Pending", "Rejected"])
async def test_a_charger_that_is_not_accepted_keeps_its_transaction_data(server, registration):
    await amake_charger("CP1", registration=registration)
    await amake_token("TAG1")
    async with server.charger("CP1") as charger:
        boot_answer = await charger.call(
            "BootNotification", {"chargePointVendor": "v", "chargePointModel": "m"}
        )
        assert boot_answer["status"] == registration
        assert (await charger.call("Heartbeat", {}))[2] == "SecurityError"
        started = await charger.call(
            "StartTransaction",
            {"connectorId": 1, "idTag": "TAG1", "meterStart": 5, "timestamp": at(0)},
        )
        assert started["transactionId"] >= 1
    assert await ChargingSession.objects.acount() == 1


async def test_binary_frames_are_refused(server):
    await amake_charger("CP1")
    async with server.charger("CP1") as charger:
        await charger.socket.send(b"\x00\x01")
        await asyncio.wait_for(charger.socket.wait_closed(), 10)
        assert charger.socket.close_code == 1003
