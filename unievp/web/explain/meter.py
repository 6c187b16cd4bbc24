"""The meter section: the curve as chart data, and readings in a table."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from unievp.web.explain.readings import ReadingShown
from unievp.web.explain.story import Story


def meter(story: Story) -> dict[str, Any]:
    shown = story.readings
    return {"shown": shown, "curve": _chart(story, shown.curve)}


def _chart(story: Story, points: tuple[ReadingShown, ...]) -> dict[str, Any]:
    """For `session.js`: kW, kWh since the start, %, and which points are in doubt.

    Decimals go as text: JSON numbers are floats, and Chart.js reads text as well.
    """
    zone = ZoneInfo(story.zone)
    rows = [point.reading for point in points]
    gained = [point.gained_wh for point in points]
    has_soc = any(row.soc_percent is not None for row in rows)
    has_energy = any(value is not None for value in gained)
    return {
        "labels": [f"{row.measured_at.astimezone(zone):%H:%M}" for row in rows],
        "power": [_kilo(row.power_w) for row in rows],
        "energy": [_kilo(value) for value in gained] if has_energy else [],
        "soc": [row.soc_percent for row in rows] if has_soc else [],
        "doubts": [index for index, point in enumerate(points) if point.doubts],
        "names": {
            "power": _("Power (kW)"),
            "energy": _("Energy (kWh)"),
            "soc": _("State of charge (%)"),
        },
    }


def _kilo(value: int | None) -> str | None:
    return None if value is None else str(Decimal(value) / 1000)
