"""How soon a charger stops when it is asked to: measured at each stop, told before the next one."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction

from chargers.models import StopLatency
from unievp.lib import clock

# Nobody knows this charger yet: slow ones take about as long.
DEFAULT: Final = timedelta(seconds=15)
LEAST: Final = timedelta(seconds=2)
MOST: Final = timedelta(seconds=60)
# What is longer was an absent charger, not a slow one.
NO_MEASURE: Final = timedelta(minutes=3)
# RFC 6298: one eighth of each new mean, one quarter of each new deviation.
_MEAN_OF: Final = 8
_DEVIATION_OF: Final = 4


def stop_latency(charger_pk: int) -> timedelta:
    """Long enough for nearly every stop of this charger: mean and twice the deviation."""
    known = StopLatency.objects.filter(charger_id=charger_pk).first()
    if known is None:
        return DEFAULT
    expected = timedelta(milliseconds=known.mean_ms + 2 * known.deviation_ms)
    return min(max(expected, LEAST), MOST)


def measure_stop(charger_pk: int, took: timedelta) -> None:
    """A stop took so long from our asking to the charger's StopTransaction."""
    if not timedelta(0) <= took <= NO_MEASURE:
        return
    took_ms = took // timedelta(milliseconds=1)
    with transaction.atomic():
        known, created = StopLatency.objects.select_for_update().get_or_create(
            charger_id=charger_pk,
            defaults={
                "mean_ms": took_ms,
                "deviation_ms": took_ms // 2,
                "measured_at": clock.now(),
            },
        )
        if created:
            return
        off = abs(took_ms - known.mean_ms)
        known.deviation_ms += (off - known.deviation_ms) // _DEVIATION_OF
        known.mean_ms += (took_ms - known.mean_ms) // _MEAN_OF
        known.samples += 1
        known.measured_at = clock.now()
        known.save(update_fields=["mean_ms", "deviation_ms", "samples", "measured_at"])
