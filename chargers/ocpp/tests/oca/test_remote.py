"""What the operator asks for: OCA cases 010 to 018, 026 to 031, 054, 055."""

from __future__ import annotations

import pytest

from chargers.models import ChargingSession, CommandStatus
from chargers.ocpp.tests.oca.point import TAG, connected

pytestmark = pytest.mark.django_db(transaction=True)

START = {"connectorId": 1, "idTag": TAG}
ACCEPTED = {"status": "Accepted"}


async def runs(point):
    transaction_id, verdict = await point.start()
    assert verdict == "Accepted"
    await point.status("Charging")
    session = await point.session()
    assert (session.status, session.transaction_id) == ("active", transaction_id)
    return transaction_id


async def ends(point, transaction_id, reason):
    await point.stop(transaction_id, reason=reason, tag=None)
    session = await point.session()
    assert (session.status, session.stop_reason) == ("ended", reason)


@pytest.mark.proves("TC_010", "RemoteStartTransaction")
async def test_a_remote_start_with_the_cable_in(point):
    await point.status("Preparing")
    command = await point.asked("RemoteStartTransaction", START, ACCEPTED)
    assert (command.status, command.response_status) == (CommandStatus.ANSWERED, "Accepted")
    assert await point.authorize() == "Accepted"  # AuthorizeRemoteTxRequests
    await ends(point, await runs(point), "Local")


@pytest.mark.proves("TC_011_1")
async def test_a_remote_start_before_the_cable(point):
    await point.asked("RemoteStartTransaction", START, ACCEPTED)
    await point.status("Preparing")
    await ends(point, await runs(point), "Local")


@pytest.mark.proves("TC_011_2")
async def test_a_remote_start_and_no_car_in_time(point):
    await point.asked("RemoteStartTransaction", START, ACCEPTED)
    await point.status("Preparing")
    await point.status("Available")
    assert not await ChargingSession.objects.aexists()


@pytest.mark.proves("TC_012", "RemoteStopTransaction")
async def test_a_remote_stop(point):
    transaction_id = await runs(point)
    command = await point.asked(
        "RemoteStopTransaction", {"transactionId": transaction_id}, ACCEPTED
    )
    assert command.response_status == "Accepted"
    await ends(point, transaction_id, "Remote")
    await point.status("Finishing")
    await point.status("Available")
    assert await point.connector_status() == "Available"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        pytest.param("Hard", "HardReset", marks=pytest.mark.proves("TC_013", "Reset")),
        pytest.param("Soft", "SoftReset", marks=pytest.mark.proves("TC_014", "Reset")),
    ],
)
async def test_a_reset_ends_the_session_and_boots(server, charger, kind, reason):
    async with connected(server, charger) as point:
        await point.boot()
        transaction_id = await runs(point)
        command = await point.asked("Reset", {"type": kind}, ACCEPTED)
        assert command.response_status == "Accepted"
        if kind == "Soft":
            await ends(point, transaction_id, reason)
    async with connected(server, charger) as point:
        assert (await point.boot())["status"] == "Accepted"
        if kind == "Hard":
            await ends(point, transaction_id, reason)
        assert (await point.session()).energy_wh == 2000


@pytest.mark.proves("TC_017_1", "TC_017_2", "UnlockConnector")
@pytest.mark.parametrize("before", ["Available", "Preparing"])
async def test_an_unlock_without_a_session(point, before):
    await point.status("Preparing")
    await point.status(before)
    command = await point.asked("UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"})
    assert command.response_status == "Unlocked"
    assert not await ChargingSession.objects.aexists()


@pytest.mark.proves("TC_018_1")
async def test_an_unlock_ends_the_session(point):
    transaction_id = await runs(point)
    await point.asked("UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"})
    await ends(point, transaction_id, "UnlockCommand")
    await point.status("Finishing")


@pytest.mark.proves("TC_026")
async def test_a_remote_start_is_rejected(point):
    command = await point.asked("RemoteStartTransaction", START, {"status": "Rejected"})
    assert (command.status, command.response_status) == (CommandStatus.ANSWERED, "Rejected")
    assert not await ChargingSession.objects.aexists()


@pytest.mark.proves("TC_028")
async def test_a_remote_stop_of_another_transaction_is_rejected(point):
    transaction_id = await runs(point)
    request = {"transactionId": transaction_id + 1000}
    command = await point.asked("RemoteStopTransaction", request, {"status": "Rejected"})
    assert command.response_status == "Rejected"
    assert (await point.session()).status == "active"


@pytest.mark.proves("TC_030")
async def test_an_unlock_fails(point):
    command = await point.asked("UnlockConnector", {"connectorId": 1}, {"status": "UnlockFailed"})
    assert command.response_status == "UnlockFailed"
    await point.status("Faulted", error="ConnectorLockFailure")
    assert await point.connector_status() == "Faulted"


@pytest.mark.proves("TC_031", "pain 54")
async def test_an_unlock_of_a_connector_that_does_not_exist(point):
    answer = {"status": "NotSupported"}
    command = await point.asked("UnlockConnector", {"connectorId": 9}, answer)
    assert command.response_status == "NotSupported"


MESSAGES = {
    "MeterValues": {
        "connectorId": 1,
        "meterValue": [
            {
                "timestamp": "2026-02-01T09:30:00Z",
                "sampledValue": [{"value": "7", "context": "Trigger", "unit": "Wh"}],
            }
        ],
    },
    "Heartbeat": {},
    "StatusNotification": {"connectorId": 1, "status": "Available", "errorCode": "NoError"},
    "DiagnosticsStatusNotification": {"status": "Idle"},
    "FirmwareStatusNotification": {"status": "Idle"},
}


@pytest.mark.proves("TC_054", "TriggerMessage")
@pytest.mark.parametrize("message", list(MESSAGES))
async def test_a_charger_is_asked_for_a_message(point, message):
    command = await point.asked("TriggerMessage", {"requestedMessage": message}, ACCEPTED)
    assert command.response_status == "Accepted"
    await point.say(message, MESSAGES[message])


@pytest.mark.proves("TC_055")
@pytest.mark.parametrize("status", ["Rejected", "NotImplemented"])
async def test_a_charger_will_not_send_the_message(point, status):
    request = {"requestedMessage": "MeterValues", "connectorId": 2}
    command = await point.asked("TriggerMessage", request, {"status": status})
    assert (command.status, command.response_status) == (CommandStatus.ANSWERED, status)
