"""The board's socket: whose changes it tells, and that a missed one can be noticed."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser
from django.db import connections

from chargers import events, live
from cpo.events import NotificationsMade
from cpo.live import on_notifications_made
from unievp.web.consumers import NOT_SIGNED_IN, NOTHING_TO_SEE
from unievp.web.routes import websocket_urlpatterns
from unievp.web.tests.cast import company, person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def _close_connections():
    """Async tests query in asgiref's thread; its connection would keep the database from going."""
    yield
    await sync_to_async(connections.close_all)()


def socket(user, query=""):
    communicator = WebsocketCommunicator(URLRouter(websocket_urlpatterns), f"/ws/board{query}")
    communicator.scope["user"] = user
    return communicator


async def opened(user, query=""):
    communicator = socket(user, query)
    connected, _ = await communicator.connect()
    assert connected
    return communicator, await communicator.receive_json_from(5)


async def closed_with(communicator):
    connected, _ = await communicator.connect()
    assert connected
    output = await communicator.receive_output(5)
    return output["type"], output["code"]


async def tell(changed):
    await sync_to_async(live.chargers_changed)(changed)


async def test_hello_has_the_versions_of_ones_own_companies():
    alice, bob = await sync_to_async(company)("Alpha"), await sync_to_async(company)("Bravo")
    await tell({alice.cpo.pk: [1], bob.cpo.pk: [2]})
    page, hello = await opened(alice.owner)
    assert hello == {"kind": "hello", "versions": {str(alice.cpo.pk): 1}}
    await page.disconnect()


async def test_change_arrives_with_the_next_version():
    alice = await sync_to_async(company)("Alpha")
    page, hello = await opened(alice.owner)
    start = hello["versions"][str(alice.cpo.pk)]
    await tell({alice.cpo.pk: {alice.charger.pk}})
    await tell({alice.cpo.pk: {alice.charger.pk}})
    for step in (1, 2):
        assert await page.receive_json_from(5) == {
            "kind": "changed",
            "cpo": str(alice.cpo.pk),
            "version": start + step,
            "chargers": [alice.charger.pk],
        }
    await page.disconnect()


async def test_changes_of_a_rival_are_not_told():
    alice, bob = await sync_to_async(company)("Alpha"), await sync_to_async(company)("Bravo")
    page, _ = await opened(alice.owner, f"?cpo={bob.cpo.pk}")
    await tell({bob.cpo.pk: [bob.charger.pk]})
    await tell({alice.cpo.pk: [alice.charger.pk]})
    first = await page.receive_json_from(5)
    assert first["chargers"] == [alice.charger.pk]
    assert await page.receive_nothing(0.2)
    await page.disconnect()


async def test_staff_hear_all_companies_or_the_one_they_picked():
    alice, bob = await sync_to_async(company)("Alpha"), await sync_to_async(company)("Bravo")
    staff = await sync_to_async(person)("ops@uniev.example", is_staff=True)
    every, hello = await opened(staff)
    assert set(hello["versions"]) == {str(alice.cpo.pk), str(bob.cpo.pk)}
    one, hello = await opened(staff, f"?cpo={bob.cpo.pk}")
    assert set(hello["versions"]) == {str(bob.cpo.pk)}
    await every.disconnect()
    await one.disconnect()


async def test_anonymous_socket_is_closed():
    assert await closed_with(socket(AnonymousUser())) == ("websocket.close", NOT_SIGNED_IN)


async def test_person_without_a_company_has_nothing_to_hear():
    lone = await sync_to_async(person)("lone@nowhere.example")
    assert await closed_with(socket(lone)) == ("websocket.close", NOTHING_TO_SEE)


async def test_ping_is_answered_and_nonsense_is_not():
    alice = await sync_to_async(company)("Alpha")
    page, _ = await opened(alice.owner)
    for text in ("{", '{"kind":"subscribe","cpo":"all"}', "null"):
        await page.send_to(text_data=text)
    await page.send_to(text_data='{"kind":"ping"}')
    assert await page.receive_json_from(5) == {"kind": "pong"}
    await page.disconnect()


async def test_events_of_the_field_are_told():
    alice = await sync_to_async(company)("Alpha")
    page, _ = await opened(alice.owner)
    happened = [
        (live.on_sessions_changed, events.SessionStarted(alice.session.pk)),
        (live.on_sessions_changed, events.SessionEnded(alice.session.pk)),
        (
            live.on_chargers_changed,
            events.ConnectorStatusChanged(alice.charger.pk, 1, "Faulted"),
        ),
        (live.on_chargers_changed, events.ChargerPresenceChanged(alice.charger.pk, online=False)),
    ]
    for handler, event in happened:
        await sync_to_async(handler)([event])
        assert (await page.receive_json_from(5))["chargers"] == [alice.charger.pk]
    await page.disconnect()


async def test_nothing_is_told_before_the_commit():
    from django.db import transaction

    alice = await sync_to_async(company)("Alpha")
    page, _ = await opened(alice.owner)

    def rolled_back():
        try:
            with transaction.atomic():
                live.chargers_changed({alice.cpo.pk: [alice.charger.pk]})
                raise RuntimeError
        except RuntimeError:
            pass

    await sync_to_async(rolled_back)()
    assert await page.receive_nothing(0.2)
    await page.disconnect()


async def test_a_busy_process_tells_many_changes_as_one():
    alice, bob = await sync_to_async(company)("Alpha"), await sync_to_async(company)("Bravo")
    page, hello = await opened(alice.owner)
    begin = hello["versions"][str(alice.cpo.pk)]
    gathering = live.Gathering(interval=60)
    gathering.start()
    try:
        for changed in ({alice.cpo.pk: [1]}, {alice.cpo.pk: [3]}, {bob.cpo.pk: [5]}):
            await tell(changed)
        first = await page.receive_json_from(5)
        await tell({alice.cpo.pk: [2, 3]})
    finally:
        await gathering.aclose()
    second = await page.receive_json_from(5)
    told = {*first["chargers"], *second["chargers"]}
    assert (told, second["version"]) == ({1, 2, 3}, begin + 2)
    await tell({alice.cpo.pk: [4]})
    assert (await page.receive_json_from(5))["version"] == begin + 3
    await page.disconnect()


async def test_dead_valkey_hurts_nobody(settings):
    alice = await sync_to_async(company)("Alpha")
    live._client.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    try:
        assert await sync_to_async(live.versions)([alice.cpo.pk]) == {str(alice.cpo.pk): 0}
        await tell({alice.cpo.pk: [alice.charger.pk]})
    finally:
        live._client.cache_clear()
    await asyncio.sleep(0)


async def test_bell_rings_on_the_pages_of_whom_it_is_for():
    alice, bob = await sync_to_async(company)("Alpha"), await sync_to_async(company)("Bravo")
    other = await sync_to_async(person)("other@alpha.example", alice.cpo)
    page, _hello = await opened(alice.owner)
    pages = [(await opened(who))[0] for who in (other, bob.owner)]
    await sync_to_async(on_notifications_made)(NotificationsMade((alice.owner.pk,)))
    assert await page.receive_json_from(5) == {"kind": "bell"}
    # Their next word is about something else: the bell was not theirs.
    await tell({alice.cpo.pk: [1], bob.cpo.pk: [2]})
    for each in pages:
        assert (await each.receive_json_from(5))["kind"] == "changed"
    for each in (page, *pages):
        await each.disconnect()
