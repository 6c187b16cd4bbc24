"""What a session came to, in words that another system of ours can compare with its own."""

from __future__ import annotations

from datetime import UTC
from typing import Any, Final

from chargers.models import ChargingSession, MeterReading
from payments.models import Bill

MOST_READINGS: Final = 50_000

# What must be the same when the same frames are played again.
FIELDS: Final = (
    "id_tag",
    "authorization",
    "status",
    "started_at",
    "ended_at",
    "stop_reason",
    "meter_start_wh",
    "meter_stop_wh",
    "energy_wh",
    "billing_status",
    "hold_reason",
    "cost",
    "currency",
)
_READING: Final = (
    "measured_at",
    "energy_wh",
    "interval_wh",
    "power_w",
    "current_ma",
    "voltage_mv",
    "soc_percent",
    "temperature_mc",
)


def original(session: ChargingSession) -> dict[str, Any]:
    """The line of one session: its fields, its readings in the order of time, its bill's lines."""
    return {
        "kind": "session",
        "transaction_id": session.transaction_id,
        "connector": session.connector.number,
        "had_stop": session.stop_received_at is not None,
        "tariff_snapshot": session.tariff_snapshot,
        "fields": {name: _text(getattr(session, name)) for name in FIELDS},
        "readings": readings(session),
        "bill": bill(session),
    }


def readings(session: ChargingSession) -> list[dict[str, Any]]:
    rows = MeterReading.objects.filter(session_id=session.pk).order_by(
        "measured_at", "content_hash"
    )
    found = rows.values(*_READING)[:MOST_READINGS]
    return [{name: _text(value) for name, value in row.items()} for row in found]


def bill(session: ChargingSession) -> dict[str, Any] | None:
    """Minor units; without the platform's fee, which is not made by the frames."""
    found = Bill.objects.filter(session=session).prefetch_related("lines").first()
    if found is None:
        return None
    return {
        "currency": found.currency,
        "total": found.total,
        "tax": found.tax,
        "lines": [
            {
                "kind": line.kind,
                "quantity": f"{line.quantity.normalize():f}",
                "unit_price": f"{line.unit_price.normalize():f}",
                "amount": line.amount,
                "tax": line.tax,
            }
            for line in sorted(found.lines.all(), key=lambda line: line.position)
        ],
    }


def _text(value: Any) -> Any:
    """JSON's own kinds stay; a time is UTC text."""
    if value is None or isinstance(value, str | int):
        return value
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
