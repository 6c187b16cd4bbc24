"""Smart charging over real sockets: a foreign charger judges what our profiles allow.

The wallboxes keep profiles with the simulator's own code (written without ours), so each check
compares two readings of the specification.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from websockets.exceptions import ConnectionClosed

from chargers.models import (
    Charger,
    ChargingProfile,
    Command,
    CommandStatus,
    ConfigurationKey,
    ProfileState,
    SiteAllocation,
    SiteBudget,
    SiteCharger,
)
from chargers.ocpp.switchboard import group_of
from chargers.ocpp.tests.fleet import amake_charger, amake_token
from chargers.ocpp.tests.server import until
from chargers.selectors.charging_profiles import latest_composite_answer
from chargers.services.site_power.rebalancing import rebalance_site
from chargers.services.smart_charging.following import end_profiles
from chargers.services.smart_charging.installing import clear_profiles, install_profile
from chargers.smart_charging.profiles import Period, Profile
from simulator.connector import Transaction
from simulator.smart_charging import ProfileStore, RefusedProfileError
from unievp.lib import clock
from unievp.lib.live import abroadcast

pytestmark = pytest.mark.django_db(transaction=True)

BUDGET_W = 22_000
OPEN = (CommandStatus.QUEUED, CommandStatus.SENT)


class Wallbox:
    """A charger with two connectors that obeys profiles, or refuses them."""

    def __init__(self, charger, socket, site):
        self.charger, self.socket, self.site = charger, socket, site
        self.store = ProfileStore()
        self.transactions = {}
        self.refuses = False
        self._waiting = {}
        self._number = 0

    async def run(self):
        try:
            async for text in self.socket:
                frame = json.loads(text)
                if frame[0] == 2:
                    answer = self.answer(frame[2], frame[3])
                    await self.socket.send(json.dumps([3, frame[1], answer]))
                else:
                    self._waiting.pop(frame[1]).set_result(frame[2])
        except ConnectionClosed:
            pass

    def answer(self, action, payload):
        if action == "SetChargingProfile":
            return {"status": self.install(payload)}
        if action == "ClearChargingProfile":
            return {"status": "Accepted" if self.store.clear(payload) else "Unknown"}
        if action == "GetCompositeSchedule":
            return self.composite(payload)
        return {"status": "Accepted"}

    def install(self, payload):
        if self.refuses:
            return "Rejected"
        number = payload["connectorId"]
        try:
            transaction = self.transactions.get(number)
            self.store.install(number, payload["csChargingProfiles"], transaction)
        except RefusedProfileError:
            return "Rejected"
        self.site.watch()
        return "Accepted"

    def composite(self, payload):
        watts = self.limit(payload["connectorId"])
        period = {"startPeriod": 0, "limit": watts / 690}
        return {
            "status": "Accepted",
            "connectorId": payload["connectorId"],
            "scheduleStart": now_text(),
            "chargingSchedule": {
                "duration": payload["duration"],
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [period],
            },
        }

    def limit(self, number, at=None):
        """Watts that the connector's session may take."""
        transaction = self.transactions.get(number)
        return self.store.limit_w(number, at or datetime.now(UTC), transaction, 3) or 0

    def taken(self):
        if self.refuses:
            return 0
        return sum(self.limit(number) for number in self.transactions)

    async def call(self, action, payload):
        self._number += 1
        key = f"{self.charger.identity}-{self._number}"
        self._waiting[key] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps([2, key, action, payload]))
        async with asyncio.timeout(10):
            return await self._waiting[key]

    async def status(self, number, status):
        payload = {"connectorId": number, "errorCode": "NoError", "status": status}
        await self.call("StatusNotification", payload | {"timestamp": now_text()})

    async def start(self, number, tag):
        payload = {"connectorId": number, "idTag": tag, "meterStart": 0, "timestamp": now_text()}
        answer = await self.call("StartTransaction", payload)
        transaction = Transaction(number, tag, datetime.now(UTC), 0, id=answer["transactionId"])
        self.transactions[number] = transaction
        await self.status(number, "Charging")
        self.site.watch()
        return transaction

    async def stop(self, number):
        transaction = self.transactions.pop(number)
        self.store.forget_transaction(number)
        payload = {"transactionId": transaction.id, "meterStop": 900, "timestamp": now_text()}
        await self.call("StopTransaction", payload)
        await self.status(number, "Available")


class Place:
    """The site: its budget, its wallboxes, and the most that they ever allowed together."""

    def __init__(self, budget):
        self.budget, self.boxes, self.most_w = budget, [], 0

    def watch(self):
        self.most_w = max(self.most_w, sum(box.taken() for box in self.boxes))

    async def settle(self):
        """Computations and answers until nothing is sent any more."""
        for _round in range(20):
            before = await Command.objects.acount()
            await self.compute()
            for box in self.boxes:
                pk = box.charger.pk
                await abroadcast(group_of(pk), {"type": "commands.waiting", "charger_id": pk})
            await until(self.is_quiet)
            if await Command.objects.acount() == before:
                return {
                    str(row.connector): row.counted_ma
                    async for row in SiteAllocation.objects.filter(counted_ma__gt=0)
                    .select_related("connector__charger")
                    .order_by("connector__charger__identity", "connector__number")
                }
        raise AssertionError("it never settles")

    async def compute(self):
        await SiteBudget.objects.aupdate(next_at=clock.now())
        await sync_to_async(end_profiles)()
        await sync_to_async(rebalance_site)(self.budget.pk)

    async def is_quiet(self):
        online = [box.charger.pk for box in self.boxes]
        return not await Command.objects.filter(status__in=OPEN, charger__in=online).aexists()


def now_text():
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@asynccontextmanager
async def wallbox(server, identity, place):
    charger = await Charger.objects.filter(identity=identity).afirst()
    charger = charger or await amake_charger(identity, max_power_w=44_000)
    async with server.charger(identity) as client:
        box = Wallbox(charger, client.socket, place)
        running = asyncio.create_task(box.run())
        boot = {"chargePointVendor": "Foreign", "chargePointModel": "Wallbox"}
        await box.call("BootNotification", boot)
        place.boxes.append(box)
        yield box
        place.boxes.remove(box)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def make_place():
    charger = await amake_charger("F1", max_power_w=44_000)
    for tag in ("A", "B", "C"):
        await amake_token(tag)
    budget = await SiteBudget.objects.acreate(
        location_id=charger.location_id, power_w=BUDGET_W, debounce_s=0
    )
    return Place(budget)


@pytest.mark.proves("SetChargingProfile", "TC_056", "TC_057", "TC_059")
async def test_three_cars_on_two_chargers_share_22_kw_and_never_exceed_it(server):
    place = await make_place()
    async with wallbox(server, "F1", place) as one, wallbox(server, "F2", place) as two:
        assert await place.settle() == {}
        await one.start(1, "A")
        # The gate: it waits for its share instead of taking the fallback at once.
        assert one.limit(1) == 0
        assert await place.settle() == {"F1/1": 31_800}
        await two.start(1, "B")
        assert await place.settle() == {"F1/1": 15_900, "F2/1": 15_900}
        await two.start(2, "C")
        assert await place.settle() == {"F1/1": 10_600, "F2/1": 10_600, "F2/2": 10_600}
        assert (one.limit(1), two.limit(1), two.limit(2)) == (7_314, 7_314, 7_314)
        await one.stop(1)
        assert await place.settle() == {"F2/1": 15_900, "F2/2": 15_900}
        await two.stop(2)
        assert await place.settle() == {"F2/1": 31_800}
        assert 21_900 < place.most_w <= BUDGET_W
        # We are gone: after the lease everybody has the fallback, four times within 22 kW.
        gone = datetime.now(UTC) + timedelta(seconds=901)
        assert two.limit(1, gone) == two.limit(2, gone) == one.limit(1, gone) == 5_451


async def test_charger_that_refuses_counts_in_full(server):
    place = await make_place()
    async with wallbox(server, "F1", place) as one, wallbox(server, "F2", place) as two:
        await Charger.objects.filter(identity="F2").aupdate(max_power_w=11_000)
        two.refuses = True
        await one.start(1, "A")
        await two.start(1, "B")
        assert await place.settle() == {"F1/1": 15_900, "F2/1": 15_942}
        row = await SiteCharger.objects.aget(charger=two.charger)
        assert (row.refusal, row.retry_at > clock.now()) == ("Rejected", True)
        assert one.limit(1) + 11_000 <= BUDGET_W


async def test_offline_charger_keeps_its_share_and_its_fallback_is_set_aside(server):
    place = await make_place()
    async with wallbox(server, "F1", place) as one:
        async with wallbox(server, "F2", place) as two:
            await one.start(1, "A")
            await two.start(1, "B")
            assert await place.settle() == {"F1/1": 15_900, "F2/1": 15_900}
        await until(_is_offline(two.charger))
        # 31.8 A less 15.9 A of its car, less 7.9 A for its other connector.
        assert await place.settle() == {"F1/1": 8_000, "F2/1": 15_900}
        assert one.limit(1) + two.limit(1) + 5_451 <= BUDGET_W


def _is_offline(charger):
    async def look():
        row = await Charger.objects.select_related("presence").aget(pk=charger.pk)
        return not row.presence.online

    return look


def _default(limit, **values):
    values = {"profile_id": 1000, "stack_level": 0, "connector": 1} | values
    return Profile(
        purpose="TxDefaultProfile",
        kind="Relative",
        unit="A",
        periods=(Period(0, Decimal(limit)),),
        **values,
    )


@pytest.mark.proves("GetCompositeSchedule", "ClearChargingProfile", "TC_066", "TC_067", "pain 56")
async def test_operator_installs_a_profile_sees_what_the_charger_makes_of_it_and_clears_it(server):
    place = Place(None)
    async with wallbox(server, "F1", place) as box:
        row = await sync_to_async(install_profile)(
            box.charger, profile=_default("10.5"), actor="test"
        )
        await nudged(box, row.command_id)
        await row.arefresh_from_db()
        assert row.state == ProfileState.INSTALLED
        # The charger is asked by itself, and its answer is kept.
        await until(place.is_quiet)
        answer = await sync_to_async(latest_composite_answer)(box.charger.pk, 1)
        periods = answer.response["chargingSchedule"]["chargingSchedulePeriod"]
        assert periods == [{"startPeriod": 0, "limit": 10.5}]
        command = await sync_to_async(clear_profiles)(box.charger, actor="test", profile_id=1000)
        await nudged(box, command.pk)
        assert box.store.installed == []
        await row.arefresh_from_db()
        assert row.state == ProfileState.CLEARED


@pytest.mark.proves("client 19")
async def test_charger_that_takes_only_watts_is_converted_to(server):
    place = await make_place()
    async with wallbox(server, "F1", place) as one:
        install = one.install

        def only_watts(payload):
            schedule = payload["csChargingProfiles"]["chargingSchedule"]
            return install(payload) if schedule["chargingRateUnit"] == "W" else "Rejected"

        one.install = only_watts
        await ConfigurationKey.objects.acreate(
            charger=one.charger,
            key="ChargingScheduleAllowedChargingRateUnit",
            value="Power",
            read_at=clock.now(),
        )
        await one.start(1, "A")
        assert await place.settle() == {"F1/1": 31_800}
        assert one.limit(1) == 21_942
        refused = ChargingProfile.objects.filter(state=ProfileState.REFUSED)
        assert await refused.acount() == 0


async def nudged(box, command_id):
    pk = box.charger.pk
    await abroadcast(group_of(pk), {"type": "commands.waiting", "charger_id": pk})

    async def ended():
        row = await Command.objects.aget(pk=command_id)
        return row.status not in OPEN

    await until(ended)
