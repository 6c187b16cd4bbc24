"""How much energy a session can have got: its connector's power, the time, and some slack.

The same rule for each reading (in SQL) and at the stop (in Python). A connector whose power nobody
knows (0) may give what the strongest one there is gives.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

# 1 MW, the strongest connector there is (MCS apart).
MOST_POWER_W: Final = 1_000_000
# A charger may be a tenth stronger than its plate says.
HEADROOM_PERCENT: Final = 110
# What a clock's minute and a register's rounding may be off.
SLACK_WH: Final = 2_000
# A last reading may be a little ahead of the Stop: their registers round differently.
TOLERANCE_WH: Final = 100

_SECONDS = 3600

# Joined: item (measured_at, received_at), session, connector.
MOST_WH: Final = f"""
    ({SLACK_WH} + coalesce(nullif(connector.max_power_w, 0), {MOST_POWER_W})
        * {HEADROOM_PERCENT} / {100 * _SECONDS}.0 * greatest(
        extract(epoch FROM item.measured_at - session.started_at),
        extract(epoch FROM item.received_at - session.start_received_at),
        0
    ))::bigint
"""


def most_wh(
    max_power_w: int,
    *,
    started_at: datetime,
    start_received_at: datetime,
    until: datetime,
    received_at: datetime,
) -> int:
    """By the charger's clock or by ours, whichever gave it more time."""
    by_charger = (until - started_at).total_seconds()
    by_us = (received_at - start_received_at).total_seconds()
    seconds = int(max(by_charger, by_us, 0)) + 1
    power = (max_power_w or MOST_POWER_W) * HEADROOM_PERCENT // 100
    return power * seconds // _SECONDS + SLACK_WH
