"""The numeric examples of OCPI 2.2.1, and how they are read."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tariffs.pricing.ocpi import read_tariff
from tariffs.pricing.ocpi import read_usage as usage_of_periods

__all__ = ["VECTORS", "lengths", "read_tariff", "read_usage", "seconds_of"]

VECTORS = json.loads(
    (Path(__file__).parent.parent / "data" / "ocpi_tariff_vectors.json").read_text(),
    parse_float=Decimal,
)


def read_usage(vector):
    return usage_of_periods(
        started_at=datetime.fromisoformat(vector["start_date_time"]),
        ended_at=datetime.fromisoformat(vector["end_date_time"]),
        periods=vector["charging_periods"],
        reservation_expired=vector["reservation_expired"],
    )


def seconds_of(vector):
    """What each period says of its own length, where it does."""
    return [
        next((one["seconds"] for one in period["dimensions"] if "seconds" in one), None)
        for period in vector["charging_periods"]
    ]


def lengths(usage):
    ends = [period.start for period in usage.periods[1:]] + [usage.ended_at]
    return [
        (end - period.start) / timedelta(seconds=1)
        for period, end in zip(usage.periods, ends, strict=True)
    ]
