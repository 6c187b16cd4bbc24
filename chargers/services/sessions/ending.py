"""What an ended session is worth: energy, and whether it may be billed.

Doubt never stops the answer to the charger; it puts the session on hold for a person.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_noop

from chargers.events import SessionEnded
from chargers.models import AuthorizationStatus, BillingStatus, SessionStatus
from chargers.store import stops
from chargers.store.stops import Ending, SessionRow
from chargers.store.work import StopTransaction
from unievp.lib.events import publish

# 1 MW, the strongest connector there is (MCS apart), and what a clock's second may be off.
MOST_POWER_W: Final = 1_000_000
SLACK_WH: Final = 2_000
# A last reading may be a little ahead of the Stop: their registers round differently.
READING_AHEAD_WH: Final = 100

NO_TARIFF: Final = gettext_noop("No tariff was assigned when it started")
REFUSED: Final = gettext_noop("Energy flowed although the token was refused")
METER_BACK: Final = gettext_noop("The meter at the stop is below the meter at the start")
TOO_MUCH: Final = gettext_noop("More energy than time and power allow")
BELOW_READING: Final = gettext_noop("The meter at the stop is below an earlier reading")
ENDS_BEFORE: Final = gettext_noop("It ends before it begins")


def settle_stop(row: SessionRow, stop: StopTransaction, received_at: datetime) -> Ending:
    """The end that a StopTransaction brings. Energy is meter at stop minus meter at start.

    A meter that went back, or a leap that nothing could deliver, is never billed as it stands: the
    energy of the readings counts, and the session is held.
    """
    gained = stop.meter_stop_wh - row.meter_start_wh
    doubts: list[str] = []
    if stop.ended_at < row.started_at:
        doubts.append(ENDS_BEFORE)
    if gained < 0:
        doubts.append(METER_BACK)
        gained = row.energy_wh
    elif gained > _most_wh(row, stop.ended_at, received_at):
        doubts.append(TOO_MUCH)
        gained = row.energy_wh
    elif gained + READING_AHEAD_WH < row.energy_wh:
        doubts.append(BELOW_READING)
    billing_status, hold_reason = _judge(row, gained, doubts)
    return Ending(
        session_id=row.id,
        ended_at=max(stop.ended_at, row.started_at),
        received_at=received_at,
        reason=stop.reason,
        id_tag=stop.id_tag,
        meter_stop_wh=stop.meter_stop_wh,
        energy_wh=gained,
        billing_status=billing_status,
        hold_reason=hold_reason,
        note=", ".join(stop.adjustments),
    )


def settle_without_stop(row: SessionRow, *, ended_at: datetime, reason: str, note: str) -> Ending:
    """The end of a session whose Stop never came: from what its readings say."""
    billing_status, hold_reason = _judge(row, row.energy_wh, [])
    return Ending(
        session_id=row.id,
        ended_at=max(ended_at, row.started_at),
        received_at=None,
        reason=reason,
        id_tag="",
        meter_stop_wh=None,
        energy_wh=row.energy_wh,
        billing_status=billing_status,
        hold_reason=hold_reason,
        note=note,
    )


def end_without_stop(session_id: int, *, ended_at: datetime, reason: str, note: str) -> bool:
    """End an open session from its last meter value; False where it has ended already."""
    with transaction.atomic():
        rows = stops.lock_sessions([session_id])
        if not rows or rows[0].status == SessionStatus.ENDED:
            return False
        ending = settle_without_stop(rows[0], ended_at=ended_at, reason=reason, note=note)
        finish([ending])
    return True


def finish(endings: list[Ending]) -> None:
    """Write the endings and tell of them; the rows are locked by the caller."""
    stops.end(endings)
    for ending in endings:
        publish(SessionEnded(ending.session_id))


def _judge(row: SessionRow, energy_wh: int, doubts: list[str]) -> tuple[str, str]:
    """Whether a session of that much energy may be billed, and why not."""
    refused = row.authorization != AuthorizationStatus.ACCEPTED
    if refused and energy_wh > 0:
        doubts.append(REFUSED)
    if not row.has_tariff and not refused:
        doubts.append(NO_TARIFF)
    if doubts:
        return BillingStatus.HELD, "; ".join(doubts)
    return (BillingStatus.NOT_BILLABLE if refused else BillingStatus.UNBILLED), ""


def _most_wh(row: SessionRow, ended_at: datetime, received_at: datetime) -> int:
    """By the charger's clock or by ours, whichever gave it more time."""
    by_charger = (ended_at - row.started_at).total_seconds()
    by_us = (received_at - row.start_received_at).total_seconds()
    seconds = int(max(by_charger, by_us, 0)) + 1
    return MOST_POWER_W * seconds // 3600 + SLACK_WH
