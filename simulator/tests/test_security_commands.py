"""The security extension, sent by the foreign `ocpp` package to a charger on the wire."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ocpp.v16 import call

from simulator.tests.central import until
from simulator.tests.test_commands import ID, idle, send

ROOT = "CentralSystemRootCertificate"
PEM = serialization.Encoding.PEM


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def issue(subject, public_key, issuer, key):
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    builder = builder.public_key(public_key).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, hashes.SHA256())


@pytest.fixture(scope="module")
def authority():
    key = ec.generate_private_key(ec.SECP256R1())
    return key, issue(name("Root"), key.public_key(), name("Root"), key)


def pem(certificate):
    return certificate.public_bytes(PEM).decode()


async def test_a_charger_takes_the_certificate_that_fits_its_request(central, authority):
    key, root = authority
    async with idle(central) as fleet:
        trigger = call.ExtendedTriggerMessage(requested_message="SignChargePointCertificate")
        assert (await send(central, trigger)).status == "Accepted"
        await until(lambda: central.of("SignCertificate"))
        request = x509.load_pem_x509_csr(central.of("SignCertificate")[0]["csr"].encode())
        own = issue(request.subject, request.public_key(), root.subject, key)
        chain = pem(own) + pem(root)
        answer = await send(central, call.CertificateSigned(certificate_chain=chain))
        assert answer.status == "Accepted"
        assert fleet.chargers[0].certificates.chain == [own, root]
        # The key has been used: the same chain is no answer to anything any more.
        again = await send(central, call.CertificateSigned(certificate_chain=chain))
        assert again.status == "Rejected"
        await until(lambda: central.of("SecurityEventNotification"))
    names = {attribute.oid: attribute.value for attribute in request.subject}
    assert names[NameOID.COMMON_NAME] == ID
    assert names[NameOID.ORGANIZATION_NAME] == "Nusantara Charging"
    assert central.of("SecurityEventNotification")[0]["type"] == "InvalidChargePointCertificate"


async def test_roots_are_installed_listed_and_deleted_but_not_the_last(central, authority):
    key, root = authority
    other = issue(name("Other"), key.public_key(), name("Other"), key)
    async with idle(central):
        listing = call.GetInstalledCertificateIds(certificate_type=ROOT)
        assert (await send(central, listing)).status == "NotFound"
        for text, status in ((pem(root), "Accepted"), ("rubbish", "Rejected")):
            request = call.InstallCertificate(certificate_type=ROOT, certificate=text)
            assert (await send(central, request)).status == status
        (listed,) = (await send(central, listing)).certificate_hash_data
        last = call.DeleteCertificate(certificate_hash_data=listed)
        assert (await send(central, last)).status == "Failed"
        request = call.InstallCertificate(certificate_type=ROOT, certificate=pem(other))
        assert (await send(central, request)).status == "Accepted"
        assert (await send(central, last)).status == "Accepted"
        assert (await send(central, last)).status == "NotFound"


@pytest.mark.parametrize("kind", ["SecurityLog", "DiagnosticsLog"])
async def test_a_log_is_put_where_it_is_asked_for(central, files, kind):
    async with idle(central):
        for request_id, location in ((7, files.url("log")), (8, "ftp://127.0.0.1:1/")):
            request = call.GetLog(
                log={"remoteLocation": location}, log_type=kind, request_id=request_id
            )
            answer = await send(central, request)
            assert (answer.status, answer.filename) == ("Accepted", f"{ID}-{kind}.log")
            count = 2 if request_id == 7 else 4
            await until(lambda: len(central.of("LogStatusNotification")) == count)  # noqa: B023
    told = [(each["request_id"], each["status"]) for each in central.of("LogStatusNotification")]
    assert told == [(7, "Uploading"), (7, "Uploaded"), (8, "Uploading"), (8, "UploadFailure")]
    assert ID.encode() in files.received["/log"]


def signed(location, key, certificate, content):
    signature = key.sign(content, ec.ECDSA(hashes.SHA256()))
    return {
        "location": location,
        "retrieveDateTime": "2026-01-01T00:00:00Z",
        "signingCertificate": certificate,
        "signature": base64.b64encode(signature).decode(),
    }


async def test_signed_firmware_is_installed_only_when_its_signature_holds(
    central, files, authority
):
    key, root = authority
    files.content["/v3.bin"] = b"image"
    url = files.url("v3.bin")
    async with idle(central):
        for request_id, firmware, status, last in (
            (1, signed(url, key, "rubbish", b"image"), "InvalidCertificate", None),
            (2, signed(url, key, pem(root), b"another"), "Accepted", "InvalidSignature"),
            (3, signed(files.url("no"), key, pem(root), b"x"), "Accepted", "DownloadFailed"),
            (4, signed(url, key, pem(root), b"image"), "Accepted", "Installed"),
        ):
            request = call.SignedUpdateFirmware(request_id=request_id, firmware=firmware)
            assert (await send(central, request)).status == status
            if last is not None:
                end = {"status": last, "request_id": request_id}
                await until(
                    lambda: central.of("SignedFirmwareStatusNotification")[-1:] == [end]  # noqa: B023
                )
        await until(lambda: len(central.of("SecurityEventNotification")) == 3)
    steps = [
        each["status"]
        for each in central.of("SignedFirmwareStatusNotification")
        if each["request_id"] == 4
    ]
    assert steps == ["Downloading", "Downloaded", "SignatureVerified", "Installing", "Installed"]
    events = [each["type"] for each in central.of("SecurityEventNotification")]
    assert events == [
        "InvalidFirmwareSigningCertificate",
        "InvalidFirmwareSignature",
        "FirmwareUpdated",
    ]
    assert central.of("BootNotification")[-1]["firmware_version"] == "v3.bin"


async def test_the_security_profile_is_only_raised(central):
    async with idle(central):
        for value, status in (("2", "Accepted"), ("1", "Rejected"), ("4", "Rejected")):
            request = call.ChangeConfiguration(key="SecurityProfile", value=value)
            assert (await send(central, request)).status == status
