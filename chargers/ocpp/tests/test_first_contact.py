"""Many chargers that speak for the first time at once: no deadlock, no CALLERROR."""

from __future__ import annotations

import asyncio

import pytest
from django.db.models import Count

from chargers.models import Charger, Connector, ConnectorStatusChange
from chargers.ocpp.tests.fleet import amake_charger

CHARGERS = 20


@pytest.mark.django_db(transaction=True)
@pytest.mark.proves("quirk 22", "pain 15", "quirk 23")
async def test_first_statuses_of_many_chargers_at_once(server):
    """Connector 0 and connectors that nobody registered, before any boot, in one instant."""
    for n in range(CHARGERS):
        await amake_charger(f"CP{n}")
    ready = asyncio.Barrier(CHARGERS)

    async def first_words(n):
        async with server.charger(f"CP{n}") as client:
            await ready.wait()
            answers = []
            for number in (0, 1, 2, 3):
                status = {"connectorId": number, "errorCode": "NoError", "status": "Available"}
                answers.append(await client.call("StatusNotification", status))
            return answers

    answers = await asyncio.gather(*(first_words(n) for n in range(CHARGERS)))
    assert answers == [[{}] * 4] * CHARGERS
    assert await Charger.objects.filter(status="Available").acount() == CHARGERS
    rows = Connector.objects.filter(status="Available")
    assert await rows.acount() == 3 * CHARGERS
    assert await ConnectorStatusChange.objects.acount() == 4 * CHARGERS
    each = Charger.objects.annotate(n=Count("connectors"))
    assert {charger.n async for charger in each} == {3}
