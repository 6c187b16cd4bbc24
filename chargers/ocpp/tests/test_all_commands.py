"""Each of the 26 operations over a real socket: from form or API to the charger and back."""

from __future__ import annotations

import asyncio
import json
from zoneinfo import ZoneInfo

import pytest
from asgiref.sync import sync_to_async

from chargers import events, live
from chargers.admin.command_forms import CommandForm
from chargers.models import Command, CommandStatus, Frame
from chargers.ocpp.profiles import PROFILE_OF, PROFILES
from chargers.ocpp.schemas import ACTIONS_OUT
from chargers.ocpp.tests.fleet import amake_charger
from chargers.ocpp.tests.outgoing import CASES, LONG_VALUE
from chargers.ocpp.tests.server import until
from chargers.services.commands import queue_command
from chargers.tasks import nudge_charger
from cpo.services.api_keys import create_api_key
from unievp.lib.events import subscribe, subscribe_many

pytestmark = pytest.mark.django_db(transaction=True)
JAKARTA = ZoneInfo("Asia/Jakarta")


@pytest.fixture(autouse=True)
def _nudges():
    """What `unievp.subscriptions` connects, as far as commands go."""
    subscribe(events.CommandQueued, nudge_charger)
    subscribe_many(events.CommandFinished, live.on_commands_finished)


def typed(action):
    """What the form makes of what staff type."""
    form = CommandForm(CASES[action].typed, action=action, zone=JAKARTA)
    assert form.is_valid(), (action, form.errors)
    return form.payload()


async def queue(cp, action, payload):
    return await sync_to_async(queue_command)(cp, action=action, payload=payload, actor="test")


async def next_text(charger, command=None):
    """The next CALL's id, action and payload, and the payload's own text.

    With `command` that one: what follows from answers by itself is refused.
    """
    while True:
        async with asyncio.timeout(10):
            text = await charger.socket.recv()
        kind, message_id, action, payload = json.loads(text)
        assert kind == 2
        if command is None or message_id == command.pk.hex:
            assert text.startswith(f'[2,"{message_id}","{action}",')
            return message_id, action, payload, text[text.index(",{") + 1 : -1]
        await charger.send([4, message_id, "NotSupported", "", {}])


async def ended(command):
    async def look():
        row = await Command.objects.aget(pk=command.pk)
        return None if row.status in ("queued", "sent") else row

    return await until(look)


def kept(row):
    return row.status, row.response_status, row.error


def test_there_is_a_case_for_every_operation():
    assert set(CASES) == ACTIONS_OUT


@pytest.mark.parametrize(
    "profile",
    [
        pytest.param(
            "Core",
            marks=pytest.mark.proves(
                "RemoteStartTransaction",
                "RemoteStopTransaction",
                "Reset",
                "ChangeAvailability",
                "UnlockConnector",
                "GetConfiguration",
                "ChangeConfiguration",
                "ClearCache",
                "DataTransfer",
                "client 1",
                "client 9",
                "client 12",
                "TC_061",
                "client 20",
                "client 21",
            ),
        ),
        pytest.param(
            "Firmware management", marks=pytest.mark.proves("UpdateFirmware", "GetDiagnostics")
        ),
        pytest.param(
            "Local list", marks=pytest.mark.proves("GetLocalListVersion", "SendLocalList")
        ),
        pytest.param("Reservation", marks=pytest.mark.proves("ReserveNow", "CancelReservation")),
        pytest.param(
            "Smart charging",
            marks=pytest.mark.proves(
                "SetChargingProfile", "ClearChargingProfile", "GetCompositeSchedule"
            ),
        ),
        pytest.param("Remote trigger", marks=pytest.mark.proves("TriggerMessage")),
        pytest.param(
            "Security",
            marks=pytest.mark.proves(
                "ExtendedTriggerMessage",
                "GetLog",
                "SignedUpdateFirmware",
                "CertificateSigned",
                "InstallCertificate",
                "GetInstalledCertificateIds",
                "DeleteCertificate",
                "client 8",
            ),
        ),
    ],
)
async def test_what_staff_type_is_what_the_charger_reads_and_what_it_says_is_kept(profile, server):
    actions = [action for action in CASES if PROFILE_OF[action].name == profile]
    assert actions
    assert profile in {profile.name for profile in PROFILES}
    cp = await amake_charger()
    async with server.charger("CP1") as charger:
        for action in actions:
            for tail, expected in CASES[action].answers:
                command = await queue(cp, action, typed(action))
                message_id, sent_action, _payload, text = await next_text(charger, command)
                assert (sent_action, text) == (action, CASES[action].wire)
                await charger.send([tail[0], message_id, *tail[1:]])
                row = await ended(command)
                assert kept(row) == expected, action
                if tail[0] == 3:
                    assert row.response == (tail[1] or {}), action
    wanted = sum(len(CASES[action].answers) for action in actions)
    assert await Frame.objects.filter(direction="out").acount() >= wanted


async def send_by_api(async_client, key, action, payload, **more):
    body = {"action": action, "payload": payload, "wait": 20, **more}
    return await async_client.post(
        "/api/chargers/CP1/commands",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Api-Key {key}"},
    )


async def make_key():
    return (await sync_to_async(create_api_key)(name="Acme", actor="test"))[1]


@pytest.mark.proves("pain 47")
async def test_the_api_sends_each_operation_and_gives_the_chargers_own_answer(server, async_client):
    await amake_charger()
    key = await make_key()
    async with server.charger("CP1") as charger:
        for action, case in CASES.items():
            payload = json.loads(case.wire)
            tail, (status, word, error) = case.answers[-1]
            asking = asyncio.create_task(send_by_api(async_client, key, action, payload))
            message_id, _action, _payload, text = await next_text(charger)
            assert text == case.wire
            await charger.send([tail[0], message_id, *tail[1:]])
            response = await asking
            body = response.json()
            assert response.status_code == 200, body
            assert (body["status"], body["response_status"], body["error"]) == (status, word, error)
            assert body["response"] == (tail[1] or {} if tail[0] == 3 else None)


@pytest.mark.proves("client 2", "client 3")
async def test_what_our_own_model_doubts_goes_out_all_the_same(server, async_client):
    """No connector, or one that is not there: the charger decides; one of them even accepts 99."""
    await amake_charger()
    key = await make_key()
    async with server.charger("CP1") as charger:
        for payload, word in (
            ({"idTag": "TAG1"}, "Rejected"),
            ({"connectorId": 99, "idTag": "NOBODY"}, "Accepted"),
        ):
            asking = asyncio.create_task(
                send_by_api(async_client, key, "RemoteStartTransaction", payload)
            )
            message_id, _action, sent, _text = await next_text(charger)
            assert sent == payload
            await charger.send([3, message_id, {"status": word}])
            assert (await asking).json()["response"] == {"status": word}


async def test_who_insists_is_obeyed_to_the_letter(server, async_client):
    await amake_charger()
    key = await make_key()
    payload = {"type": "Later", "because": [None, {"b": 1, "a": 2}]}
    async with server.charger("CP1") as charger:
        asking = asyncio.create_task(send_by_api(async_client, key, "Reset", payload, insist=True))
        message_id, _action, sent, _text = await next_text(charger)
        assert sent == payload
        await charger.send([4, message_id, "FormationViolation", "what?", {}])
        body = (await asking).json()
    assert (body["status"], body["error"]) == ("failed", "FormationViolation: what?")


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ({"status": "accepted"}, "accepted"),
        ({"status": 7}, ""),
        ({"status": "Accepted", "extra": {"deep": [1]}}, "Accepted"),
        ({"status": "S" * 80}, "S" * 64),
        ({"configurationKey": [{"key": "K", "readonly": "no", "value": LONG_VALUE * 4}]}, ""),
        ({"note": "a\x00b"}, ""),
    ],
)
@pytest.mark.proves("pain 57", "quirk 15")
async def test_an_answer_that_breaks_the_schema_is_kept_as_it_came(answer, word, server):
    cp = await amake_charger()
    async with server.charger("CP1") as charger:
        command = await queue(cp, "Reset", {"type": "Soft"})
        message_id, *_ = await next_text(charger)
        await charger.send([3, message_id, answer])
        row = await ended(command)
        assert (row.status, row.response_status) == (CommandStatus.ANSWERED, word)
        if "note" not in answer:
            assert row.response == answer
        assert "currentTime" in await charger.call("Heartbeat", {})


@pytest.mark.proves("client 7")
async def test_a_trigger_that_makes_the_charger_say_nonsense_harms_nothing(server):
    cp = await amake_charger()
    async with server.charger("CP1") as charger:
        payload = {"requestedMessage": "FirmwareStatusNotification"}
        command = await queue(cp, "TriggerMessage", payload)
        message_id, *_ = await next_text(charger)
        await charger.send([3, message_id, {"status": "Accepted"}])
        assert (await charger.call("CustomOperation", {}))[:3] == [4, "m1", "NotImplemented"]
        assert kept(await ended(command)) == ("answered", "Accepted", "")


@pytest.mark.proves("client 1")
async def test_a_late_answer_reaches_the_one_who_looks_again(server, async_client, settings):
    settings.COMMAND_TIMEOUT_S = 0.2
    await amake_charger()
    key = await make_key()
    async with server.charger("CP1") as charger:
        payload = {"transactionId": 7}
        asking = asyncio.create_task(
            send_by_api(async_client, key, "RemoteStopTransaction", payload)
        )
        message_id, *_ = await next_text(charger)
        body = (await asking).json()
        assert body["status"] == "timed_out"
        await charger.send([3, message_id, {"status": "Rejected"}])
        headers = {"Authorization": f"Api-Key {key}"}

        async def looked():
            answer = await async_client.get(f"/api/commands/{body['id']}", headers=headers)
            return answer.json() if answer.json()["status"] == "answered" else None

        assert (await until(looked))["response"] == {"status": "Rejected"}
