"""What chargers answered since the last computation: which limits are in force for certain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chargers.models import ChargingProfile, Command, ProfileState
from chargers.services.site_power.modes import FALLBACK_ID, GATE_ID, LIMIT_ID
from chargers.services.site_power.site import Outlet, Site, Station
from chargers.services.smart_charging.installing import FIRST_FREE_ID
from chargers.smart_charging.profiles import TX

FIRST_RETRY: Final = timedelta(seconds=60)
LAST_RETRY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Known:
    """Profiles by the command that carried them, and those installed by (charger, profile id)."""

    by_command: dict[UUID, ChargingProfile]
    installed: dict[tuple[int, int], ChargingProfile]

    def sent(self, command: Command | None) -> ChargingProfile | None:
        return self.by_command.get(command.pk) if command is not None else None

    def state(self, command: Command | None) -> ProfileState:
        row = self.sent(command)
        return ProfileState.UNSENT if row is None else ProfileState(row.state)

    def holds(self, station: Station, profile_id: int, session_id: int | None = None) -> bool:
        """Installed (for that session), and no boot since: not every charger keeps profiles."""
        row = self.installed.get((station.charger.pk, profile_id))
        if row is None or (row.purpose == TX and row.session_id != session_id):
            return False
        booted = station.charger.booted_at
        return booted is None or booted <= row.state_at


def settle(site: Site) -> None:
    """Move what was sent to what is confirmed; forget what the charger does not hold any more."""
    known = _known(site)
    for station in site.stations:
        _settle_fallback(station, known, site.now)
        _settle_gate(station, known, site.now)
        for outlet in station.outlets:
            _settle_limit(outlet, known, site.now)


def is_blocked(station: Station, now: datetime) -> bool:
    """It has refused every way of limiting a session, and is not asked again yet."""
    row = station.row
    waits = row.retry_at is not None and row.retry_at > now
    return waits and row.refusals >= len(station.modes)


def _known(site: Site) -> Known:
    commands: list[UUID | None] = [outlet.row.command_id for outlet in site.outlets]
    for station in site.stations:
        commands += [station.row.fallback_command_id, station.row.gate_command_id]
    sent = ChargingProfile.objects.filter(command_id__in=[pk for pk in commands if pk])
    chargers = [station.charger.pk for station in site.stations]
    held = ChargingProfile.objects.filter(
        charger_id__in=chargers,
        state=ProfileState.INSTALLED,
        profile_id__gte=FALLBACK_ID,
        profile_id__lt=FIRST_FREE_ID,
    )
    return Known(
        by_command={row.command_id: row for row in sent if row.command_id is not None},
        installed={(row.charger_id, row.profile_id): row for row in held},
    )


def _settle_fallback(station: Station, known: Known, now: datetime) -> None:
    row = station.row
    if row.fallback_sent_ma is None:
        if row.fallback_ma is not None and not known.holds(station, FALLBACK_ID):
            row.fallback_ma = None
        return
    state = known.state(row.fallback_command)
    if state == ProfileState.PENDING:
        return
    if state == ProfileState.INSTALLED:
        row.fallback_ma = row.fallback_sent_ma
    elif state == ProfileState.REFUSED:
        _default_refused(station, known.sent(row.fallback_command), now)
    elif row.fallback_ma is not None:
        row.fallback_ma = max(row.fallback_ma, row.fallback_sent_ma)
    row.fallback_sent_ma = None


def _settle_gate(station: Station, known: Known, now: datetime) -> None:
    row = station.row
    if row.gate_sent_until is None:
        if row.gate_until is not None and not known.holds(station, GATE_ID):
            row.gate_until = None
        return
    state = known.state(row.gate_command)
    if state == ProfileState.PENDING:
        return
    if state == ProfileState.INSTALLED:
        row.gate_until = row.gate_sent_until
    elif state == ProfileState.REFUSED:
        _default_refused(station, known.sent(row.gate_command), now)
    row.gate_sent_until = None


def _settle_limit(outlet: Outlet, known: Known, now: datetime) -> None:
    row, station = outlet.row, outlet.station
    session_id = outlet.session.pk if outlet.session else None
    if row.sent_ma is not None:
        _settle_sent(outlet, known, session_id, now)
    held = known.holds(station, LIMIT_ID + outlet.connector.number, session_id)
    # An offline charger goes on with what it had: its session may have ended unheard.
    if station.online and row.limit_ma is not None and row.limit_at is not None and not held:
        row.limit_ma, row.limit_until, row.limit_at = None, None, None


def _settle_sent(outlet: Outlet, known: Known, session_id: int | None, now: datetime) -> None:
    row = outlet.row
    if row.sent_ma is None:
        return
    state = known.state(row.command)
    sent = known.sent(row.command)
    is_for_another = sent is not None and sent.purpose == TX and sent.session_id != session_id
    if is_for_another:
        # A TxProfile is worth nothing without its transaction.
        row.limit_ma, row.limit_until, row.limit_at = None, None, None
    elif state == ProfileState.PENDING:
        return
    elif state == ProfileState.INSTALLED:
        row.limit_ma, row.limit_until, row.limit_at = row.sent_ma, row.sent_until, now
        outlet.station.row.refusals, outlet.station.row.refusal = 0, ""
    elif state == ProfileState.REFUSED:
        _limit_refused(outlet, sent, now)
    elif state == ProfileState.UNSURE:
        # The charger may have it or not: the higher one counts, and it is sent again.
        row.limit_ma = max(row.limit_ma or 0, row.sent_ma)
        row.limit_until, row.limit_at = _latest((row.limit_until, row.sent_until)), None
    row.sent_ma, row.sent_until = None, None


def _latest(times: Iterable[datetime | None]) -> datetime | None:
    return max((at for at in times if at is not None), default=None)


def _limit_refused(outlet: Outlet, sent: ChargingProfile | None, now: datetime) -> None:
    """The next way at once; after the last one a pause, longer each time.

    A charger that has accepted this way before is asked the same again: its old limit still
    stands, and a default would not overrule it.
    """
    row, ways = outlet.station.row, len(outlet.station.modes)
    if sent is None or (sent.purpose, sent.rate_unit) != outlet.station.mode:
        # Two connectors were refused the same way: that is one refusal.
        return
    row.refusals += 1
    row.refusal = sent.refusal
    if outlet.row.limit_at is not None:
        row.refusals = max(row.refusals, ways)
    else:
        row.mode = (row.mode + 1) % ways
    if row.refusals >= ways:
        row.retry_at = now + min(FIRST_RETRY * 2 ** min(row.refusals - ways, 6), LAST_RETRY)


def _default_refused(station: Station, sent: ChargingProfile | None, now: datetime) -> None:
    """A default was refused: the other unit, unless sessions are limited well in this one."""
    row = station.row
    if sent is None or sent.rate_unit != station.mode.unit:
        return
    row.refusal = sent.refusal
    proven = any(outlet.row.limit_at is not None for outlet in station.outlets)
    following = station.modes[1] if len(station.modes) > 1 else None
    if row.mode == 0 and following is not None and following.purpose == TX and not proven:
        row.mode = 1
    elif row.retry_at is None or row.retry_at <= now:
        row.retry_at = now + FIRST_RETRY * 5
