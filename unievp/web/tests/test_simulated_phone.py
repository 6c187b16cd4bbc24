"""The simulated drivers understand the real pages, and the fake gateway's."""

from __future__ import annotations

from functools import partial
from random import Random

import httpx
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.db import connections

from payments.models import PaymentIntent
from payments.services.intents.sending import check_attempt, send_attempt
from payments.tests.fake_gateway import running_gateway
from payments.tests.payments import make_provider
from simulator.phone import Phone
from unievp.web.tests.paying import driver, make_outlet

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def gateway(transactional_db):
    with running_gateway() as running:
        yield running
    # The thread of the ORM ends with this test's event loop; its connection has to go first.
    await sync_to_async(connections.close_all)()


async def test_phone_orders_on_the_drivers_page_and_pays_at_the_gateway(gateway):
    outlet = await sync_to_async(_outlet)(gateway)
    web = sync_to_async(partial(_web, driver(enforce_csrf_checks=True)))

    async def answer(request):
        return await (web(request) if request.url.host == "testserver" else _gateway(request))

    phone = Phone("http://testserver", Random(3), transport=httpx.MockTransport(answer))
    paid = await phone.buy(outlet.charger.identity, outlet.number)
    intent = await sync_to_async(_settled)()
    assert paid.page.endswith(f"/pay/p/{intent.secret}")
    assert (intent.status, intent.amount, intent.paid) == ("succeeded", paid.amount, paid.amount)
    assert intent.method in ("dana", "shopeepay")


async def _gateway(request):
    async with httpx.AsyncClient() as client:
        given = await client.request(request.method, request.url)
    return httpx.Response(given.status_code, content=given.content)


def _web(web, request):
    given = web.generic(
        request.method,
        request.url.path,
        request.content,
        content_type=request.headers.get("content-type", "text/plain"),
        headers={"Referer": request.headers.get("referer", "")},
    )
    # The worker is as fast as a driver looks.
    for attempt_id in _unsent():
        send_attempt(attempt_id)
    return httpx.Response(given.status_code, content=given.content, headers=dict(given.headers))


def _outlet(gateway):
    make_provider(gateway)
    return make_outlet(identity="SIM-0001")


def _unsent():
    intents = PaymentIntent.objects.filter(attempts__status="new")
    return list(intents.values_list("attempts__pk", flat=True))


def _settled():
    intent = PaymentIntent.objects.get()
    check_attempt(intent.attempts.get().pk, source="poll")
    return PaymentIntent.objects.get()
