"""Whether a connector could be used, and why not: periods with a cause, and uptime from them.

Derived each time from what is kept anyway (presence changes, statuses, ChangeAvailability), so that
a figure can always be argued from its sources. The rules stand in docs/availability.md.
"""

from chargers.selectors.availability.facts import ConnectorAvailability, availability
from chargers.selectors.availability.tiling import Cause, Event, Kind, Period, tile
from chargers.selectors.availability.uptime import Uptime, local_days

__all__ = [
    "Cause",
    "ConnectorAvailability",
    "Event",
    "Kind",
    "Period",
    "Uptime",
    "availability",
    "local_days",
    "tile",
]
