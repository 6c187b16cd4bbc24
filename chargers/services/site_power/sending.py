"""The budget's profiles on their way: limits, fallbacks and gates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from chargers.models import ProfileSource
from chargers.services.site_power import modes
from chargers.services.site_power.deciding import Decision, later
from chargers.services.site_power.settling import is_blocked
from chargers.services.site_power.site import Outlet, Site, Station
from chargers.services.smart_charging.installing import install_profile
from chargers.smart_charging.caps import changes, most_at
from chargers.smart_charging.profiles import TX
from chargers.smart_charging.steps import next_limits

ACTOR: Final = "power budget"
# A limit that the charger did not get in time is computed anew.
_DEADLINE_S: Final = 60


def send_limits(site: Site, decisions: Sequence[Decision]) -> None:
    """Lowerings, raises that fit, and renewals of what stays."""
    budget = site.budget
    changes = next_limits(
        [decision.grant for decision in decisions],
        budget_ma=site.limit_ma,
        threshold_ma=budget.threshold_ma,
        minimum_ma=budget.minimum_ma,
    )
    for decision in decisions:
        outlet, grant = decision.outlet, decision.grant
        if grant.takes_ma is not None or grant.pending_ma is not None:
            continue
        ma = changes.get(grant.key)
        if ma is None and _has_to_be_renewed(outlet, site):
            ma = min(grant.confirmed_ma, grant.target_ma)
        if ma is not None:
            _send_limit(outlet, ma, site)


def send_defaults(site: Site) -> None:
    """Every charger that is there gets its fallback and, above it, the gate."""
    for station in site.stations:
        row = station.row
        waits = row.retry_at is not None and row.retry_at > site.now
        if not station.online or not station.outlets or waits:
            continue
        if row.fallback_sent_ma is None and row.fallback_ma != site.fallback_ma:
            _send_fallback(station, site)
        if row.gate_sent_until is None and _gate_is_due(station, site):
            _send_gate(station, site)


def _has_to_be_renewed(outlet: Outlet, site: Site) -> bool:
    row = outlet.row
    if outlet.cap is not None and not outlet.cap.is_sent:
        # What the charger has may tell of other steps.
        return True
    if row.limit_ma is None:
        # Nothing of its own holds this session back: before the gate ends it needs a limit.
        gate = outlet.station.row.gate_until
        return outlet.session is not None and (gate is None or gate <= later(site))
    if row.limit_at is None:
        return True
    half = timedelta(seconds=site.budget.lease_s / 2)
    return row.limit_until is not None and row.limit_until - site.now < half


def _gate_is_due(station: Station, site: Site) -> bool:
    if not modes.has_gate(station.limits):
        return False
    half = timedelta(seconds=site.budget.lease_s / 2)
    return station.row.gate_until is None or station.row.gate_until - site.now < half


def _send_limit(outlet: Outlet, ma: int, site: Site) -> None:
    row, station, session = outlet.row, outlet.station, outlet.session
    mode = station.mode
    if is_blocked(station, site.now) or (mode.purpose == TX and session is None):
        return
    until = site.now + timedelta(seconds=site.budget.lease_s)
    profile = modes.limit_profile(
        mode,
        station.limits,
        connector=outlet.connector.number,
        transaction_id=session.transaction_id if session else None,
        ma=ma,
        supply=outlet.supply,
        now=site.now,
        until=until,
        steps=_steps(outlet, ma, site, until),
    )
    sent = install_profile(
        station.charger,
        profile=profile,
        actor=ACTOR,
        insist=True,
        source=ProfileSource.BUDGET,
        deadline_s=_DEADLINE_S,
    )
    row.sent_ma, row.sent_until, row.command = ma, until, sent.command
    if outlet.cap is not None and not outlet.cap.is_sent:
        outlet.cap.is_sent = True
        outlet.cap.save(update_fields=["is_sent"])


def _steps(outlet: Outlet, ma: int, site: Site, until: datetime) -> list[tuple[datetime, int]]:
    """What somebody else's cap makes of this limit later on, as far as the charger can hold it.

    What it cannot, the computation at that moment sends.
    """
    if outlet.capped is None:
        return []
    steps: list[tuple[datetime, int]] = []
    before = ma
    for at in changes(outlet.capped, site.now, until):
        most = most_at(outlet.capped, at, outlet.supply)
        step = ma if most is None else min(ma, most)
        step = step if step >= site.budget.minimum_ma else 0
        if step != before:
            steps.append((at, step))
        before = step
    room = (outlet.station.limits.max_periods or 1) - 1
    return steps[: max(room, 0)]


def _send_fallback(station: Station, site: Site) -> None:
    outlet = station.outlets[0]
    profile = modes.fallback_profile(site.fallback_ma, station.mode.unit, outlet.supply)
    sent = install_profile(
        station.charger,
        profile=profile,
        actor=ACTOR,
        insist=True,
        source=ProfileSource.FALLBACK,
        deadline_s=_DEADLINE_S,
    )
    station.row.fallback_sent_ma = site.fallback_ma
    station.row.fallback_command = sent.command


def _send_gate(station: Station, site: Site) -> None:
    until = site.now + timedelta(seconds=site.budget.lease_s)
    sent = install_profile(
        station.charger,
        profile=modes.gate_profile(station.mode.unit, now=site.now, until=until),
        actor=ACTOR,
        insist=True,
        source=ProfileSource.FALLBACK,
        deadline_s=_DEADLINE_S,
    )
    station.row.gate_sent_until = until
    station.row.gate_command = sent.command
