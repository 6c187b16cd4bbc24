"""Commands as people and programs may see them."""

from __future__ import annotations

from typing import Any

from chargers.models import Command
from chargers.ocpp.redaction import redact_payload
from chargers.ocpp.shapes import in_wire_order


def shown_payload(command: Command) -> dict[str, Any]:
    """The payload in the order of the wire, secrets masked while they wait for the charger, too."""
    return redact_payload(in_wire_order(command.action, command.payload))
