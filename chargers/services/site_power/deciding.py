"""From facts to shares: what each connector counts with, and what each car may have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from chargers.models import AllocationReason, ConnectorStatus
from chargers.services.site_power.settling import is_blocked
from chargers.services.site_power.site import Outlet, Site, Station
from chargers.smart_charging.allocation import STEP_MA, Car, Share, Why, allocate
from chargers.smart_charging.demand import demand_of
from chargers.smart_charging.profiles import TX_DEFAULT
from chargers.smart_charging.steps import Grant

# How long a car has to follow a new limit before its meter tells what it would take.
_SETTLING: Final = timedelta(seconds=60)
_REASONS: Final = {
    Why.FULL: AllocationReason.FULL,
    Why.DEMAND: AllocationReason.DEMAND,
    Why.SHARE: AllocationReason.SHARE,
    Why.WAITING: AllocationReason.WAITING,
}


@dataclass(frozen=True, slots=True)
class Decision:
    outlet: Outlet
    grant: Grant
    reason: AllocationReason


def decide(site: Site) -> list[Decision]:
    """One decision per connector that counts, in the order of the connectors' keys."""
    outlets = sorted((o for o in site.outlets if o.counted), key=lambda o: o.connector.pk)
    fixed = {o.connector.pk: _takes(o, site) for o in outlets}
    cars = [_car(o, site) for o in outlets if fixed[o.connector.pk] is None and o.session]
    aside = 0
    for outlet in outlets:
        takes = fixed[outlet.connector.pk]
        aside += 0 if takes is None else _set_aside(outlet, takes, site)
    available = max(site.limit_ma - aside, 0)
    shares = _shares(site, cars, available)
    return [_decision(outlet, fixed[outlet.connector.pk], shares, site) for outlet in outlets]


def bound_of(outlet: Outlet, site: Site) -> int:
    """The most that the charger lets this connector have now, as far as it has confirmed."""
    return _bound_at(outlet, site.now)


def later(site: Site) -> datetime:
    """By then a lease that nobody could renew has to be reckoned with, to make room in time."""
    return site.now + timedelta(seconds=site.budget.lease_s / 3)


def _bound_at(outlet: Outlet, at: datetime) -> int:
    row = outlet.row
    if row.limit_ma is not None and row.limit_until is not None and row.limit_until > at:
        return row.limit_ma
    return _default_at(outlet, at)


def _default_at(outlet: Outlet, at: datetime) -> int:
    """What a session without a limit of its own gets."""
    station = outlet.station.row
    if station.gate_until is not None and station.gate_until > at:
        return 0
    if station.fallback_ma is not None:
        most = max(station.fallback_ma, station.fallback_sent_ma or 0)
        return min(most, outlet.physical_ma)
    # Nothing holds it back. Without a session nothing flows, and nothing is set aside.
    return outlet.physical_ma if outlet.session else 0


def _takes(outlet: Outlet, site: Site) -> int | None:
    """What a connector counts with that gets no limit from us; None for one that may get one."""
    if not outlet.station.online:
        return _takes_offline(outlet, site)
    if outlet.session is None:
        return None if _keeps_a_limit(outlet, site) else bound_of(outlet, site)
    if is_blocked(outlet.station, site.now):
        return bound_of(outlet, site)
    return None


def _takes_offline(outlet: Outlet, site: Site) -> int:
    """Its limit while that lasts; else nothing while the gate lasts, else what it has alone."""
    leases = _leases(outlet, site)
    gate = outlet.station.row.gate_until
    if leases or (gate is not None and gate > site.now):
        return max(leases, default=0)
    return _alone(outlet)


def _set_aside(outlet: Outlet, takes: int, site: Site) -> int:
    """What nobody else may get: what it counts with, and what it will when its leases end.

    An offline charger falls back unheard; of an online one most leases are renewed in time.
    """
    if outlet.station.online:
        return max(takes, _bound_at(outlet, later(site)))
    return max([_alone(outlet), *_leases(outlet, site)])


def _alone(outlet: Outlet) -> int:
    fallback = outlet.station.row.fallback_ma
    return outlet.physical_ma if fallback is None else min(fallback, outlet.physical_ma)


def _leases(outlet: Outlet, site: Site) -> list[int]:
    row = outlet.row
    return [
        ma
        for ma, until in ((row.limit_ma, row.limit_until), (row.sent_ma, row.sent_until))
        if ma is not None and until is not None and until > site.now
    ]


def _keeps_a_limit(outlet: Outlet, site: Site) -> bool:
    """An idle connector whose last limit is a default for its next session: to be closed."""
    mode = outlet.station.mode
    return mode.purpose == TX_DEFAULT and bound_of(outlet, site) > 0


def _car(outlet: Outlet, site: Site) -> Car:
    row = outlet.row
    row.measured_ma = outlet.measured_ma
    row.demand_ma = _demand(outlet)
    return Car(
        key=outlet.connector.pk,
        minimum_ma=site.budget.minimum_ma,
        maximum_ma=outlet.maximum_ma,
        demand_ma=row.demand_ma,
        weight=outlet.weight,
        served_since=row.served_since,
        waiting_since=row.waiting_since,
        is_idle=outlet.connector.status == ConnectorStatus.SUSPENDED_EV,
    )


def _demand(outlet: Outlet) -> int | None:
    row, session = outlet.row, outlet.session
    if session is None or not row.limit_ma or row.limit_at is None:
        return None
    read_at = session.last_reading_at
    settled = read_at is not None and read_at >= row.limit_at + _SETTLING
    return demand_of(
        measured_ma=outlet.measured_ma,
        limit_ma=row.limit_ma,
        before_ma=row.demand_ma,
        settled=settled,
    )


def _shares(site: Site, cars: list[Car], available: int) -> dict[int, Share]:
    turn = timedelta(seconds=site.budget.turn_s)
    by_key = {car.key: car for car in cars}
    for station in site.stations:
        mine = [by_key[o.connector.pk] for o in station.outlets if o.connector.pk in by_key]
        cap = _cap(station)
        if len(mine) < 2 or sum(car.maximum_ma for car in mine) <= cap:
            continue
        # What the charger can give all its cars together comes before what the site can.
        inside = allocate(mine, cap, now=site.now, turn=turn)
        for car in mine:
            by_key[car.key] = replace(car, maximum_ma=inside[car.key].ma)
    return allocate(list(by_key.values()), available, now=site.now, turn=turn)


def _cap(station: Station) -> int:
    supply = station.outlets[0].supply
    return supply.share_of_power(station.charger.max_power_w) // STEP_MA * STEP_MA


def _decision(outlet: Outlet, takes: int | None, shares: dict[int, Share], site: Site) -> Decision:
    key = outlet.connector.pk
    share = shares.get(key)
    target = share.ma if share else (takes or 0)
    grant = Grant(
        key=key,
        confirmed_ma=bound_of(outlet, site),
        target_ma=target,
        pending_ma=outlet.row.sent_ma,
        takes_ma=takes,
        ceiling_ma=outlet.cap_ma,
    )
    return Decision(outlet, grant, _reason(outlet, share, site))


def _reason(outlet: Outlet, share: Share | None, site: Site) -> AllocationReason:
    if not outlet.station.online:
        return AllocationReason.OFFLINE
    if outlet.session is None:
        return AllocationReason.IDLE
    if share is None:
        return AllocationReason.REFUSED
    has_all = share.ma >= outlet.maximum_ma or outlet.maximum_ma < site.budget.minimum_ma
    return AllocationReason.CAPPED if outlet.is_capped and has_all else _REASONS[share.why]
