"""Roots that a charger is to trust: OCA cases 075; and what unlocking does to a session."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async

from chargers.models import CertificateUse, CommandStatus, InstalledCertificate
from chargers.ocpp.switchboard import group_of
from chargers.ocpp.tests.server import until
from chargers.services.certificates.authority import create_authority
from chargers.services.certificates.installed import install_root
from unievp.lib.live import abroadcast

pytestmark = pytest.mark.django_db(transaction=True)

HASHES = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "aa" * 32,
    "issuerKeyHash": "bb" * 32,
    "serialNumber": "01AF",
}


async def hears(point, answer):
    """The next CALL of the central system, answered: (action, payload)."""
    nudge = {"type": "commands.waiting", "charger_id": point.row.pk}
    await abroadcast(group_of(point.row.pk), nudge)
    kind, message_id, action, payload = await point.client.receive()
    assert kind == 2
    await point.client.send([3, message_id, answer])
    return action, payload


async def is_over(command):
    async def look():
        await command.arefresh_from_db()
        return command.status == CommandStatus.ANSWERED

    await until(look)
    return command.response_status


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(
            CertificateUse.MANUFACTURER_ROOT,
            marks=pytest.mark.proves("TC_075_1", "InstallCertificate"),
        ),
        pytest.param(
            CertificateUse.CENTRAL_SYSTEM_ROOT,
            marks=pytest.mark.proves("TC_075_2", "GetInstalledCertificateIds"),
        ),
    ],
)
async def test_a_root_is_installed_and_what_the_charger_then_has_is_asked_and_kept(point, use):
    authority = await sync_to_async(create_authority)("Root", actor="test")
    pem = authority.certificate_pem.strip()
    command = await sync_to_async(install_root)(point.row, use=use, certificate=pem, actor="test")
    heard = await hears(point, {"status": "Accepted"})
    assert heard == ("InstallCertificate", {"certificateType": use.value, "certificate": pem})
    assert await is_over(command) == "Accepted"
    heard = await hears(point, {"status": "Accepted", "certificateHashData": [HASHES]})
    assert heard == ("GetInstalledCertificateIds", {"certificateType": use.value})
    row = await until(InstalledCertificate.objects.afirst)
    assert (row.charger_id, row.use, row.hash_algorithm, row.serial_number) == (
        point.row.pk,
        use.value,
        "SHA256",
        "01AF",
    )


@pytest.mark.parametrize("word", ["Rejected", "Failed"])
@pytest.mark.proves("TC_075_1", "TC_075_2")
async def test_a_root_that_the_charger_does_not_take_is_not_counted_as_installed(point, word):
    authority = await sync_to_async(create_authority)("Root", actor="test")
    command = await sync_to_async(install_root)(
        point.row,
        use=CertificateUse.CENTRAL_SYSTEM_ROOT,
        certificate=authority.certificate_pem,
        actor="test",
    )
    await hears(point, {"status": word})
    assert await is_over(command) == word
    assert not await InstalledCertificate.objects.aexists()


# --- UnlockConnector while charging: what seven charger programs do (reference/clients.md) --------

UNLOCK = {"connectorId": 1}


async def charges(point):
    transaction_id, verdict = await point.start()
    assert verdict == "Accepted"
    await point.status("Charging")
    return transaction_id


@pytest.mark.proves("client 10", "UnlockConnector")
async def test_an_unlock_that_ends_the_session_ends_it_by_the_chargers_own_stop(point):
    transaction_id = await charges(point)
    command = await point.asked("UnlockConnector", UNLOCK, {"status": "Unlocked"})
    assert command.response_status == "Unlocked"
    # The word alone ends nothing: the figures are the charger's.
    assert (await point.session()).status == "active"
    await point.stop(transaction_id, reason="UnlockCommand", tag=None)
    session = await point.session()
    assert (session.status, session.stop_reason, session.energy_wh) == (
        "ended",
        "UnlockCommand",
        2000,
    )


@pytest.mark.parametrize("word", ["Unlocked", "NotSupported", "UnlockFailed"])
@pytest.mark.proves("client 10", "UnlockConnector")
async def test_an_unlock_without_effect_leaves_the_session_running(point, word):
    transaction_id = await charges(point)
    command = await point.asked("UnlockConnector", UNLOCK, {"status": word})
    assert command.response_status == word
    await point.meter(transaction_id, 1500, seconds=600)
    session = await point.session()
    assert (session.status, session.energy_wh) == ("active", 1500)
    await point.stop(transaction_id, reason="Local")
    assert (await point.session()).energy_wh == 2000
