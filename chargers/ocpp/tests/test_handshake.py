import asyncio
import base64

import httpx
import pytest
from asgiref.sync import sync_to_async
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chargers.models import Presence, UnknownCharger
from chargers.ocpp.tests.fleet import amake_charger
from chargers.ocpp.tests.server import until
from unievp.lib import clock

pytestmark = pytest.mark.django_db(transaction=True)

KEY = bytes(range(240, 256)) + b"\x00\x01:\xff"
HEX = KEY.hex().encode()


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(user + b":" + password).decode()}


async def status_of(server, path, **options):
    """101 for a socket that answers a heartbeat, else the HTTP status of the refusal."""
    try:
        async with server.charger(path, **options) as charger:
            assert "currentTime" in await charger.call("Heartbeat", {})
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


@pytest.mark.proves("quirk 11", "own 27")
@pytest.mark.parametrize(
    "path",
    [
        "CP-1",
        "cp-1",
        "CP-1/",
        "ocpp/CP-1",
        "ocpp/cp-1/",
        "CP%2D1",
        "CP-1?x=1",
        "/CP-1",
        "ocpp//CP-1//",
    ],
)
async def test_a_known_charger_comes_in_by_either_door(server, path):
    await amake_charger("CP-1")
    assert await status_of(server, path) == 101


@pytest.mark.proves("quirk 11")
async def test_the_identity_is_decoded_once(server):
    await amake_charger("RDAM 123")
    await amake_charger("A%20B")
    assert await status_of(server, "RDAM%20123") == 101
    assert await status_of(server, "A%2520B") == 101
    assert await status_of(server, "A%20B") == 404


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("nobody", "nobody"),
        ("a%2Fb", "a/b"),
        ("a/b", "a/b"),
        ("CP1%2F/", "CP1/"),
        ("x%00y%ff", "x\ufffdy\ufffd"),
        ("ws%3A%2F%2Fhost%2FCP1", "ws://host/CP1"),
    ],
)
async def test_an_unknown_identity_is_404_and_in_the_inbox(server, path, identity):
    await amake_charger("CP1")
    assert await status_of(server, path) == 404
    row = await UnknownCharger.objects.aget()
    assert (row.identity, row.reason, row.attempts) == (
        identity,
        "bad_path" if "/" in identity else "unknown",
        1,
    )
    assert row.subprotocols == "ocpp1.6"
    assert row.remote_address == "127.0.0.1"


async def test_a_stranger_has_one_row_in_any_case(server):
    for path in ("Nobody", "nobody", "NOBODY"):
        assert await status_of(server, path) == 404
    row = await UnknownCharger.objects.aget()
    assert (row.identity, row.attempts) == ("Nobody", 3)


async def test_no_identity_is_404_and_no_inbox_row(server):
    assert await status_of(server, "") == 404
    assert not await UnknownCharger.objects.aexists()


async def test_a_retired_charger_is_404(server):
    await amake_charger("CP1", retired_at=clock.now())
    assert await status_of(server, "CP1") == 404
    assert not await UnknownCharger.objects.aexists()


@pytest.mark.parametrize("stored", [KEY, HEX])
@pytest.mark.parametrize("sent", [KEY, HEX, HEX.upper()])
async def test_the_key_is_accepted_raw_and_as_hex(server, stored, sent):
    await amake_charger("CP1", security_profile=1, password=stored)
    assert await status_of(server, "cp1", additional_headers=basic(b"CP1", sent)) == 101


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic(b"CP1", b"wrong"),
        basic(b"CP2", KEY),
        basic(b"CP1", b""),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic"},
    ],
)
async def test_profile_1_without_the_right_credentials_is_401(server, headers):
    await amake_charger("CP1", security_profile=1, password=KEY)
    with pytest.raises(InvalidStatus) as refusal:
        async with server.charger("CP1", additional_headers=headers):
            pass
    assert refusal.value.response.status_code == 401
    assert refusal.value.response.headers["WWW-Authenticate"].startswith("Basic realm=")


async def test_profile_1_without_a_stored_password_lets_nobody_in(server):
    await amake_charger("CP1", security_profile=1)
    assert await status_of(server, "CP1", additional_headers=basic(b"CP1", b"x")) == 401


async def test_profile_0_with_a_password_takes_none_but_no_wrong_one(server):
    await amake_charger("CP1", password=KEY)
    assert await status_of(server, "CP1") == 101
    assert await status_of(server, "CP1", additional_headers=basic(b"CP1", KEY)) == 101
    assert await status_of(server, "CP1", additional_headers=basic(b"CP1", b"wrong")) == 401


async def test_profile_0_without_a_password_ignores_credentials(server):
    await amake_charger("CP1")
    assert await status_of(server, "CP1", additional_headers=basic(b"CP1", b"any")) == 101


@pytest.mark.proves("quirk 10")
@pytest.mark.parametrize("offered", [None, ["ocpp2.0.1"], ["ocpp1.5", "soap"]])
async def test_no_common_subprotocol_is_400_unless_the_charger_opts_in(server, offered):
    await amake_charger("CP1")
    await amake_charger("CP2", assume_ocpp16=True)
    assert await status_of(server, "CP1", subprotocols=offered) == 400
    if offered is None:  # a client that offers and gets none back gives up by itself
        assert await status_of(server, "CP2", subprotocols=None) == 101


async def test_one_of_several_subprotocols_is_enough(server):
    await amake_charger("CP1")
    async with server.charger("CP1", subprotocols=["ocpp2.0.1", "ocpp1.6"]) as charger:
        assert charger.socket.subprotocol == "ocpp1.6"


async def presence(charger):
    return await Presence.objects.aget(charger=charger)


async def is_online(charger):
    row = await Presence.objects.filter(charger=charger).afirst()
    return row is not None and row.online


async def test_presence_follows_the_connection(server):
    cp = await amake_charger("CP1")
    async with server.charger("CP1"):
        row = await presence(cp)
        assert row.online
        assert row.remote_address == "127.0.0.1"
        assert row.connected_at is not None
    row = await until(lambda: _offline(cp))
    assert row.disconnected_at is not None


async def _offline(charger):
    row = await presence(charger)
    return None if row.online else row


@pytest.mark.proves("quirk 14", "own 22", "pain 2", "pain 3")
async def test_the_newest_connection_wins_and_the_old_end_changes_nothing(server):
    cp = await amake_charger("CP1")
    async with server.charger("CP1") as old, server.charger("cp1") as new:
        with pytest.raises(ConnectionClosed):
            await old.receive()
        assert "currentTime" in await new.call("Heartbeat", {})
        assert (await presence(cp)).online
    await until(lambda: _offline(cp))


@pytest.mark.proves("quirk 14", "own 22", "pain 1")
async def test_many_connections_of_one_charger_leave_one(server):
    cp = await amake_charger("CP1")
    contexts = [server.charger("CP1") for _ in range(8)]
    chargers = await asyncio.gather(*[context.__aenter__() for context in contexts])
    closed = [asyncio.create_task(charger.socket.wait_closed()) for charger in chargers]
    await until(lambda: sum(task.done() for task in closed) == 7)
    assert await is_online(cp)
    (alive,) = [c for c, task in zip(chargers, closed, strict=True) if not task.done()]
    assert "currentTime" in await alive.call("Heartbeat", {})
    for context in contexts:
        await context.__aexit__(None, None, None)
    await asyncio.gather(*closed)


async def test_a_restarted_process_forgets_who_was_online(orm):
    from chargers.ocpp.runtime import Runtime

    cp = await amake_charger("CP1")
    house = Runtime()
    await Presence.objects.acreate(charger=cp, online=True, process=house.process)
    other = await amake_charger("CP2")
    await Presence.objects.acreate(charger=other, online=True, process="elsewhere:9000")
    await house.start()
    assert not await is_online(cp)
    assert await is_online(other)


async def test_http_is_a_health_check_and_nothing_else(server):
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/CP1")).status_code == 404


async def test_without_the_response_extension_a_refusal_is_a_close(orm):
    from chargers.ocpp.asgi import application

    sent = []
    scope = {
        "type": "websocket",
        "path": "/nobody",
        "raw_path": b"/nobody",
        "headers": [],
        "subprotocols": ["ocpp1.6"],
        "client": ("10.0.0.1", 1),
        "extensions": {},
    }

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    await application(scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_a_known_charger_is_never_in_the_inbox(server):
    await amake_charger("CP1", security_profile=1, password=KEY)
    assert await status_of(server, "CP1") == 401
    assert not await UnknownCharger.objects.aexists()


async def test_the_inbox_is_bounded(orm, monkeypatch):
    from chargers.store import strangers

    monkeypatch.setattr(strangers, "MAX_UNKNOWN", 3)

    def record():
        for number in range(5):
            strangers.record_strangers([strangers.Stranger(f"S{number}", "", "")])

    await sync_to_async(record)()
    names = [row.identity async for row in UnknownCharger.objects.order_by("identity")]
    assert names == ["S2", "S3", "S4"]
