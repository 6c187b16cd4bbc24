"""Commands over a real socket: the row is the queue, one CALL at a time, a clear end for each."""

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async

from chargers.models import Command, CommandStatus, Frame
from chargers.ocpp.switchboard import Switchboard, group_of
from chargers.ocpp.tests.fleet import amake_charger, amake_token
from chargers.ocpp.tests.server import until
from unievp.lib import clock
from unievp.lib.live import abroadcast

pytestmark = pytest.mark.django_db(transaction=True)

START = {"connectorId": 1, "idTag": "TAG1"}


async def queue(charger, action="Reset", payload=None, *, deadline_s=60):
    now = clock.now()
    return await Command.objects.acreate(
        charger=charger,
        action=action,
        payload={"type": "Soft"} if payload is None else payload,
        requested_label="test",
        created_at=now,
        deadline_at=now + timedelta(seconds=deadline_s),
    )


async def nudge(charger):
    await abroadcast(group_of(charger.pk), {"type": "commands.waiting", "charger_id": charger.pk})


async def status(command, *expected):
    """The command's row, once its status is one of those."""

    async def look():
        row = await Command.objects.aget(pk=command.pk)
        return row if row.status in expected else None

    return await until(look)


async def next_call(charger):
    kind, message_id, action, payload = await charger.receive()
    assert kind == 2
    return message_id, action, payload


async def test_a_command_that_is_queued_before_the_line_hears_nudges_is_sent(server, monkeypatch):
    hears = asyncio.Event()
    own_channel = Switchboard._own_channel

    async def later(switchboard):
        await hears.wait()
        return await own_channel(switchboard)

    monkeypatch.setattr(Switchboard, "_own_channel", later)
    cp = await amake_charger()
    async with server.charger("CP1") as charger:
        await queue(cp)
        await nudge(cp)
        hears.set()
        assert (await next_call(charger))[1] == "Reset"


async def test_a_waiting_command_is_sent_on_connect_and_answered(server):
    cp = await amake_charger()
    command = await queue(cp)
    async with server.charger("CP1") as charger:
        message_id, action, payload = await next_call(charger)
        assert (action, payload) == ("Reset", {"type": "Soft"})
        assert len(message_id) <= 36
        await charger.send([3, message_id, {"status": "Accepted"}])
        row = await status(command, CommandStatus.ANSWERED)
    assert (row.response, row.response_status) == ({"status": "Accepted"}, "Accepted")
    assert row.sent_at <= row.answered_at
    frame = await until(lambda: Frame.objects.filter(direction="out").afirst())
    assert (frame.action, frame.outcome) == ("Reset", "result")
    assert '"Accepted"' in frame.response
    assert frame.latency_us > 0


async def test_a_nudge_sends_a_command(server):
    cp = await amake_charger()
    async with server.charger("CP1") as charger:
        assert "currentTime" in await charger.call("Heartbeat", {})
        command = await queue(cp)

        async def nudged():
            await nudge(cp)
            row = await Command.objects.aget(pk=command.pk)
            return row.status != CommandStatus.QUEUED

        await until(nudged)
        message_id, _, _ = await next_call(charger)
        await charger.send([3, message_id, {"status": "Rejected"}])
        row = await status(command, CommandStatus.ANSWERED)
    assert row.response_status == "Rejected"


async def test_commands_go_out_one_at_a_time_in_order(server):
    cp = await amake_charger()
    commands = [await queue(cp, "TriggerMessage", {"requestedMessage": "Heartbeat"})]
    commands += [await queue(cp, "ClearCache", {}) for _ in range(2)]
    async with server.charger("CP1") as charger:
        for command in commands:
            message_id, action, _ = await next_call(charger)
            assert action == command.action
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(charger.socket.recv(), 0.05)
            await charger.send([3, message_id, {"status": "Accepted"}])
        for command in commands:
            await status(command, CommandStatus.ANSWERED)


async def test_a_callerror_is_a_failure_with_its_words(server):
    cp = await amake_charger()
    command = await queue(cp)
    async with server.charger("CP1") as charger:
        message_id, _, _ = await next_call(charger)
        await charger.send([4, message_id, "NotSupported", "no such thing", {}])
        row = await status(command, CommandStatus.FAILED)
    assert row.error == "NotSupported: no such thing"


async def test_a_silent_charger_times_out_and_a_late_answer_counts(server, settings):
    settings.COMMAND_TIMEOUT_S = 0.2
    cp = await amake_charger()
    silent = await queue(cp)
    after = await queue(cp, "ClearCache", {})
    async with server.charger("CP1") as charger:
        late_id, _, _ = await next_call(charger)
        await status(silent, CommandStatus.TIMED_OUT)
        settings.COMMAND_TIMEOUT_S = 10
        message_id, action, _ = await next_call(charger)
        assert action == "ClearCache"
        await charger.send([3, late_id, {"status": "Accepted"}])
        row = await status(silent, CommandStatus.ANSWERED)
        assert row.response_status == "Accepted"
        await charger.send([3, message_id, {"status": "Accepted"}])
        await status(after, CommandStatus.ANSWERED, CommandStatus.TIMED_OUT)


@pytest.mark.proves("client 11", "own 23")
async def test_a_lost_connection_ends_the_command(server):
    cp = await amake_charger()
    command = await queue(cp)
    async with server.charger("CP1") as charger:
        await next_call(charger)
    row = await status(command, CommandStatus.FAILED)
    assert "connection" in row.error
    async with server.charger("CP1") as charger:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(charger.socket.recv(), 0.2)


@pytest.mark.proves("own 23")
async def test_an_expired_command_is_never_delivered(server):
    cp = await amake_charger()
    command = await queue(cp, deadline_s=-1)
    async with server.charger("CP1") as charger:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(charger.socket.recv(), 0.3)
    row = await Command.objects.aget(pk=command.pk)
    assert row.status in (CommandStatus.QUEUED, CommandStatus.EXPIRED)
    assert row.sent_at is None


@pytest.mark.proves("pain 58")
async def test_a_charger_that_starts_before_it_answers_is_served(server):
    cp = await amake_charger()
    await amake_token("TAG1")
    command = await queue(cp, "RemoteStartTransaction", START)
    async with server.charger("CP1") as charger:
        message_id, _, payload = await next_call(charger)
        assert payload == START
        authorized = await charger.call("Authorize", {"idTag": "TAG1"})
        assert authorized["idTagInfo"]["status"] == "Accepted"
        started = await charger.call(
            "StartTransaction",
            {"connectorId": 1, "idTag": "TAG1", "meterStart": 0, "timestamp": _now()},
        )
        assert started["transactionId"] >= 1
        await charger.send([3, message_id, {"status": "Accepted"}])
        await status(command, CommandStatus.ANSWERED)


async def test_a_pending_charger_gets_no_remote_start(server):
    cp = await amake_charger(registration="Pending")
    start = await queue(cp, "RemoteStartTransaction", START)
    other = await queue(cp, "GetConfiguration", {})
    async with server.charger("CP1") as charger:
        message_id, action, _ = await next_call(charger)
        assert action == "GetConfiguration"
        await charger.send([3, message_id, {}])
        await status(other, CommandStatus.ANSWERED)
    row = await status(start, CommandStatus.FAILED)
    assert "Pending" in row.error


async def test_secrets_are_not_in_the_wire_log(server):
    cp = await amake_charger()
    command = await queue(cp, "ChangeConfiguration", {"key": "AuthorizationKey", "value": "s3cr3t"})
    async with server.charger("CP1") as charger:
        message_id, _, payload = await next_call(charger)
        assert payload["value"] == "s3cr3t"
        await charger.send([3, message_id, {"status": "Accepted"}])
        await status(command, CommandStatus.ANSWERED)
    frames = await sync_to_async(lambda: list(Frame.objects.all()))()
    assert frames
    assert not [row for row in frames if "s3cr3t" in row.request + row.response]


def _now():
    return clock.isoformat_z(clock.now())
