"""How much a car takes, seen from its meter, with hysteresis."""

from __future__ import annotations

from typing import Final

# A car that draws this close to its limit would take more.
NEAR_MA: Final = 1_000
# What a car that takes less is left above its present current.
ROOM_MA: Final = 2_000


def demand_of(
    *, measured_ma: int | None, limit_ma: int | None, before_ma: int | None, settled: bool
) -> int | None:
    """What the car would take; None: as much as it gets.

    `before_ma` is the last answer. A car near its limit wants more at once. A car that draws less
    gives up the rest only when it has had time to reach its limit (`settled`), and a last answer
    stays until the current has moved by more than `NEAR_MA`: a wavering meter moves nothing.
    """
    if measured_ma is None or limit_ma is None:
        return None
    if measured_ma >= limit_ma - NEAR_MA:
        return None
    if not settled:
        return before_ma
    wanted = measured_ma + ROOM_MA
    if before_ma is not None and abs(wanted - before_ma) <= NEAR_MA:
        return before_ma
    return wanted
