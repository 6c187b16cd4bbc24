"""The charge point's side of a compliance case, over a real socket: says its lines, checks ours."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async

from chargers.models import Charger, ChargingSession, Command, CommandStatus, Connector
from chargers.ocpp import schemas
from chargers.ocpp.switchboard import group_of
from chargers.ocpp.tests.server import Client, Server, until
from chargers.services.commands import queue_command
from unievp.lib import clock
from unievp.lib.live import abroadcast

METER_START = 1000
TAG = "TAG1"
_BEGAN = clock.now().replace(microsecond=0) - timedelta(minutes=30)


def at(seconds: int) -> str:
    """A charger's time, `seconds` after this run's beginning half an hour ago."""
    return (_BEGAN + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Point:
    """`say` sends a CALL of ours-to-be-answered; `hear` is the next CALL of the central system."""

    def __init__(self, charger: Charger, client: Client) -> None:
        self.row = charger
        self.client = client

    async def say(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The answer, which must be valid by the OCA's schema."""
        answer = await self.client.call(action, payload)
        assert isinstance(answer, dict), answer
        assert schemas.is_valid_response(action, answer), answer
        return answer

    async def boot(self) -> dict[str, Any]:
        """BootNotification and, once accepted, the status of every connector."""
        boot = {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "1.0"}
        answer = await self.say("BootNotification", boot)
        if answer["status"] == "Accepted":
            for number in (0, 1, 2):
                await self.status("Available", number)
        return answer

    async def status(self, status: str, number: int = 1, *, error: str = "NoError") -> None:
        report = {
            "connectorId": number,
            "status": status,
            "errorCode": error,
            "timestamp": clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        assert await self.say("StatusNotification", report) == {}

    async def authorize(self, tag: str = TAG) -> str:
        answer = await self.say("Authorize", {"idTag": tag})
        return str(answer["idTagInfo"]["status"])

    async def start(self, tag: str = TAG, *, seconds: int = 0) -> tuple[int, str]:
        """(transactionId, verdict)."""
        start = {
            "connectorId": 1,
            "idTag": tag,
            "meterStart": METER_START,
            "timestamp": at(seconds),
        }
        answer = await self.say("StartTransaction", start)
        return answer["transactionId"], answer["idTagInfo"]["status"]

    async def meter(self, transaction_id: int, wh: int, *, seconds: int) -> None:
        sample = {"value": str(METER_START + wh), "context": "Sample.Periodic", "unit": "Wh"}
        value = {"timestamp": at(seconds), "sampledValue": [sample]}
        values = {"connectorId": 1, "transactionId": transaction_id, "meterValue": [value]}
        assert await self.say("MeterValues", values) == {}

    async def stop(
        self,
        transaction_id: int,
        *,
        reason: str | None = None,
        wh: int = 2000,
        seconds: int = 900,
        tag: str | None = TAG,
    ) -> dict[str, Any]:
        stop: dict[str, Any] = {
            "transactionId": transaction_id,
            "meterStop": METER_START + wh,
            "timestamp": at(seconds),
        }
        if reason is not None:
            stop["reason"] = reason
        if tag is not None:
            stop["idTag"] = tag
        return await self.say("StopTransaction", stop)

    async def asked(
        self, action: str, payload: dict[str, Any], answer: dict[str, Any] | list[Any]
    ) -> Command:
        """The operator's command arrives as it was asked for; the command with our answer to it.

        `answer` as a list is the code and description of a CALLERROR.
        """
        assert schemas.request_faults(action, payload) == []
        queue = sync_to_async(queue_command)
        command = await queue(self.row, action=action, payload=payload, actor="operator")
        await abroadcast(
            group_of(self.row.pk), {"type": "commands.waiting", "charger_id": self.row.pk}
        )
        kind, message_id, heard, body = await self.client.receive()
        assert (kind, heard, body) == (2, action, payload)
        reply = (
            [3, message_id, answer] if isinstance(answer, dict) else [4, message_id, *answer, {}]
        )
        await self.client.send(json.dumps(reply))
        ended = {CommandStatus.ANSWERED, CommandStatus.FAILED}

        async def look() -> Command | None:
            row = await Command.objects.aget(pk=command.pk)
            return row if row.status in ended else None

        result: Command = await until(look)
        return result

    async def session(self) -> ChargingSession:
        """The charger's only session."""
        return await ChargingSession.objects.aget(charger=self.row)

    async def connector_status(self, number: int = 1) -> str:
        connector = await Connector.objects.aget(charger=self.row, number=number)
        return connector.status


@asynccontextmanager
async def connected(server: Server, charger: Charger) -> AsyncIterator[Point]:
    async with server.charger(charger.identity) as client:
        yield Point(charger, client)
