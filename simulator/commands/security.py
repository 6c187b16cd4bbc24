"""The security extension's commands (white paper, edition 2): certificates, logs, firmware."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator import transfers
from simulator.certificates import is_signed_by, signing_certificate
from simulator.commands import maintenance
from simulator.commands.base import After, Handler, Reply, status
from simulator.wire import Payload

if TYPE_CHECKING:
    from simulator.charger import Charger

_LOGS = ("DiagnosticsLog", "SecurityLog")


def extended_trigger_message(charger: Charger, payload: Payload) -> Reply:
    if payload["requestedMessage"] == "SignChargePointCertificate":
        return {"status": "Accepted"}, _asking_for_certificate(charger)
    return maintenance.trigger_message(charger, payload)


def certificate_signed(charger: Charger, payload: Payload) -> Reply:
    chain = str(payload["certificateChain"])
    most = charger.configuration.number("CertificateSignedMaxChainSize")
    if len(chain) <= most and charger.certificates.take_signed(chain):
        return status("Accepted")

    async def after() -> None:
        await charger.tell_security("InvalidChargePointCertificate")

    return {"status": "Rejected"}, after


def install_certificate(charger: Charger, payload: Payload) -> Reply:
    most = charger.configuration.number("CertificateStoreMaxLength")
    kind, pem = str(payload["certificateType"]), str(payload["certificate"])
    return status(charger.certificates.install(kind, pem, most))


def get_installed_certificate_ids(charger: Charger, payload: Payload) -> Reply:
    listed = charger.certificates.listed(str(payload["certificateType"]))
    if not listed:
        return status("NotFound")
    return {"status": "Accepted", "certificateHashData": listed}, None


def delete_certificate(charger: Charger, payload: Payload) -> Reply:
    return status(charger.certificates.delete(payload["certificateHashData"]))


def get_log(charger: Charger, payload: Payload) -> Reply:
    request_id, location = int(payload["requestId"]), str(payload["log"]["remoteLocation"])
    kind = str(payload["logType"])
    if kind not in _LOGS:
        return status("Rejected")
    name = f"{charger.id}-{kind}.log"

    async def after() -> None:
        async def tell(word: str) -> None:
            told = {"status": word, "requestId": request_id}
            await charger.attempt("LogStatusNotification", told)

        await tell("Uploading")
        await charger.around.pace.sleep(maintenance.UPLOAD_S)
        done = await transfers.upload(location, name, charger.log_text(kind).encode())
        await tell("Uploaded" if done else "UploadFailure")

    return {"status": "Accepted", "filename": name}, after


def signed_update_firmware(charger: Charger, payload: Payload) -> Reply:
    request_id, firmware = int(payload["requestId"]), payload["firmware"]
    location, signature = str(firmware["location"]), str(firmware["signature"])
    certificate = signing_certificate(str(firmware["signingCertificate"]))
    if certificate is None:

        async def complain() -> None:
            await charger.tell_security("InvalidFirmwareSigningCertificate")

        return {"status": "InvalidCertificate"}, complain

    async def after() -> None:
        async def tell(word: str) -> None:
            told = {"status": word, "requestId": request_id}
            await charger.attempt("SignedFirmwareStatusNotification", told)

        pace = charger.around.pace
        await tell("Downloading")
        await pace.sleep(maintenance.FIRMWARE_S)
        content = await transfers.download(location)
        if content is None:
            await tell("DownloadFailed")
            return
        await tell("Downloaded")
        if not is_signed_by(certificate, signature, content):
            await tell("InvalidSignature")
            await charger.tell_security("InvalidFirmwareSignature")
            return
        await tell("SignatureVerified")
        await tell("Installing")
        await pace.sleep(maintenance.FIRMWARE_S)
        await maintenance.install(charger, location)
        await tell("Installed")
        await charger.tell_security("FirmwareUpdated")

    return {"status": "Accepted"}, after


def _asking_for_certificate(charger: Charger) -> After:
    async def after() -> None:
        organisation = charger.configuration.values["CpoName"]
        request = charger.certificates.request(charger.id, organisation)
        await charger.attempt("SignCertificate", {"csr": request})

    return after


HANDLERS: dict[str, Handler] = {
    "ExtendedTriggerMessage": extended_trigger_message,
    "CertificateSigned": certificate_signed,
    "InstallCertificate": install_certificate,
    "GetInstalledCertificateIds": get_installed_certificate_ids,
    "DeleteCertificate": delete_certificate,
    "GetLog": get_log,
    "SignedUpdateFirmware": signed_update_firmware,
}
