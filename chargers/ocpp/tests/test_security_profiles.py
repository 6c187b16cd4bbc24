"""The door's security over real sockets: OCA cases 073 to 079, 083, 085, 088; owns 24 to 27."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from asgiref.sync import sync_to_async
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chargers.models import Charger, ChargingSession, RefusedHandshake, SecurityEvent
from chargers.ocpp.asgi import mtls_application, tls_application
from chargers.ocpp.switchboard import group_of
from chargers.ocpp.tests.fleet import amake_charger
from chargers.ocpp.tests.oca.point import connected
from chargers.ocpp.tests.server import running_server, until
from chargers.services.certificates.authority import create_authority, sign_leaf
from chargers.services.registration import deciding
from chargers.services.registration.adopting import open_door
from chargers.services.security.passwords import rotate_password
from chargers.services.security.profiles import raise_security_profile
from unievp.lib.live import abroadcast

pytestmark = pytest.mark.django_db(transaction=True)
KEY = bytes.fromhex("00112233445566778899aabbccddeeff")
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


def basic(password, user=b"CP1"):
    return {"Authorization": "Basic " + base64.b64encode(user + b":" + password).decode()}


async def knock(server, headers=None, identity="CP1"):
    """101, or the HTTP status of the refusal."""
    try:
        async with server.charger(identity, additional_headers=headers or {}):
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


async def reason():
    return (await RefusedHandshake.objects.aget()).reason


@pytest.mark.proves("TC_085", "pain 11", "pain 12")
async def test_basic_authentication_and_the_reason_on_the_chargers_page(server):
    await amake_charger(security_profile=1, password=KEY)
    assert await knock(server, basic(KEY)) == 101
    assert await knock(server, basic(KEY.hex().encode())) == 101
    assert await knock(server, basic(b"wrong")) == 401
    assert await reason() == "credentials"


@pytest.mark.proves("TC_088", "quirk 10")
async def test_another_subprotocol_is_refused_with_the_reason(server):
    await amake_charger()
    with pytest.raises(InvalidStatus):
        async with server.charger("CP1", subprotocols=["ocpp2.0.1"]):
            pass
    assert await reason() == "subprotocol"


@pytest.mark.proves("quirk 11", "pain 14")
async def test_a_wrong_path_is_told_on_the_page_of_the_charger_it_means(server):
    await amake_charger()
    assert await knock(server, identity="wrong/CP1") == 404
    row = await RefusedHandshake.objects.aget()
    assert (row.reason, row.asked_for) == ("bad_path", "wrong/CP1")


@pytest.mark.proves("own 26")
async def test_an_id_with_a_percent_encoded_slash_is_no_other_charger(server):
    await amake_charger("A B%")
    assert await knock(server, identity=quote("A B%", safe="")) == 101
    assert await knock(server, identity="x%2FA%20B%25") == 404


@pytest.mark.parametrize("headers", [{}, basic(KEY)])
@pytest.mark.proves("pain 11")
async def test_a_tls_charger_is_refused_in_the_clear(server, headers):
    await amake_charger(security_profile=2, password=KEY)
    assert await knock(server, headers) == 403
    assert await reason() == "plain"


@pytest.mark.proves("TC_083", "own 25")
async def test_a_raised_profile_bites_after_its_first_connection(server):
    row = await amake_charger(security_profile=1, password=KEY)
    await sync_to_async(raise_security_profile)(row, profile=2, actor="test")
    assert await knock(server, basic(KEY)) == 101  # fall-back until then
    async with running_server(tls_application) as tls:
        assert await knock(tls, basic(b"wrong")) == 401
        assert await knock(tls, basic(KEY)) == 101
    assert await knock(server, basic(KEY)) == 403
    now = await Charger.objects.aget()
    assert (now.security_profile, now.pending_security_profile) == (2, None)


def certificate(ca, common="CP1", organisation="Test CPO"):
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = sign_leaf(
        ca, public_key=key.public_key(), common_name=common, organisation=organisation, days=1
    )
    pem = leaf.public_bytes(serialization.Encoding.PEM).decode()
    return {"X-Client-Verify": "SUCCESS", "X-Client-Certificate": quote(pem, safe="")}


@pytest.mark.proves("pain 13", "TC_087")
async def test_a_certificate_must_name_the_charger_and_its_cpo(server):
    await amake_charger(security_profile=3)
    ca = await sync_to_async(create_authority)("T", actor="test")
    good = certificate(ca)
    async with running_server(mtls_application) as mtls:
        assert await knock(mtls, good) == 101
        for wrong in (
            {},
            {**good, "X-Client-Verify": "NONE"},
            certificate(ca, common="CP10"),
            certificate(ca, organisation="Other"),
            {**good, "X-Client-Certificate": "x"},
        ):
            assert await knock(mtls, wrong) == 403
        assert await reason() == "certificate"
    async with running_server(tls_application) as tls:
        assert await knock(tls, good) == 403  # its headers mean nothing there
    assert await knock(server, good) == 403


@pytest.mark.proves("TC_073", "own 24")
async def test_a_new_password_shuts_out_the_old_one(server):
    row = await amake_charger(security_profile=1, password=KEY)
    async with server.charger("CP1", additional_headers=basic(KEY)) as charger:
        await sync_to_async(rotate_password)(row, actor="test")
        await abroadcast(group_of(row.pk), {"type": "commands.waiting", "charger_id": row.pk})
        _kind, message_id, action, payload = await charger.receive()
        assert (action, payload["key"]) == ("ChangeConfiguration", "AuthorizationKey")
        await charger.send([3, message_id, {"status": "Accepted"}])
        new = payload["value"].encode()

        async def is_new():
            now = await Charger.objects.aget()
            return now.pending_password_digest is None

        await until(is_new)
    assert await knock(server, basic(new)) == 101
    assert await knock(server, basic(bytes.fromhex(new.decode()))) == 101
    assert await knock(server, basic(KEY)) == 401


@pytest.mark.proves("own 24")
async def test_a_lost_answer_is_settled_by_the_first_connection_with_the_new_one(server):
    row = await amake_charger(security_profile=1, password=KEY)
    async with server.charger("CP1", additional_headers=basic(KEY)) as charger:
        await sync_to_async(rotate_password)(row, actor="test")
        await abroadcast(group_of(row.pk), {"type": "commands.waiting", "charger_id": row.pk})
        new = (await charger.receive())[3]["value"].encode()
    assert await knock(server, basic(KEY)) == 101
    assert await knock(server, basic(new)) == 101
    assert await knock(server, basic(KEY)) == 401


EVENT = {"timestamp": "2026-01-01T00:00:00Z"}


@pytest.mark.proves("TC_077", "TC_078", "SecurityEventNotification")
@pytest.mark.parametrize(
    "kind", ["InvalidChargePointCertificate", "InvalidCentralSystemCertificate"]
)
async def test_certificate_events_are_kept(server, kind):
    row = await amake_charger()
    async with connected(server, row) as point:
        assert await point.say("SecurityEventNotification", {**EVENT, "type": kind}) == {}
    assert (await SecurityEvent.objects.aget()).kind == kind


@pytest.mark.proves("quirk 23", "pain 10", "client 29", "SecurityEventNotification")
@pytest.mark.parametrize(("registration", "kept"), [("Pending", 1), ("Rejected", 0)])
async def test_before_it_is_accepted_only_what_must_not_be_lost_is_taken(
    server, registration, kept
):
    await amake_charger(registration=registration)
    async with server.charger("CP1") as charger:
        boot = await charger.call("BootNotification", BOOT)
        assert boot["status"] == registration
        refused = await charger.call("Heartbeat", {})
        assert refused[2] == "SecurityError"
        await charger.call("SecurityEventNotification", {**EVENT, "type": "MemoryExhaustion"})
        start = {"connectorId": 1, "idTag": "T", "meterStart": 0, **EVENT}
        assert "transactionId" in await charger.call("StartTransaction", start)
    assert await SecurityEvent.objects.acount() == kept
    assert await ChargingSession.objects.acount() == 1


@pytest.mark.proves("client 29", "BootNotification", "TriggerMessage")
async def test_a_silent_charger_is_woken_when_it_is_accepted(server):
    row = await amake_charger(registration="Pending")
    async with server.charger("CP1") as charger:
        await charger.call("BootNotification", BOOT)
        await sync_to_async(deciding.accept_charger)(row, actor="test")
        await abroadcast(group_of(row.pk), {"type": "commands.waiting", "charger_id": row.pk})
        _kind, message_id, action, payload = await charger.receive()
        assert (action, payload) == ("TriggerMessage", {"requestedMessage": "BootNotification"})
        await charger.send([3, message_id, {"status": "Accepted"}])
        assert (await charger.call("BootNotification", BOOT))["status"] == "Accepted"
        assert "currentTime" in await charger.call("Heartbeat", {})


async def test_a_charger_that_is_put_on_hold_is_cut_off_at_once(server):
    row = await amake_charger()
    async with server.charger("CP1") as charger:
        await charger.call("BootNotification", BOOT)
        await sync_to_async(deciding.hold_charger)(row, actor="test")
        with pytest.raises(ConnectionClosed):
            await charger.receive()
    async with server.charger("CP1") as charger:
        assert (await charger.call("Heartbeat", {}))[2] == "SecurityError"


async def test_the_own_address_of_a_cpo_adopts_and_stays_a_door(server):
    known = await amake_charger("KNOWN")
    token = await sync_to_async(
        lambda: open_door(known.cpo, location=known.location, actor="test")
    )()
    assert await knock(server, identity=f"join-{token}/NEW") == 101
    new = await Charger.objects.aget(identity="NEW")
    assert (new.registration, new.location_id) == ("Pending", known.location_id)
    assert await knock(server, identity="NEW") == 101
    assert await knock(server, identity=f"join-{'0' * 32}/KNOWN") == 101
    assert await knock(server, identity=f"join-{'0' * 32}/OTHER") == 404
