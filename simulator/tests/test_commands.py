"""The central system's commands, sent by the foreign `ocpp` package to a charger on the wire."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from ocpp.v16 import call

from simulator import visits
from simulator.car import Car
from simulator.tests.central import Central, fleet_at, running, until

ID = "SIM-0001"


@contextlib.asynccontextmanager
async def idle(central, **options):
    """One charger that no driver comes to, after its boot."""
    async with fleet_at(central, scenario="idle", speed=1000, connectors=2, **options) as fleet:
        await until(lambda: central.statuses(ID, 2))
        yield fleet


async def send(central, request):
    return await central.chargers[ID].call(request, suppress=False)


async def start_remotely(central, connector=1, **more):
    answer = await send(
        central, call.RemoteStartTransaction(id_tag="GUEST01", connector_id=connector, **more)
    )
    assert answer.status == "Accepted"
    await until(lambda: central.of("StartTransaction"))
    await until(lambda: "Charging" in central.statuses(ID, connector))


async def test_a_remote_start_brings_a_car_and_a_remote_stop_ends_it(central):
    async with idle(central):
        await start_remotely(central)
        answer = await send(central, call.RemoteStopTransaction(transaction_id=1))
        assert answer.status == "Accepted"
        await until(lambda: central.of("StopTransaction"))
        again = await send(central, call.RemoteStopTransaction(transaction_id=1))
        assert again.status == "Rejected"
    assert central.of("StartTransaction")[0]["id_tag"] == "GUEST01"
    assert central.of("StopTransaction")[0]["reason"] == "Remote"
    assert central.of("Authorize") == []


async def test_a_remote_start_authorizes_first_when_configured_so(central):
    async with idle(central) as fleet:
        fleet.chargers[0].configuration.change("AuthorizeRemoteTxRequests", "true")
        await start_remotely(central)
    assert central.of("Authorize") == [{"id_tag": "GUEST01"}]


async def test_a_remote_start_of_a_busy_or_missing_connector_is_rejected(central):
    async with idle(central):
        await start_remotely(central)
        for connector in (1, 99):
            request = call.RemoteStartTransaction(id_tag="GUEST02", connector_id=connector)
            assert (await send(central, request)).status == "Rejected"
        anywhere = await send(central, call.RemoteStartTransaction(id_tag="GUEST02"))
        assert anywhere.status == "Accepted"
        await until(lambda: len(central.of("StartTransaction")) == 2)
    assert central.of("StartTransaction")[1]["connector_id"] == 2


@pytest.mark.parametrize(("kind", "reason"), [("Hard", "HardReset"), ("Soft", "SoftReset")])
async def test_a_reset_stops_what_runs_and_boots_again(central, kind, reason):
    async with idle(central):
        await start_remotely(central)
        assert (await send(central, call.Reset(type=kind))).status == "Accepted"
        await until(lambda: len(central.of("BootNotification")) == 2)
        await until(lambda: central.of("StopTransaction"))
    assert central.connections[ID] == 2
    assert central.of("StopTransaction")[0]["reason"] == reason


async def test_unlocking_a_charging_connector_ends_its_transaction(central):
    async with idle(central):
        await start_remotely(central)
        assert (await send(central, call.UnlockConnector(connector_id=1))).status == "Unlocked"
        await until(lambda: central.of("StopTransaction"))
        assert (await send(central, call.UnlockConnector(connector_id=9))).status == "NotSupported"
    assert central.of("StopTransaction")[0]["reason"] == "UnlockCommand"


async def test_a_connector_out_of_service_says_so_and_comes_back(central):
    async with idle(central):
        out = call.ChangeAvailability(connector_id=2, type="Inoperative")
        assert (await send(central, out)).status == "Accepted"
        await until(lambda: central.statuses(ID, 2)[-1] == "Unavailable")
        request = call.RemoteStartTransaction(id_tag="GUEST01", connector_id=2)
        assert (await send(central, request)).status == "Rejected"
        back = call.ChangeAvailability(connector_id=2, type="Operative")
        assert (await send(central, back)).status == "Accepted"
        await until(lambda: central.statuses(ID, 2)[-1] == "Available")


async def test_a_charging_connector_goes_out_of_service_after_its_session(central):
    async with idle(central):
        await start_remotely(central)
        out = call.ChangeAvailability(connector_id=0, type="Inoperative")
        assert (await send(central, out)).status == "Scheduled"
        await until(lambda: central.statuses(ID, 0)[-1] == "Unavailable")
        assert central.statuses(ID, 1)[-1] == "Charging"
        await send(central, call.RemoteStopTransaction(transaction_id=1))
        await until(lambda: central.statuses(ID, 1)[-1] == "Unavailable")


async def test_configuration_is_read_and_changed(central):
    async with idle(central):
        answer = await send(central, call.GetConfiguration(key=["NumberOfConnectors", "Nope"]))
        assert answer.configuration_key == [
            {"key": "NumberOfConnectors", "readonly": True, "value": "2"}
        ]
        assert answer.unknown_key == ["Nope"]
        change = call.ChangeConfiguration(key="MeterValueSampleInterval", value="10")
        assert (await send(central, change)).status == "Accepted"
        everything = await send(central, call.GetConfiguration())
        values = {entry["key"]: entry.get("value") for entry in everything.configuration_key}
    assert values["MeterValueSampleInterval"] == "10"
    assert len(values) >= 34


async def test_a_new_heartbeat_interval_holds_at_once(central):
    async with idle(central):
        change = call.ChangeConfiguration(key="HeartbeatInterval", value="1")
        assert (await send(central, change)).status == "Accepted"
        await until(lambda: central.of("Heartbeat"))


async def test_a_new_password_is_used_from_the_next_connection_on(central):
    central.passwords = {ID: "first-password-1"}
    async with idle(central, password="first-password-1"):
        change = call.ChangeConfiguration(key="AuthorizationKey", value="second-password2")
        assert (await send(central, change)).status == "Accepted"
        central.passwords = {ID: "second-password2"}
        await send(central, call.Reset(type="Hard"))
        await until(lambda: central.connections[ID] == 2)


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ("Heartbeat", "Heartbeat"),
        ("StatusNotification", "StatusNotification"),
        ("MeterValues", "MeterValues"),
        ("FirmwareStatusNotification", "FirmwareStatusNotification"),
        ("DiagnosticsStatusNotification", "DiagnosticsStatusNotification"),
    ],
)
async def test_a_triggered_message_comes(central, message, action):
    async with idle(central):
        before = len(central.of(action))
        request = call.TriggerMessage(requested_message=message, connector_id=1)
        assert (await send(central, request)).status == "Accepted"
        await until(lambda: len(central.of(action)) > before)
    if action == "MeterValues":
        assert "transaction_id" not in central.of(action)[0]


async def test_a_registered_charger_does_not_boot_on_demand(central):
    async with idle(central):
        request = call.TriggerMessage(requested_message="BootNotification")
        assert (await send(central, request)).status == "Rejected"


async def test_a_charging_profile_limits_the_power_at_once(central):
    async with idle(central) as fleet:
        await start_remotely(central)
        connector = fleet.chargers[0].connectors[0]
        profile = {
            "chargingProfileId": 1,
            "transactionId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "W",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 4500.0}],
            },
        }
        request = call.SetChargingProfile(connector_id=1, cs_charging_profiles=profile)
        assert (await send(central, request)).status == "Accepted"
        await until(lambda: connector.power_w == 4500)
        ask = call.GetCompositeSchedule(connector_id=1, duration=600, charging_rate_unit="W")
        composite = await send(central, ask)
        assert composite.charging_schedule["charging_schedule_period"] == [
            {"start_period": 0, "limit": 4500.0}
        ]
        profile["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] = 0
        assert (await send(central, request)).status == "Accepted"
        await until(lambda: central.statuses(ID, 1)[-1] == "SuspendedEVSE")
        assert (await send(central, call.ClearChargingProfile(id=1))).status == "Accepted"
        await until(lambda: central.statuses(ID, 1)[-1] == "Charging")
        assert (await send(central, call.ClearChargingProfile(id=1))).status == "Unknown"


async def test_a_reservation_is_kept_shown_used_and_cancelled(central):
    expiry = (datetime.now(UTC) + timedelta(days=1)).isoformat()

    def reserve(connector, number):
        return call.ReserveNow(
            connector_id=connector, expiry_date=expiry, id_tag="GUEST01", reservation_id=number
        )

    async with idle(central):
        assert (await send(central, reserve(1, 5))).status == "Accepted"
        await until(lambda: central.statuses(ID, 1)[-1] == "Reserved")
        assert (await send(central, reserve(1, 6))).status == "Occupied"
        assert (await send(central, reserve(2, 7))).status == "Accepted"
        await until(lambda: central.statuses(ID, 2)[-1] == "Reserved")
        assert (await send(central, call.CancelReservation(reservation_id=7))).status == "Accepted"
        await until(lambda: central.statuses(ID, 2)[-1] == "Available")
        assert (await send(central, call.CancelReservation(reservation_id=7))).status == "Rejected"
        await start_remotely(central)
    assert central.of("StartTransaction")[0]["reservation_id"] == 5


def reservation(number, *, connector=1, seconds=86_400, **more):
    expiry = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    values = {"connector_id": connector, "expiry_date": expiry, "id_tag": "GUEST01"} | more
    return call.ReserveNow(reservation_id=number, **values)


async def test_a_reserved_connector_is_refused_to_others_and_kept(central):
    async with idle(central) as fleet:
        connector = fleet.chargers[0].connectors[0]
        assert (await send(central, reservation(5))).status == "Accepted"
        await until(lambda: central.statuses(ID, 1)[-1] == "Reserved")
        stranger = call.RemoteStartTransaction(id_tag="STRANGER", connector_id=1)
        assert (await send(central, stranger)).status == "Rejected"
        car = Car.arriving(Random(1), dc=False)
        visits.begin(fleet.chargers[0], connector, visits.Visit(car, "STRANGER", identify_s=1))
        turned_away = ["Preparing", "Available", "Reserved"]
        await until(lambda: central.statuses(ID, 1)[-3:] == turned_away)
        assert connector.reservation is not None
        assert central.of("Authorize")[0]["id_tag"] == "STRANGER"
        assert central.of("StartTransaction") == []


async def test_a_tag_of_the_same_group_uses_the_reservation(central):
    async with idle(central) as fleet:
        charger = fleet.chargers[0]
        assert (await send(central, reservation(5, parent_id_tag="FAMILY"))).status == "Accepted"
        await until(lambda: central.statuses(ID, 1)[-1] == "Reserved")
        info = {"status": "Accepted", "parentIdTag": "family"}
        charger.authorization.learn("COUSIN", info)
        answer = await send(central, call.RemoteStartTransaction(id_tag="COUSIN", connector_id=1))
        assert answer.status == "Accepted"
        await until(lambda: central.of("StartTransaction"))
    assert central.of("StartTransaction")[0]["reservation_id"] == 5


async def test_a_reservation_ends_in_time_and_moves_with_its_number(central):
    async with idle(central) as fleet:
        for status, request in (
            ("Rejected", reservation(5, connector=0)),
            ("Rejected", reservation(5, seconds=-60)),
            ("Accepted", reservation(5)),
        ):
            assert (await send(central, request)).status == status
        soon = fleet.chargers[0].clock.now() + timedelta(seconds=1500)
        request = reservation(5, connector=2, expiry_date=soon.isoformat())
        assert (await send(central, request)).status == "Accepted"
        await until(lambda: "Reserved" in central.statuses(ID, 2))
        assert central.statuses(ID, 1)[-2:] == ["Reserved", "Available"]
        await until(lambda: central.statuses(ID, 2)[-1] == "Available")  # 1.5 s at this speed
        cancel = call.CancelReservation(reservation_id=5)
        assert (await send(central, cancel)).status == "Rejected"


async def test_local_lists_are_taken_and_versioned(central):
    async with idle(central):
        entries = [{"idTag": "A", "idTagInfo": {"status": "Accepted"}}]
        full = call.SendLocalList(
            list_version=3, local_authorization_list=entries, update_type="Full"
        )
        assert (await send(central, full)).status == "Accepted"
        assert (await send(central, call.GetLocalListVersion())).list_version == 3
        late = call.SendLocalList(list_version=3, update_type="Differential")
        assert (await send(central, late)).status == "VersionMismatch"
        assert (await send(central, call.ClearCache())).status == "Accepted"


async def test_data_for_another_vendor_is_not_understood(central):
    async with idle(central):
        for vendor, message, status in (
            ("Other", "Echo", "UnknownVendorId"),
            ("UNIEV", "Nope", "UnknownMessageId"),
            ("UNIEV", "Echo", "Accepted"),
        ):
            request = call.DataTransfer(vendor_id=vendor, message_id=message, data="ping")
            assert (await send(central, request)).status == status


async def test_a_firmware_update_tells_its_steps_and_boots_the_new_version(central, files):
    files.content["/firmware-9.9.bin"] = b"image"
    async with idle(central):
        for name in ("firmware-9.9.bin", "missing.bin"):
            request = call.UpdateFirmware(
                location=files.url(name), retrieve_date="2026-01-01T00:00:00Z"
            )
            await send(central, request)
            last = "Installed" if name == "firmware-9.9.bin" else "DownloadFailed"
            await until(lambda: central.of("FirmwareStatusNotification")[-1:] == [{"status": last}])  # noqa: B023
    steps = [each["status"] for each in central.of("FirmwareStatusNotification")]
    assert steps[:4] == ["Downloading", "Downloaded", "Installing", "Installed"]
    assert steps[4:] == ["Downloading", "DownloadFailed"]
    assert central.of("BootNotification")[-1]["firmware_version"] == "firmware-9.9.bin"


async def test_diagnostics_are_put_where_they_are_asked_for(central, files):
    async with idle(central):
        answer = await send(central, call.GetDiagnostics(location=files.url("upload")))
        assert answer.file_name == f"{ID}.log"
        await until(lambda: len(central.of("DiagnosticsStatusNotification")) == 2)
        await send(central, call.GetDiagnostics(location="ftp://127.0.0.1:1/"))
        await until(lambda: len(central.of("DiagnosticsStatusNotification")) == 4)
    statuses = [each["status"] for each in central.of("DiagnosticsStatusNotification")]
    assert statuses == ["Uploading", "Uploaded", "Uploading", "UploadFailed"]
    assert ID.encode() in files.received["/upload"]


async def test_unknown_actions_and_unusable_payloads_get_call_errors(central):
    async with idle(central):
        socket = central.chargers[ID]._connection
        for frame in (
            '[2,"x1","NoSuchAction",{}]',
            '[2,"x2","RemoteStopTransaction",{}]',
            '[2,"x3","SetChargingProfile",{"connectorId":0,"csChargingProfiles":5}]',
            "not json at all",
            '[3,"nobody-asked",{}]',
        ):
            await socket.send(frame)
        await until(lambda: sum(1 for _, frame in central.frames if frame[0] == 4) == 3)
        codes = {frame[1]: frame[2] for _, frame in central.frames if frame[0] == 4}
        assert codes == {
            "x1": "NotImplemented",
            "x2": "OccurenceConstraintViolation",
            "x3": "FormationViolation",
        }
        assert (await send(central, call.GetLocalListVersion())).list_version == 0


async def test_commands_are_answered_while_the_chargers_own_call_waits():
    """Both directions are independent: a server that answers late gets its answer at once."""
    central = Central(swallow={"Heartbeat"})
    async with running(central), idle(central, heartbeat_s=0.2):
        await until(lambda: any(frame[2:3] == ["Heartbeat"] for _, frame in central.frames))
        async with asyncio.timeout(2):
            answers = await asyncio.gather(
                *(send(central, call.GetConfiguration(key=["HeartbeatInterval"])) for _ in range(5))
            )
    assert [answer.configuration_key[0]["key"] for answer in answers] == ["HeartbeatInterval"] * 5
