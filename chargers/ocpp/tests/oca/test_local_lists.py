"""Local lists and the cache: OCA cases 042, 043 and 061."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async

from chargers.models import ConfigurationKey, IdToken, LocalList, LocalListState, Presence
from chargers.ocpp import schemas
from chargers.ocpp.switchboard import group_of
from chargers.ocpp.tests.fleet import make_token
from chargers.ocpp.tests.server import until
from chargers.services.local_lists.sweep import sweep_lists, sync_lists
from chargers.services.local_lists.switching import (
    ask_version,
    clear_cache,
    drop_list,
    keep_list,
    send_whole_list,
)
from cpo.models import CPO
from unievp.lib import clock
from unievp.lib.live import abroadcast

pytestmark = pytest.mark.django_db(transaction=True)

ACCEPTED = {"status": "Accepted"}
KEYS = ["listVersion", "localAuthorizationList", "updateType"]


async def heard(point):
    """The next CALL of the central system: (action, payload, how to answer it)."""
    nudge = {"type": "commands.waiting", "charger_id": point.row.pk}
    await abroadcast(group_of(point.row.pk), nudge)
    kind, message_id, action, payload = await point.client.receive()
    assert kind == 2
    assert schemas.request_faults(action, payload) == []

    async def answer(body):
        tail = [3, message_id, body] if isinstance(body, dict) else [4, message_id, *body, {}]
        await point.client.send(tail)

    return action, payload, answer


async def told(point, version):
    action, payload, answer = await heard(point)
    assert (action, payload) == ("GetLocalListVersion", {})
    await answer({"listVersion": version})


async def sent(point, answer):
    """The next SendLocalList, answered: (updateType, listVersion, entries)."""
    action, payload, reply = await heard(point)
    assert action == "SendLocalList"
    assert list(payload) == KEYS
    await reply(answer)
    return payload["updateType"], payload["listVersion"], payload["localAuthorizationList"]


def entry(token, status="Accepted"):
    return {"idTag": token, "idTagInfo": {"status": status}}


@sync_to_async
def tokens(*names, **fields):
    cpo = CPO.objects.get()
    return [make_token(name, cpo=cpo, **fields) for name in names]


@sync_to_async
def limits(charger, **keys):
    for key, value in keys.items():
        ConfigurationKey.objects.create(
            charger=charger, key=key, value=str(value), read_at=clock.now()
        )


async def kept(point):
    return await sync_to_async(keep_list)(point.row, actor="operator")


async def rests(row, state="current"):
    async def look():
        await row.arefresh_from_db()
        return row.state == state

    await until(look)
    return row


async def rests_as(command, status):
    async def look():
        await command.arefresh_from_db()
        return command.status == status

    await until(look)


async def current(point, version=1):
    """A charger that holds A1 and A2."""
    await tokens("A1", "A2")
    row = await kept(point)
    await told(point, 0)
    assert await sent(point, ACCEPTED) == ("Full", version, [entry("A1"), entry("A2")])
    return await rests(row)


async def changed(point):
    """A3 comes, A1 goes, A2 is blocked; the charger is to be told."""
    await tokens("A3")
    await IdToken.objects.filter(token="A1").adelete()
    await IdToken.objects.filter(token="A2").aupdate(status="blocked")
    cpo = await CPO.objects.aget()
    await Presence.objects.filter(charger=point.row).aupdate(online=True)
    assert await sync_to_async(sync_lists)(cpo.pk) == 1


DIFFERENCE = [{"idTag": "A1"}, entry("A3"), entry("A2", "Blocked")]
WHOLE = [entry("A3"), entry("A2", "Blocked")]


@pytest.mark.proves("TC_042_1", "GetLocalListVersion")
async def test_charger_without_lists_says_so_and_is_left_alone(point):
    row = await kept(point)
    await told(point, -1)
    await rests(row, "unsupported")
    assert (row.reported_version, row.held_version) == (-1, None)
    assert row.error == "The charger does not support local lists"
    assert await sync_to_async(sweep_lists)() == 0


@pytest.mark.proves("TC_042_2", "TC_043_4", "GetLocalListVersion", "SendLocalList")
async def test_empty_list_has_version_0_and_is_filled(point):
    row = await current(point)
    assert (row.held_version, row.reported_version, row.error) == (1, 0, "")
    assert set(row.held) == {"a1", "a2"}
    assert row.current_since is not None


@pytest.mark.proves("TC_042_2")
async def test_version_that_is_not_ours_has_the_whole_list_sent_again(point):
    row = await current(point)
    await sync_to_async(ask_version)(point.row, actor="operator")
    await told(point, 7)
    await rests(row, "due")
    await Presence.objects.filter(charger=point.row).aupdate(online=True)
    assert await sync_to_async(sweep_lists)() == 1
    assert await sent(point, ACCEPTED) == ("Full", 8, [entry("A1"), entry("A2")])
    await rests(row)


@pytest.mark.proves("TC_043_1", "SendLocalList")
async def test_charger_that_takes_no_list_is_not_asked_again(point):
    await tokens("A1")
    row = await kept(point)
    await told(point, 0)
    assert (await sent(point, {"status": "NotSupported"}))[0] == "Full"
    await rests(row, "unsupported")
    assert row.held == {}


@pytest.mark.proves("TC_043_3", "SendLocalList")
async def test_whole_list_that_fails_is_sent_later_in_smaller_parts(point):
    await tokens("A1", "A2", "A3", "A4")
    row = await kept(point)
    await told(point, 0)
    assert len((await sent(point, {"status": "Failed"}))[2]) == 4
    await rests(row, "due")
    assert row.error == "The charger could not store the list"
    assert (row.attempts, row.held_version) == (1, 0)
    assert row.due_at > clock.now() + timedelta(seconds=30)
    await sync_to_async(send_whole_list)(row, actor="operator")
    assert await sent(point, {"status": "Failed"})
    await rests(row, "due")
    await LocalList.objects.filter(pk=row.pk).aupdate(due_at=clock.now())
    await Presence.objects.filter(charger=point.row).aupdate(online=True)
    assert await sync_to_async(sweep_lists)() == 1
    assert await sent(point, ACCEPTED) == ("Full", 3, [entry("A1"), entry("A2")])
    assert await sent(point, ACCEPTED) == ("Differential", 4, [entry("A3"), entry("A4")])
    await rests(row)


@pytest.mark.proves("TC_043_5", "SendLocalList", "client 17")
async def test_difference_names_what_goes_without_info_and_what_comes_with_it(point):
    row = await current(point)
    await changed(point)
    assert await sent(point, ACCEPTED) == ("Differential", 2, DIFFERENCE)
    await rests(row)
    assert (row.held_version, set(row.held)) == (2, {"a2", "a3"})
    command = await sync_to_async(ask_version)(point.row, actor="operator")
    await told(point, 2)

    async def look():
        await row.arefresh_from_db()
        return row.reported_version == 2

    await until(look)
    assert (row.state, row.whole) == (LocalListState.CURRENT, False)
    await command.arefresh_from_db()
    assert command.response == {"listVersion": 2}


@pytest.mark.proves("TC_043_5", "SendLocalList")
async def test_refused_difference_is_followed_by_the_whole_list(point):
    row = await current(point)
    await changed(point)
    assert (await sent(point, {"status": "VersionMismatch"}))[0] == "Differential"
    assert await sent(point, ACCEPTED) == ("Full", 3, WHOLE)
    await rests(row)
    assert (row.held_version, row.error) == (3, "")
    await IdToken.objects.filter(token="A3").adelete()
    assert await sync_to_async(sync_lists)((await CPO.objects.aget()).pk) == 1
    assert (await sent(point, {"status": "Failed"}))[0] == "Differential"
    assert await sent(point, ACCEPTED) == ("Full", 5, WHOLE[1:])
    await rests(row)


async def test_long_list_goes_in_parts_of_what_the_charger_takes(point):
    await limits(point.row, SendLocalListMaxLength=2, LocalAuthListMaxLength=5)
    await tokens(*(f"B{n}" for n in range(7)))
    row = await kept(point)
    await told(point, 0)
    parts = [await sent(point, ACCEPTED) for _ in range(3)]
    assert [(kind, version, len(entries)) for kind, version, entries in parts] == [
        ("Full", 1, 2),
        ("Differential", 2, 2),
        ("Differential", 3, 1),
    ]
    await rests(row)
    assert (len(row.held), row.left_out) == (5, 2)


async def test_list_that_is_dropped_is_emptied_at_the_charger(point):
    row = await current(point)
    await sync_to_async(drop_list)(point.row, actor="operator")
    assert await sent(point, ACCEPTED) == ("Full", 2, [])
    await rests(row, "off")
    assert row.held == {}


@pytest.mark.proves("TC_061", "ClearCache", "client 20")
async def test_cache_is_cleared_and_a_refusal_is_kept_as_one(point):
    for word in ("Accepted", "Rejected"):
        command = await sync_to_async(clear_cache)(point.row, actor="operator")
        action, payload, answer = await heard(point)
        assert (action, payload) == ("ClearCache", {})
        await answer({"status": word})
        await rests_as(command, "answered")
        assert (command.response_status, command.response) == (word, {"status": word})
