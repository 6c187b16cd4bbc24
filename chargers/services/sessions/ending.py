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
from chargers.services.sessions.matching import most_until
from chargers.store import stops
from chargers.store.plausible import TOLERANCE_WH
from chargers.store.readings import measured_energy
from chargers.store.stops import Ending, SessionRow
from chargers.store.work import StopTransaction
from unievp.lib.events import publish

NO_TARIFF: Final = gettext_noop("No tariff was assigned when it started")
REFUSED: Final = gettext_noop("Energy flowed although the token was refused")
METER_BACK: Final = gettext_noop("The meter at the stop is below the meter at the start")
TOO_MUCH: Final = gettext_noop("More energy than time and power allow")
BELOW_READING: Final = gettext_noop("The meter at the stop is below an earlier reading")
ENDS_BEFORE: Final = gettext_noop("It ends before it begins")
# What is put right without a person; it stands beside the session's end.
A_LITTLE_BACK: Final = gettext_noop("The meter at the stop is %d Wh below the start: taken as 0")
OWN_COUNTER: Final = gettext_noop("The meter at the stop counts this session only")
INTERVALS: Final = gettext_noop("The meter stood still: the energy of the intervals counts")
OURS_REPLACED: Final = gettext_noop("The charger's own stop replaces the end that was made up")


def settle_stop(
    row: SessionRow, stop: StopTransaction, received_at: datetime, how: str = ""
) -> Ending:
    """The end that a StopTransaction brings. Energy is meter at stop minus meter at start.

    A meter that went back, or a leap that nothing could deliver, is never billed as it stands: the
    energy of the readings counts, and the session is held. `how` its session was found goes to its
    history.
    """
    notes = [how, *stop.adjustments]
    doubts: list[str] = []
    if row.status == SessionStatus.ENDED:
        notes.append(OURS_REPLACED)
    if stop.ended_at < row.started_at:
        doubts.append(ENDS_BEFORE)
    energy_wh = _energy(row, stop, received_at, doubts, notes)
    billing_status, hold_reason = _judge(row, energy_wh, doubts)
    return Ending(
        session_id=row.id,
        ended_at=max(stop.ended_at, row.started_at),
        received_at=received_at,
        reason=stop.reason,
        id_tag=stop.id_tag,
        meter_stop_wh=stop.meter_stop_wh,
        energy_wh=energy_wh,
        billing_status=billing_status,
        hold_reason=hold_reason,
        note="; ".join(note for note in notes if note),
    )


def _energy(
    row: SessionRow,
    stop: StopTransaction,
    received_at: datetime,
    doubts: list[str],
    notes: list[str],
) -> int:
    """Wh of the session; what is doubted or put right is added to the lists."""
    gained = stop.meter_stop_wh - row.meter_start_wh
    if gained > most_until(row, stop.ended_at, received_at):
        doubts.append(TOO_MUCH)
        return measured_energy(row.id, stop.ended_at)
    if gained > 0 and gained + TOLERANCE_WH >= row.energy_wh:
        return gained
    # Only what was measured in its time may speak against the stop.
    measured = measured_energy(row.id, stop.ended_at)
    if gained < 0:
        return _meter_went_back(stop, -gained, measured, doubts, notes)
    if gained == 0 and row.interval_energy_wh and row.energy_wh == row.interval_energy_wh:
        notes.append(INTERVALS)
        return measured
    if measured > gained + TOLERANCE_WH:
        doubts.append(BELOW_READING)
    return gained


def _meter_went_back(
    stop: StopTransaction, by_wh: int, measured: int, doubts: list[str], notes: list[str]
) -> int:
    """A Wh or so is rounding; a counter of the session is borne out by its readings."""
    if abs(stop.meter_stop_wh - measured) <= TOLERANCE_WH < measured:
        notes.append(OWN_COUNTER)
        return stop.meter_stop_wh
    if by_wh <= TOLERANCE_WH and measured <= TOLERANCE_WH:
        notes.append(A_LITTLE_BACK % by_wh)
        return 0
    doubts.append(METER_BACK)
    return measured


def settle_without_stop(
    row: SessionRow, *, ended_at: datetime, reason: str, note: str, energy_wh: int | None = None
) -> Ending:
    """The end of a session whose Stop never came: `energy_wh`, or what its readings say."""
    energy_wh = row.energy_wh if energy_wh is None else energy_wh
    billing_status, hold_reason = _judge(row, energy_wh, [])
    return Ending(
        session_id=row.id,
        ended_at=max(ended_at, row.started_at),
        received_at=None,
        reason=reason,
        id_tag="",
        meter_stop_wh=None,
        energy_wh=energy_wh,
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
    if row.billing_status == BillingStatus.NOT_BILLABLE and not refused:
        # Only a person writes off a session of a good token.
        return BillingStatus.NOT_BILLABLE, ""
    if refused and energy_wh > 0:
        doubts.append(REFUSED)
    if not row.has_tariff and not refused:
        doubts.append(NO_TARIFF)
    if doubts:
        return BillingStatus.HELD, "; ".join(doubts)
    return (BillingStatus.NOT_BILLABLE if refused else BillingStatus.UNBILLED), ""
