"""From the paid code to the refund of the rest: a real socket, and the gateway's own books."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.db import connections

from chargers.events import CommandQueued
from chargers.models import ChargingSession, Command, Connector
from chargers.ocpp.tests.server import PATIENCE_S, Client, running_server, until
from chargers.tasks import nudge_charger
from payments import tasks
from payments.models import Bill, ChargeStatus, PaymentIntent
from payments.selectors.progress import RefundState, Stage, progress
from payments.services.check_books import check_books
from payments.services.prepaid import following
from payments.services.prepaid.closing import deposit_of
from payments.tests.payments import begin, pay, refund_all
from payments.tests.prepaid import again, charge_of, make_seller
from unievp.lib import clock
from unievp.lib.events import subscribe, unsubscribe

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def server(transactional_db):
    subscribe(CommandQueued, nudge_charger)
    async with running_server() as running:
        yield running
    unsubscribe(CommandQueued, nudge_charger)
    # The thread of the ORM ends with this test's event loop; its connection has to go first.
    await sync_to_async(connections.close_all)()


class Point:
    """A charger that answers what it is asked, and keeps it."""

    def __init__(self, client: Client, answers: dict[str, str]) -> None:
        self.client = client
        self.answers = {"RemoteStopTransaction": "Accepted"} | answers
        self.asked: list[tuple[str, Any]] = []
        self._number = 0

    async def call(self, action: str, payload: dict[str, Any]) -> Any:
        self._number += 1
        message_id = f"p{self._number}"
        await self.client.send([2, message_id, action, payload])
        return await self._read(lambda frame: frame[0] == 3 and frame[1] == message_id)

    async def wait_for(self, action: str) -> Any:
        """The payload of the next `action` that it is asked for."""
        await self._read(lambda frame: frame[0] == 2 and frame[2] == action)
        return self.asked[-1][1]

    async def _read(self, wanted: Any) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = json.loads(await self.client.socket.recv())
                if frame[0] == 2:
                    await self._answer(frame)
                if wanted(frame):
                    return frame[2]

    async def _answer(self, frame: Any) -> None:
        _kind, message_id, action, payload = frame
        self.asked.append((action, payload))
        status = self.answers.get(action)
        if status is None:
            await self.client.send([4, message_id, "NotSupported", "", {}])
        else:
            await self.client.send([3, message_id, {"status": status}])


@asynccontextmanager
async def plugged_in(server, charger, **answers):
    async with server.charger(charger.identity) as client:
        point = Point(client, answers)
        boot = {"chargePointVendor": "V", "chargePointModel": "M"}
        assert (await point.call("BootNotification", boot))["status"] == "Accepted"
        yield point


def seconds_ago(seconds):
    at = clock.now().replace(microsecond=0) - timedelta(seconds=seconds)
    return at.isoformat().replace("+00:00", "Z")


@sync_to_async
def paid_for(fake, **wish) -> PaymentIntent:
    charger = make_seller()
    Connector.objects.update(max_power_w=200_000)
    connector = charger.connectors.get(number=1)
    intent = begin(fake, cpo=charger.cpo, charger=charger, connector=connector, **wish)
    pay(fake, intent)
    return PaymentIntent.objects.select_related("charger").get(pk=intent.pk)


@sync_to_async
def told(intent):
    return progress(intent)


async def answered(intent):
    """The charger's word on the start has been stored."""

    @sync_to_async
    def look():
        wish = charge_of(intent).remote_start
        return wish is not None and wish.status != "asked"

    await until(look)


async def starts(point, tag, seconds=200):
    answer = await point.call(
        "StartTransaction",
        {
            "connectorId": 1,
            "idTag": tag,
            "meterStart": 7_000,
            "timestamp": seconds_ago(seconds),
        },
    )
    assert answer["idTagInfo"]["status"] == "Accepted"
    return answer["transactionId"]


async def measures(point, transaction_id, energy_wh, power_w):
    values = [
        {"value": str(7_000 + energy_wh), "unit": "Wh"},
        {"value": str(power_w), "measurand": "Power.Active.Import", "unit": "W"},
    ]
    meter = {"timestamp": seconds_ago(0), "sampledValue": values}
    await point.call(
        "MeterValues",
        {"connectorId": 1, "transactionId": transaction_id, "meterValue": [meter]},
    )


async def stops(point, transaction_id, energy_wh):
    await point.call(
        "StopTransaction",
        {
            "transactionId": transaction_id,
            "meterStop": 7_000 + energy_wh,
            "timestamp": seconds_ago(0),
            "reason": "Remote",
        },
    )


async def test_paid_charge_is_stopped_in_time_billed_and_the_rest_arrives(server, fake):
    intent = await paid_for(fake, amount=10_000)
    async with plugged_in(server, intent.charger, RemoteStartTransaction="Accepted") as point:
        await sync_to_async(tasks.start_paid_charge)(str(intent.pk))
        wanted = await point.wait_for("RemoteStartTransaction")
        await answered(intent)
        assert (await told(intent)).stage == Stage.PLUG_IN
        transaction_id = await starts(point, wanted["idTag"])
        await sync_to_async(tasks.follow_charges)()
        await measures(point, transaction_id, 3_000, 60_000)
        await sync_to_async(tasks.guard_charges)()
        assert (await told(intent)).stage == Stage.CHARGING
        # 5 kWh are paid for; 333 Wh more flow in the 20 s that a stop may take.
        await measures(point, transaction_id, 4_700, 60_000)
        # The next look is due then: nothing that the connector can give is missed before it.
        later = clock.now() + timedelta(seconds=20)
        await sync_to_async(following.guard_charges)(now=later)
        stop = await point.wait_for("RemoteStopTransaction")
        assert stop == {"transactionId": transaction_id}
        await stops(point, transaction_id, 4_900)
    await sync_to_async(tasks.follow_charges)()
    await sync_to_async(refund_all)(intent)
    done = await told(intent)
    assert (done.stage, done.cost, done.refund_state) == (Stage.DONE, 9_800, RefundState.DONE)
    (refund,) = fake.world.books.refunds.values()
    assert refund.amount == 200
    assert await proven(intent)


async def test_charger_that_refuses_costs_nothing_and_all_arrives_back(server, fake):
    intent = await paid_for(fake, amount=50_000)
    async with plugged_in(server, intent.charger, RemoteStartTransaction="Rejected") as point:
        await sync_to_async(tasks.start_paid_charge)(str(intent.pk))
        await point.wait_for("RemoteStartTransaction")
        await answered(intent)
    await sync_to_async(tasks.follow_charges)()
    await sync_to_async(refund_all)(intent)
    done = await told(intent)
    assert (done.stage, done.refund_state) == (Stage.RETURNED, RefundState.DONE)
    (refund,) = fake.world.books.refunds.values()
    assert refund.amount == 50_000
    assert not await ChargingSession.objects.aexists()
    assert await proven(intent)


async def test_charger_that_was_away_gets_the_stop_when_it_is_back(server, fake):
    intent = await paid_for(fake, amount=10_000)
    async with plugged_in(server, intent.charger, RemoteStartTransaction="Accepted") as point:
        await sync_to_async(tasks.start_paid_charge)(str(intent.pk))
        wanted = await point.wait_for("RemoteStartTransaction")
        transaction_id = await starts(point, wanted["idTag"])
        await sync_to_async(tasks.follow_charges)()
        await measures(point, transaction_id, 4_900, 60_000)
    await sync_to_async(tasks.guard_charges)()
    assert await Command.objects.filter(action="RemoteStopTransaction").acount() == 1
    async with plugged_in(server, intent.charger) as point:
        if ("RemoteStopTransaction", {"transactionId": transaction_id}) not in point.asked:
            await point.wait_for("RemoteStopTransaction")
        await stops(point, transaction_id, 5_300)
    await sync_to_async(tasks.follow_charges)()
    bill = await Bill.objects.aget()
    assert bill.total == 10_000
    assert (await sync_to_async(charge_of)(intent)).status == ChargeStatus.ENDED
    assert await proven(intent)


@sync_to_async
def proven(intent):
    return not any(check_books().values()) and deposit_of(again(intent)) == 0
