"""The readings of one session: a thinned curve, and word for word those that are in doubt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from chargers.models import ChargingSession, MeterReading

CURVE_POINTS: Final = 240
MOST_READINGS: Final = 20_000
MOST_DOUBTFUL: Final = 50
# As many as messages are shown in the timeline, which tells of them.
MOST_LISTED: Final = 60


@dataclass(frozen=True, slots=True)
class ReadingShown:
    """`doubts`: what was repaired or doubted on the way in, and what its register says."""

    reading: MeterReading
    gained_wh: int | None
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadingsShown:
    """`listed`: the first and the last ones; `doubtful`: the first MOST_DOUBTFUL of `doubts`.

    `is_cut`: there are more than MOST_READINGS, and the curve ends early.
    """

    total: int
    curve: tuple[ReadingShown, ...]
    listed: tuple[ReadingShown, ...]
    doubtful: tuple[ReadingShown, ...]
    doubts: int
    is_cut: bool


def readings_shown(session: ChargingSession) -> ReadingsShown:
    """By one query."""
    rows = list(
        MeterReading.objects.filter(session_id=session.pk)
        .order_by("measured_at", "id")
        .defer("samples", "others", "content_hash")[: MOST_READINGS + 1]
    )
    is_cut = len(rows) > MOST_READINGS
    shown = list(_judged(session, rows[:MOST_READINGS]))
    doubtful = [item for item in shown if item.doubts]
    step = max(1, -(-len(shown) // CURVE_POINTS))
    # A doubtful point stays on the curve: it is what people look for.
    curve = [item for index, item in enumerate(shown) if index % step == 0 or item.doubts]
    half = MOST_LISTED // 2
    listed = shown if len(shown) <= MOST_LISTED else [*shown[:half], *shown[-half:]]
    return ReadingsShown(
        total=len(shown),
        curve=tuple(curve[: 2 * CURVE_POINTS]),
        listed=tuple(listed),
        doubtful=tuple(doubtful[:MOST_DOUBTFUL]),
        doubts=len(doubtful),
        is_cut=is_cut,
    )


def _judged(session: ChargingSession, rows: Iterable[MeterReading]) -> Iterable[ReadingShown]:
    highest: int | None = None
    for row in rows:
        doubts = [str(item) for item in _words(row.adjustments)]
        gained = None if row.energy_wh is None else row.energy_wh - session.meter_start_wh
        if row.energy_wh is not None:
            if highest is not None and row.energy_wh < highest:
                doubts.append(_("the register went back"))
            elif session.status == "ended" and gained is not None and gained > session.energy_wh:
                doubts.append(_("above the energy that was counted"))
            highest = max(highest or row.energy_wh, row.energy_wh)
        if session.ended_at is not None and row.measured_at > session.ended_at:
            doubts.append(_("after the end"))
        elif row.measured_at < session.started_at:
            doubts.append(_("before the start"))
        yield ReadingShown(row, gained, tuple(doubts))


def _words(adjustments: Any) -> Iterable[Any]:
    return adjustments if isinstance(adjustments, list) else ()
