"""A session's readings as the data of unfold's line chart."""

from __future__ import annotations

import json
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from chargers.models import ChargingSession, MeterReading

# More points than pixels tell nothing more.
POINTS = 240
_LIMIT = 20_000


def session_curve(session: ChargingSession) -> str:
    """JSON for Chart.js: power in kW, state of charge in %; "" where there are no readings."""
    rows = list(
        MeterReading.objects.filter(session_id=session.pk)
        .order_by("measured_at")
        .values_list("measured_at", "power_w", "soc_percent")[:_LIMIT]
    )
    step = max(1, -(-len(rows) // POINTS))
    rows = rows[::step]
    if not rows:
        return ""
    datasets: list[dict[str, Any]] = [
        {
            "label": _("Power (kW)"),
            "data": [
                None if watts is None else round(watts / 1000, 2) for _at, watts, _soc in rows
            ],
            "borderColor": "var(--color-primary-600)",
            "displayYAxis": True,
            "maxTicksXLimit": 8,
            "spanGaps": True,
        }
    ]
    if any(soc is not None for *_rest, soc in rows):
        datasets.append(
            {
                "label": _("State of charge (%)"),
                "data": [soc for *_rest, soc in rows],
                "borderColor": "#9ca3af",
                "spanGaps": True,
            }
        )
    labels = [timezone.localtime(at).strftime("%H:%M") for at, *_rest in rows]
    return json.dumps({"labels": labels, "datasets": datasets})
