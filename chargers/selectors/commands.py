"""Commands as people and programs may see them."""

from __future__ import annotations

from typing import Any, Final

from chargers.models import Command
from chargers.ocpp.shapes import in_wire_order

MASKED: Final = "••••"


def shown_payload(command: Command) -> dict[str, Any]:
    """The payload in the order of the wire, a charger's new password masked while it waits."""
    payload: dict[str, Any] = in_wire_order(command.action, command.payload)
    key = payload.get("key")
    if isinstance(key, str) and key.casefold() == "authorizationkey" and "value" in payload:
        return {**payload, "value": MASKED}
    return payload
