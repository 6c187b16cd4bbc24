"""Firmware, diagnostics and triggers (OCPP 1.6 §5, §6; status chains §4.4, §4.5)."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from simulator import transactions
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
    }


def update_firmware(charger: Charger, payload: Payload) -> Reply:
    location = str(payload["location"])

    async def after() -> None:
        pace = charger.around.pace
        for step in ("Downloading", "Downloaded", "Installing"):
            await charger.attempt("FirmwareStatusNotification", {"status": step})
            await pace.sleep(FIRMWARE_S)
        charger.firmware = urlsplit(location).path.rsplit("/", 1)[-1][:50] or charger.firmware
        await charger.reboot()
        await charger.until_online()
        await charger.attempt("FirmwareStatusNotification", {"status": "Installed"})

    return {}, after


def get_diagnostics(charger: Charger, payload: Payload) -> Reply:
    location = str(payload["location"])
    name = f"{charger.id}.log"

    async def after() -> None:
        await charger.attempt("DiagnosticsStatusNotification", {"status": "Uploading"})
        await charger.around.pace.sleep(UPLOAD_S)
        text = f"{charger.clock.stamp()} {charger.id} firmware {charger.firmware}\n"
        done = await asyncio.to_thread(_upload, location, name, text.encode())
        outcome = "Uploaded" if done else "UploadFailed"
        await charger.attempt("DiagnosticsStatusNotification", {"status": outcome})

    return {"fileName": name}, after


def _upload(location: str, name: str, content: bytes) -> bool:
    """PUT to an http(s) location; other schemes are not spoken."""
    if urlsplit(location).scheme not in ("http", "https"):
        return False
    request = urllib.request.Request(  # noqa: S310  (the scheme is checked above)
        location, data=content, method="PUT", headers={"X-File-Name": name}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310  (as above)
            return 200 <= int(response.status) < 300
    except (OSError, urllib.error.URLError):
        return False


HANDLERS: dict[str, Handler] = {
    "TriggerMessage": trigger_message,
    "UpdateFirmware": update_firmware,
    "GetDiagnostics": get_diagnostics,
}
