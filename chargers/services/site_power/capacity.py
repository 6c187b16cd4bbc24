"""How much a site may take now, at its worst hour, and when that changes next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from chargers.models import SiteBudget, SiteBudgetWindow
from chargers.smart_charging.units import Supply


def supply_of_site(budget: SiteBudget) -> Supply:
    return Supply(phases=budget.phases, volts=budget.voltage_v)


def budget_now(budget: SiteBudget, windows: Iterable[SiteBudgetWindow], now: datetime) -> int:
    """Milliamperes per phase for charging at `now`, the building's reserve taken off."""
    local = now.astimezone(ZoneInfo(budget.location.time_zone)).time()
    powers = [window.power_w for window in windows if _holds(window, local)]
    return _share(budget, min(powers, default=budget.power_w))


def least_budget(budget: SiteBudget, windows: Iterable[SiteBudgetWindow]) -> int:
    """The smallest budget of the day: what a charger on its own may count on."""
    return _share(budget, min([budget.power_w, *(window.power_w for window in windows)]))


def next_change(
    budget: SiteBudget, windows: Iterable[SiteBudgetWindow], now: datetime
) -> datetime | None:
    """The next time of day at which another power may apply."""
    zone = ZoneInfo(budget.location.time_zone)
    today = now.astimezone(zone).date()
    times = [at for window in windows for at in (window.begins, window.ends)]
    moments = [
        datetime.combine(today + timedelta(days=days), at, tzinfo=zone)
        for at in times
        for days in (0, 1)
    ]
    return min((moment for moment in moments if moment > now), default=None)


def _holds(window: SiteBudgetWindow, local: time) -> bool:
    if window.begins < window.ends:
        return window.begins <= local < window.ends
    return local >= window.begins or local < window.ends


def _share(budget: SiteBudget, power_w: int) -> int:
    return supply_of_site(budget).share_of_power(max(power_w - budget.reserve_w, 0))
