"""What a charger keeps through a loss of power: its registers and the transactions that ran."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from simulator.charger import Charger
from simulator.connector import Connector, Transaction
from simulator.outbox import Message

Kept = dict[str, dict[str, dict[str, Any]]]


def save(chargers: Iterable[Charger], path: Path) -> None:
    """Replace the file as a whole, so that a kill leaves the old one or the new one."""
    kept: Kept = {
        charger.id: {str(each.number): _keep(charger, each) for each in charger.connectors}
        for charger in chargers
    }
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(orjson.dumps(kept))
    beside.replace(path)


def restore(chargers: Iterable[Charger], path: Path) -> None:
    """Set the registers; what ran when the power went is owed its StopTransaction (PowerLoss)."""
    if not path.exists():
        return
    try:
        kept: Kept | list[Any] = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        return
    if not isinstance(kept, dict):
        return
    for charger in chargers:
        for connector in charger.connectors:
            entry = kept.get(charger.id, {}).get(str(connector.number))
            if entry is not None:
                _wake_up(charger, connector, entry)


def _keep(charger: Charger, connector: Connector) -> dict[str, Any]:
    connector.advance(charger.around.pace.now_ms())
    entry: dict[str, Any] = {"register_ws": connector.register.ws}
    unstopped = [
        message.transaction
        for message in charger.outbox.queue
        if message.action == "StopTransaction" and message.connector == connector.number
    ]
    running = connector.transaction or (unstopped[-1] if unstopped else None)
    if running is not None and running.id is not None:
        entry["transaction"] = {
            "id": running.id,
            "id_tag": running.id_tag,
            "started_at": running.started_at.isoformat(),
            "meter_start": running.meter_start,
        }
    return entry


def _wake_up(charger: Charger, connector: Connector, entry: dict[str, Any]) -> None:
    connector.register.ws = int(entry["register_ws"])
    ran = entry.get("transaction")
    if ran is None:
        return
    transaction = Transaction(
        connector.number,
        ran["id_tag"],
        datetime.fromisoformat(ran["started_at"]),
        ran["meter_start"],
        id=ran["id"],
        stopped=True,
    )
    payload = {
        "meterStop": connector.register.wh,
        "timestamp": charger.clock.stamp(),
        "reason": "PowerLoss",
    }
    charger.owe(Message("StopTransaction", payload, connector.number, transaction))
