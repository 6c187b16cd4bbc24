"""Configuration, firmware, diagnostics: OCA cases 019, 021, 040, 044, 045, 079 to 081.

The charger's side of a transfer is played as well: a real GET or PUT at the web process.
"""

from __future__ import annotations

import hashlib

import httpx
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.core.asgi import get_asgi_application

from chargers.models import Charger, ChargerLog, CommandStatus, ConfigurationKey, LogKind
from chargers.ocpp import schemas
from chargers.ocpp.switchboard import group_of
from chargers.ocpp.tests.server import running_server, until
from chargers.services.configuration.changing import change_configuration
from chargers.services.firmware import sweep
from chargers.services.firmware.asking import update_firmware
from chargers.services.logs.asking import request_log
from chargers.tests.maintenance.parts import SIGNED, make_image
from unievp.lib.live import abroadcast

pytestmark = pytest.mark.django_db(transaction=True)

CONTENT = b"log line\n" * 5_000


def web_process():
    """Django alone knows no lifespan, which the server of these tests insists on."""
    django = get_asgi_application()

    async def application(scope, receive, send):
        if scope["type"] != "lifespan":
            await django(scope, receive, send)
            return
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})

    return application


@pytest_asyncio.fixture
async def web(orm, settings, tmp_path):
    """The web process: where files are fetched and brought."""
    settings.PRIVATE_ROOT = tmp_path
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    async with running_server(web_process()) as web:
        settings.CHARGER_FILES_URL = f"http://127.0.0.1:{web.port}"
        async with httpx.AsyncClient() as client:
            yield client


async def ask(service, *args, **values):
    """Call a service, which queues a command and nudges; its row."""
    return await sync_to_async(service)(*args, actor="test", **values)


async def reported(key):
    return await ConfigurationKey.objects.aget(key=key)


async def answered(point, answer):
    """The next CALL of the central system, answered: (action, payload)."""
    nudge = {"type": "commands.waiting", "charger_id": point.row.pk}
    await abroadcast(group_of(point.row.pk), nudge)
    kind, message_id, action, payload = await point.client.receive()
    assert kind == 2
    assert schemas.request_faults(action, payload) == []
    await point.client.send([3, message_id, answer])
    return action, payload


async def update_of(row, status):
    async def look():
        await row.arefresh_from_db()
        return row.status == status

    await until(look)
    return row


@pytest.mark.proves("TC_019_1", "GetConfiguration")
async def test_all_configuration_is_read_and_kept(point):
    command = await point.asked(
        "GetConfiguration",
        {},
        {
            "configurationKey": [
                {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
                {"key": "NumberOfConnectors", "readonly": True, "value": "2"},
            ],
            "unknownKey": [],
        },
    )
    assert command.status == CommandStatus.ANSWERED
    row = await reported("NumberOfConnectors")
    assert (row.value, row.read_only, row.known) == ("2", True, True)


@pytest.mark.proves("TC_019_2", "client 4")
async def test_one_key_is_read_and_an_unknown_one_is_known_as_such(point):
    await point.asked(
        "GetConfiguration",
        {"key": ["SupportedFeatureProfiles", "Bogus"]},
        {
            "configurationKey": [
                {"key": "SupportedFeatureProfiles", "readonly": True, "value": "Core"}
            ],
            "unknownKey": ["Bogus"],
        },
    )
    assert (await reported("SupportedFeatureProfiles")).value == "Core"
    assert (await reported("Bogus")).known is False


@pytest.mark.proves("quirk 15", "GetConfiguration")
async def test_big_answer_with_long_values_is_kept_whole(point):
    rows = [
        {"key": f"Vendor.Key.{number}", "readonly": False, "value": "v" * 551}
        for number in range(400)
    ]
    await point.asked("GetConfiguration", {}, {"configurationKey": rows})
    assert await ConfigurationKey.objects.acount() == 400
    assert len((await reported("Vendor.Key.399")).value) == 551


@pytest.mark.proves("TC_021", "ChangeConfiguration")
async def test_changed_value_is_accepted(point):
    command = await ask(change_configuration, point.row, key="MeterValueSampleInterval", value="60")
    call = await answered(point, {"status": "Accepted"})
    assert call == ("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "60"})
    await update_of(command, CommandStatus.ANSWERED)
    assert command.response_status == "Accepted"


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        pytest.param(
            "Bogus", "1", "NotSupported", marks=pytest.mark.proves("TC_040_1", "client 5")
        ),
        pytest.param(
            "MeterValueSampleInterval",
            "-1",
            "Rejected",
            marks=pytest.mark.proves("TC_040_2", "client 6"),
        ),
        ("HeartbeatInterval", "60", "RebootRequired"),
    ],
)
async def test_refused_value_is_shown_in_the_chargers_words(point, key, value, status):
    command = await ask(change_configuration, point.row, key=key, value=value, insist=True)
    await answered(point, {"status": status})
    await update_of(command, CommandStatus.ANSWERED)
    assert command.response_status == status


async def boots_with(point, version):
    await Charger.objects.filter(pk=point.row.pk).aupdate(firmware_version="1.0")
    boot = {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": version}
    await point.say("BootNotification", boot)


async def image(**values):
    return await sync_to_async(make_image)(
        vendor_pattern="V", model_pattern="M", content=CONTENT, **values
    )


@pytest.mark.proves("TC_044_1", "UpdateFirmware", "FirmwareStatusNotification")
async def test_firmware_is_fetched_installed_and_proven_by_the_boot(point, web):
    update = await ask(update_firmware, point.row, image=await image())
    action, payload = await answered(point, {})
    assert action == "UpdateFirmware"
    await point.say("FirmwareStatusNotification", {"status": "Downloading"})
    fetched = await web.get(payload["location"])
    assert (fetched.status_code, fetched.content) == (200, CONTENT)
    for status in ("Downloaded", "Installing", "Installed"):
        await point.say("FirmwareStatusNotification", {"status": status})
    await update_of(update, "installed")
    await boots_with(point, "2.0")
    await sync_to_async(sweep.sweep_updates)()
    await update_of(update, "confirmed")
    assert (await web.get(payload["location"])).status_code == 404


@pytest.mark.proves("TC_044_2")
async def test_failed_download_is_told_and_tried_again(point, web):
    update = await ask(update_firmware, point.row, image=await image())
    await answered(point, {})
    for status in ("Downloading", "DownloadFailed"):
        await point.say("FirmwareStatusNotification", {"status": status})
    await update_of(update, "waiting")
    assert (update.reported, update.attempts) == ("DownloadFailed", 1)


@pytest.mark.proves("TC_044_3")
async def test_failed_installation_is_told(point, web):
    update = await ask(update_firmware, point.row, image=await image())
    await answered(point, {})
    for status in ("Downloading", "Downloaded", "Installing", "InstallationFailed"):
        await point.say("FirmwareStatusNotification", {"status": status})
    await update_of(update, "waiting")
    assert update.reported == "InstallationFailed"


@pytest.mark.proves("TC_045_1", "GetDiagnostics", "DiagnosticsStatusNotification")
async def test_diagnostics_are_uploaded(point, web):
    log = await ask(request_log, point.row)
    action, payload = await answered(point, {"fileName": "diag.log"})
    assert action == "GetDiagnostics"
    await point.say("DiagnosticsStatusNotification", {"status": "Uploading"})
    put = await web.put(f"{payload['location']}/diag.log", content=CONTENT)
    assert put.status_code == 201
    await point.say("DiagnosticsStatusNotification", {"status": "Uploaded"})
    await update_of(log, "uploaded")
    assert (log.file_name, log.size) == ("diag.log", len(CONTENT))
    assert log.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (await web.put(payload["location"], content=b"again")).status_code == 404


@pytest.mark.proves("TC_045_2", "client 14")
async def test_failed_upload_of_diagnostics_is_told(point, web):
    log = await ask(request_log, point.row)
    await answered(point, {"fileName": "diag.log"})
    for status in ("Uploading", "UploadFailed"):
        await point.say("DiagnosticsStatusNotification", {"status": status})
    await update_of(log, "failed")
    assert "UploadFailed" in log.error


async def stream():
    for start in range(0, len(CONTENT), 1000):
        yield CONTENT[start : start + 1000]


@pytest.mark.proves("TC_079", "GetLog", "LogStatusNotification")
async def test_security_log_is_uploaded(point, web):
    log = await ask(request_log, point.row, kind=LogKind.SECURITY)
    action, payload = await answered(point, {"status": "Accepted", "filename": "sec.log"})
    assert (action, payload["logType"]) == ("GetLog", "SecurityLog")
    request = {"requestId": payload["requestId"]}
    await point.say("LogStatusNotification", {"status": "Uploading", **request})
    # In chunks, without a length.
    put = await web.put(payload["log"]["remoteLocation"], content=stream())
    assert put.status_code == 201
    await point.say("LogStatusNotification", {"status": "Uploaded", **request})
    await update_of(log, "uploaded")
    assert (log.file_name, log.size) == ("sec.log", len(CONTENT))


@pytest.mark.proves("TC_080", "SignedUpdateFirmware", "SignedFirmwareStatusNotification")
async def test_signed_firmware_is_installed(point, web):
    update = await ask(update_firmware, point.row, image=await image(**SIGNED))
    action, payload = await answered(point, {"status": "Accepted"})
    assert (action, payload["requestId"]) == ("SignedUpdateFirmware", update.pk)
    fetched = await web.get(payload["firmware"]["location"])
    assert fetched.content == CONTENT
    request = {"requestId": payload["requestId"]}
    for status in ("Downloading", "Downloaded", "SignatureVerified", "Installing"):
        await point.say("SignedFirmwareStatusNotification", {"status": status, **request})
    await update_of(update, "installing")
    await boots_with(point, "2.0")
    await point.say("SignedFirmwareStatusNotification", {"status": "Installed", **request})
    await update_of(update, "confirmed")


@pytest.mark.proves("TC_081")
async def test_invalid_signature_ends_the_update(point, web):
    update = await ask(update_firmware, point.row, image=await image(**SIGNED))
    _action, payload = await answered(point, {"status": "Accepted"})
    request = {"requestId": payload["requestId"]}
    for status in ("Downloading", "Downloaded", "InvalidSignature"):
        await point.say("SignedFirmwareStatusNotification", {"status": status, **request})
    await update_of(update, "failed")
    assert "InvalidSignature" in update.error
    assert (await web.get(payload["firmware"]["location"])).status_code == 404


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("FirmwareStatusNotification", {"status": "VendorWord"}),
        ("DiagnosticsStatusNotification", {"status": "VendorWord"}),
        ("LogStatusNotification", {"status": "VendorWord"}),
        ("LogStatusNotification", {"status": "Uploaded", "requestId": "7"}),
        ("LogStatusNotification", {"status": "Uploaded", "requestId": 10**30}),
        ("SignedFirmwareStatusNotification", {"status": "Installed", "requestId": None}),
        ("SignedFirmwareStatusNotification", {"status": "installed", "extra": 1}),
        ("FirmwareStatusNotification", {"status": "Idle"}),
    ],
)
async def test_notice_out_of_shape_is_answered(point, action, payload):
    assert await point.say(action, payload) == {}
    assert not await ChargerLog.objects.aexists()
