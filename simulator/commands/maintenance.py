"""Firmware, diagnostics and triggers (OCPP 1.6 §5, §6; status chains §4.4, §4.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from simulator import transactions, transfers
from simulator.commands.base import After, Handler, Reply, status
from simulator.connector import Connector
from simulator.wire import Payload

if TYPE_CHECKING:
    from simulator.charger import Charger

FIRMWARE_S = 20  # simulated seconds a download or an installation takes
UPLOAD_S = 5


def trigger_message(charger: Charger, payload: Payload) -> Reply:
    wanted = payload["requestedMessage"]
    connector = charger.find_connector(payload.get("connectorId"))
    if payload.get("connectorId") and connector is None:
        return status("Rejected")
    message = _triggered(charger, connector).get(wanted)
    if message is None:
        return status("NotImplemented")
    if wanted == "BootNotification" and charger.registered:  # errata 3.35
        return status("Rejected")
    return {"status": "Accepted"}, message


def _triggered(charger: Charger, connector: Connector | None) -> dict[str, After]:
    def calling(action: str, payload: Payload) -> After:
        async def after() -> None:
            await charger.attempt(action, payload)

        return after

    async def statuses() -> None:
        charger.report_all(connector)

    async def meters() -> None:
        for each in charger.connectors if connector is None else [connector]:
            transactions.report_meter(charger, each, "Trigger")

    return {
        "BootNotification": calling("BootNotification", charger.boot_payload()),
        "Heartbeat": calling("Heartbeat", {}),
        "StatusNotification": statuses,
        "MeterValues": meters,
        "FirmwareStatusNotification": calling("FirmwareStatusNotification", {"status": "Idle"}),
        "DiagnosticsStatusNotification": calling(
            "DiagnosticsStatusNotification", {"status": "Idle"}
        ),
        "LogStatusNotification": calling("LogStatusNotification", {"status": "Idle"}),
    }


def update_firmware(charger: Charger, payload: Payload) -> Reply:
    location = str(payload["location"])

    async def after() -> None:
        pace = charger.around.pace

        async def tell(word: str) -> None:
            await charger.attempt("FirmwareStatusNotification", {"status": word})

        await tell("Downloading")
        await pace.sleep(FIRMWARE_S)
        if await transfers.download(location) is None:
            await tell("DownloadFailed")
            return
        for step in ("Downloaded", "Installing"):
            await tell(step)
            await pace.sleep(FIRMWARE_S)
        await install(charger, location)
        await tell("Installed")

    return {}, after


async def install(charger: Charger, location: str) -> None:
    """Reboot as the version that the file is named after; returns when it is back."""
    charger.firmware = urlsplit(location).path.rsplit("/", 1)[-1][:50] or charger.firmware
    await charger.reboot()
    await charger.until_online()


def get_diagnostics(charger: Charger, payload: Payload) -> Reply:
    location = str(payload["location"])
    name = f"{charger.id}.log"

    async def after() -> None:
        await charger.attempt("DiagnosticsStatusNotification", {"status": "Uploading"})
        await charger.around.pace.sleep(UPLOAD_S)
        text = charger.log_text("DiagnosticsLog")
        done = await transfers.upload(location, name, text.encode())
        outcome = "Uploaded" if done else "UploadFailed"
        await charger.attempt("DiagnosticsStatusNotification", {"status": outcome})

    return {"fileName": name}, after


HANDLERS: dict[str, Handler] = {
    "TriggerMessage": trigger_message,
    "UpdateFirmware": update_firmware,
    "GetDiagnostics": get_diagnostics,
}
