"""Connectors kept for one driver: OCA cases 046 to 049, 051 to 053."""

from __future__ import annotations

from datetime import timedelta

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async

from chargers.models import (
    ChargingSession,
    Command,
    CommandStatus,
    IdToken,
    Reservation,
)
from chargers.ocpp import schemas
from chargers.ocpp.switchboard import group_of
from chargers.ocpp.tests.fleet import amake_token
from chargers.ocpp.tests.oca.point import METER_START, TAG
from chargers.ocpp.tests.server import until
from chargers.services.reservations.asking import reserve
from chargers.services.reservations.cancelling import cancel_reservation
from chargers.services.reservations.sweep import sweep_reservations
from cpo.models import CPO, CPOStatus
from unievp.lib import clock
from unievp.lib.live import abroadcast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture(autouse=True)
async def trading(charger):
    """Starts of this very moment are accepted from verified CPOs only."""
    await CPO.objects.aupdate(status=CPOStatus.VERIFIED, verified_at=clock.now())


async def answered(point, answer):
    """The next CALL of the central system, answered: (action, payload)."""
    nudge = {"type": "commands.waiting", "charger_id": point.row.pk}
    await abroadcast(group_of(point.row.pk), nudge)
    kind, message_id, action, payload = await point.client.receive()
    assert kind == 2
    assert schemas.request_faults(action, payload) == []
    kind, tail = (3, [answer]) if isinstance(answer, dict) else (4, [*answer, {}])
    await point.client.send([kind, message_id, *tail])
    return action, payload


async def becomes(row, status):
    async def look():
        await row.arefresh_from_db()
        return row.status == status

    await until(look)
    return row


async def has_ended(command):
    async def look():
        await command.arefresh_from_db()
        return command.status not in (CommandStatus.QUEUED, CommandStatus.SENT)

    await until(look)
    return command


async def ask(point, answer, *, number=1, tag=TAG, **values):
    """Reserve, with the charger's answer; the row and the payload that came."""
    row = await sync_to_async(reserve)(
        point.row,
        connector_number=number,
        id_tag=tag,
        expires_at=clock.now() + timedelta(minutes=15),
        actor="operator",
        **values,
    )
    action, payload = await answered(point, answer)
    assert action == "ReserveNow"
    assert (payload["connectorId"], payload["idTag"]) == (number, tag)
    assert payload["reservationId"] == row.number
    return row, payload


async def hold(point, **values):
    row, _ = await ask(point, {"status": "Accepted"}, **values)
    await point.status("Reserved")
    return await becomes(row, "active")


async def start(point, tag=TAG, *, connector=1, number=None):
    request = {
        "connectorId": connector,
        "idTag": tag,
        "meterStart": METER_START,
        "timestamp": clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    if number is not None:
        request["reservationId"] = number
    return (await point.say("StartTransaction", request))["idTagInfo"]["status"]


@pytest.mark.proves("TC_046", "ReserveNow", "client 18")
async def test_reserved_connector_is_used_by_its_tag(point):
    row = await hold(point)
    assert await point.connector_status() == "Reserved"
    assert await point.authorize() == "Accepted"
    await point.status("Preparing")
    assert await start(point, number=row.number) == "Accepted"
    await point.status("Charging")
    await row.arefresh_from_db()
    session = await point.session()
    assert (row.status, row.session_id) == ("used", session.pk)
    assert session.reservation_id == row.number


@pytest.mark.proves("TC_047")
async def test_reservation_ends_in_time(point):
    row = await hold(point)
    await Reservation.objects.filter(pk=row.pk).aupdate(expires_at=clock.now())
    await point.status("Available")
    assert await sync_to_async(sweep_reservations)() == 1
    await row.arefresh_from_db()
    assert (row.status, row.reason) == ("expired", "")
    assert await point.connector_status() == "Available"


@pytest.mark.proves("TC_048_1", "TC_048_2", "TC_048_3", "TC_048_4", "client 18")
async def test_charger_refuses_and_says_why(point):
    for before, status in (
        ("Faulted", "Faulted"),
        ("Preparing", "Occupied"),
        ("Unavailable", "Unavailable"),
        ("Available", "Rejected"),
    ):
        await point.status(before)
        row, _ = await ask(point, {"status": status}, insist=True)
        await becomes(row, "rejected")
        assert row.reason == status
    row, _ = await ask(point, ["NotSupported", "Requested Action is not supported"])
    await becomes(row, "failed")
    assert row.reason == (
        "The charger answered with an error: NotSupported: Requested Action is not supported"
    )


@pytest.mark.proves("TC_049")
async def test_whole_charger_is_reserved_and_used_at_one_connector(point):
    row, _ = await ask(point, {"status": "Accepted"}, number=0)
    await becomes(row, "active")
    assert await start(point, connector=2, number=row.number) == "Accepted"
    await row.arefresh_from_db()
    assert row.status == "used"
    session = await ChargingSession.objects.select_related("connector").aget()
    assert session.connector.number == 2


@pytest.mark.proves("TC_051", "TC_052", "CancelReservation")
async def test_reservation_is_cancelled_and_one_that_the_charger_has_not_is_over(point):
    for word, reason in (("Accepted", ""), ("Rejected", "The charger held no such reservation")):
        row = await hold(point)
        row = await sync_to_async(cancel_reservation)(row, actor="operator")
        call = await answered(point, {"status": word})
        assert call == ("CancelReservation", {"reservationId": row.number})
        await becomes(row, "cancelled")
        assert row.reason == reason
        command = await has_ended(await Command.objects.aget(pk=row.cancel_command_id))
        assert (command.status, command.response_status) == ("answered", word)
        await point.status("Available")


@pytest.mark.proves("TC_053")
async def test_tag_of_the_same_group_uses_the_reservation(point):
    await IdToken.objects.filter(token=TAG).aupdate(group="PARENT")
    await amake_token("TAG2", group="PARENT")
    row, payload = await ask(point, {"status": "Accepted"})
    assert payload["parentIdTag"] == "PARENT"
    await becomes(row, "active")
    answer = await point.say("Authorize", {"idTag": "TAG2"})
    assert answer["idTagInfo"] == {"status": "Accepted", "parentIdTag": "PARENT"}
    assert await start(point, "TAG2", number=row.number) == "Accepted"
    await row.arefresh_from_db()
    assert row.status == "used"
