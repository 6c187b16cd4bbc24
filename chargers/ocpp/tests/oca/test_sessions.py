"""Sessions begun at the charger: OCA cases 001 to 007, 024, 032, 037, 039, 064."""

from __future__ import annotations

import pytest

from chargers.models import Charger, ChargingSession, ConnectorStatusChange, Frame
from chargers.ocpp.tests.fleet import amake_token
from chargers.ocpp.tests.oca.point import connected

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.proves("TC_001", "BootNotification", "Heartbeat", "StatusNotification")
async def test_cold_boot(server, charger):
    async with connected(server, charger) as point:
        answer = await point.boot()
        assert answer["status"] == "Accepted"
        assert answer["interval"] > 0
        assert answer["currentTime"].endswith("Z")
        assert set(await point.say("Heartbeat", {})) == {"currentTime"}
        assert [await point.connector_status(n) for n in (1, 2)] == ["Available", "Available"]
    row = await Charger.objects.aget(pk=charger.pk)
    assert (row.vendor, row.model, row.firmware_version) == ("V", "M", "1.0")
    assert row.status == "Available"


async def charge(point):
    """From Charging to the meter value in the middle; the transaction's id."""
    transaction_id, verdict = await point.start()
    assert verdict == "Accepted"
    await point.status("Charging")
    await point.meter(transaction_id, 1000, seconds=450)
    return transaction_id


async def has_ended(point, reason, *, status="Available"):
    session = await point.session()
    assert (session.status, session.stop_reason, session.energy_wh) == ("ended", reason, 2000)
    assert await point.connector_status() == status


@pytest.mark.proves("TC_003", "StartTransaction", "StopTransaction", "MeterValues", "Authorize")
async def test_plug_in_first(point):
    await point.status("Preparing")
    assert await point.authorize() == "Accepted"
    transaction_id = await charge(point)
    answer = await point.stop(transaction_id, reason="Local")
    assert answer["idTagInfo"]["status"] == "Accepted"
    await point.status("Finishing")
    await point.status("Available")
    await has_ended(point, "Local")


@pytest.mark.proves("TC_004_1")
async def test_identification_first(point):
    assert await point.authorize() == "Accepted"
    await point.status("Preparing")
    transaction_id = await charge(point)
    await point.stop(transaction_id)
    await point.status("Available")
    await has_ended(point, "Local")


@pytest.mark.proves("TC_004_2")
async def test_identification_first_and_no_car_in_time(point):
    assert await point.authorize() == "Accepted"
    await point.status("Preparing")
    await point.status("Available")
    assert not await ChargingSession.objects.aexists()
    assert await point.connector_status() == "Available"


@pytest.mark.proves("TC_005_1")
async def test_the_cable_is_pulled_at_the_car(point):
    transaction_id = await charge(point)
    await point.status("SuspendedEV")
    assert await point.stop(transaction_id, reason="EVDisconnected", tag=None) == {}
    await point.status("Finishing")
    await point.status("Available")
    await has_ended(point, "EVDisconnected")


@pytest.mark.proves("TC_007")
async def test_a_cached_tag_starts_without_being_asked_for(point):
    await point.status("Preparing")
    transaction_id = await charge(point)  # no Authorize before
    session = await point.session()
    assert (session.transaction_id, session.authorization) == (transaction_id, "Accepted")
    assert session.id_token_id is not None


@pytest.mark.proves("TC_024")
async def test_the_plug_does_not_lock(point):
    await point.status("Preparing")
    assert await point.authorize() == "Accepted"
    await point.status("Faulted", error="ConnectorLockFailure")
    assert await point.connector_status() == "Faulted"
    change = await ConnectorStatusChange.objects.filter(status="Faulted").aget()
    assert change.error_code == "ConnectorLockFailure"
    assert not await ChargingSession.objects.aexists()


@pytest.mark.proves("TC_032_1", "own 1")
async def test_a_power_failure_ends_the_session_after_the_boot(server, charger):
    async with connected(server, charger) as point:
        await point.boot()
        transaction_id = await charge(point)
        point.client.socket.transport.abort()
    async with connected(server, charger) as point:
        assert (await point.boot())["status"] == "Accepted"
        assert (await point.session()).status == "active"  # a boot alone ends nothing
        await point.stop(transaction_id, reason="PowerLoss", tag=None)
        await has_ended(point, "PowerLoss")


@pytest.mark.proves("TC_037_1", "pain 37")
async def test_a_session_begun_offline_with_a_valid_tag(server, charger):
    async with connected(server, charger) as point:
        transaction_id, verdict = await point.start(seconds=60)
        assert verdict == "Accepted"
        await point.status("Charging")
        session = await point.session()
        assert session.transaction_id == transaction_id
        assert session.start_received_at > session.started_at
        await point.stop(transaction_id)
        await has_ended(point, "Local", status="Charging")


@pytest.mark.proves("TC_037_3", "own 2", "pain 27")
async def test_a_session_begun_offline_with_an_invalid_tag_is_stopped_by_the_charger(
    server, charger
):
    async with connected(server, charger) as point:
        transaction_id, verdict = await point.start("NOBODY", seconds=60)
        assert transaction_id > 0
        assert verdict == "Invalid"
        answer = await point.stop(
            transaction_id, reason="DeAuthorized", wh=0, seconds=70, tag="NOBODY"
        )
        assert answer["idTagInfo"]["status"] == "Invalid"
        session = await point.session()
        assert (session.status, session.stop_reason) == ("ended", "DeAuthorized")
        assert (session.energy_wh, session.billing_status) == (0, "not_billable")


@pytest.mark.proves("TC_039")
async def test_a_whole_session_that_happened_offline(server, charger):
    async with connected(server, charger) as point:
        transaction_id, verdict = await point.start(seconds=60)
        assert verdict == "Accepted"
        await point.stop(transaction_id)
        session = await point.session()
        assert (session.status, session.energy_wh) == ("ended", 2000)
        assert (session.ended_at - session.started_at).total_seconds() == 840


@pytest.mark.proves("TC_064", "DataTransfer")
async def test_a_vendors_message_to_the_central_system(point):
    request = {"vendorId": "com.example", "messageId": "Hello", "data": "{}"}
    answer = await point.say("DataTransfer", request)
    assert answer["status"] in {"UnknownVendorId", "UnknownMessageId", "Rejected"}
    frame = await Frame.objects.filter(action="DataTransfer").aget()
    assert "com.example" in frame.request


@pytest.mark.proves("TC_023_1", "TC_023_2", "TC_023_3")
@pytest.mark.parametrize("status", ["Invalid", "Expired", "Blocked"])
async def test_tags_that_may_not_charge(point, status):
    tag = await amake_token("REFUSED") if status != "Invalid" else None
    if status == "Expired":
        tag.expires_at = tag.created_at
        await tag.asave()
    if status == "Blocked":
        tag.status = "blocked"
        await tag.asave()
    assert await point.authorize("REFUSED") == status
