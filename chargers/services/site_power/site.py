"""Everything that a computation looks at, read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from chargers.models import (
    Charger,
    ChargingSession,
    Connector,
    ConnectorStatus,
    MeterReading,
    PowerType,
    SessionCap,
    SessionStatus,
    SiteAllocation,
    SiteBudget,
    SiteBudgetWindow,
    SiteCharger,
    SiteConnector,
)
from chargers.selectors.session_caps import profile_of
from chargers.services.site_power.capacity import budget_now, least_budget
from chargers.services.site_power.modes import Mode, modes_of
from chargers.services.smart_charging.limits import ChargerLimits, limits_of
from chargers.smart_charging.allocation import STEP_MA
from chargers.smart_charging.caps import most_at
from chargers.smart_charging.profiles import Profile
from chargers.smart_charging.units import Supply

_BUSY: Final = (
    ConnectorStatus.CHARGING,
    ConnectorStatus.SUSPENDED_EV,
    ConnectorStatus.SUSPENDED_EVSE,
)
# A Start that was queued while the charger was away: its Stop may be next in the queue (§2.11).
_OLD_START: Final = timedelta(minutes=5)
_QUEUE_TIME: Final = timedelta(seconds=60)
_FRESH: Final = timedelta(minutes=5)


@dataclass(slots=True)
class Outlet:
    """A connector in the budget, with its charger's facts."""

    connector: Connector
    row: SiteAllocation
    station: Station
    session: ChargingSession | None
    special: SiteConnector | None
    supply: Supply
    measured_ma: int | None = None
    # Somebody else's limit of this session, as a schedule, and the most that it allows now.
    cap: SessionCap | None = None
    capped: Profile | None = None
    cap_ma: int | None = None

    @property
    def maximum_ma(self) -> int:
        power = self.supply.share_of_power(self.connector.max_power_w)
        most = power
        if self.connector.power_type != PowerType.DC:
            most = min(power, self.connector.max_current_a * 1000)
        most = min(most, self.supply.share_of_power(self.station.charger.max_power_w))
        if self.special and self.special.cap_ma is not None:
            most = min(most, self.special.cap_ma)
        if self.cap_ma is not None:
            most = min(most, self.cap_ma)
        return most // STEP_MA * STEP_MA

    @property
    def physical_ma(self) -> int:
        """What it can take whatever we say."""
        return self.supply.share_of_power(
            min(self.connector.max_power_w, self.station.charger.max_power_w)
        )

    @property
    def is_capped(self) -> bool:
        """Whether it is the cap that lets it have no more."""
        return self.cap_ma is not None and self.maximum_ma == self.cap_ma // STEP_MA * STEP_MA

    @property
    def counted(self) -> bool:
        return self.special is None or self.special.counted

    @property
    def weight(self) -> int:
        return self.special.weight if self.special else 1


@dataclass(slots=True)
class Station:
    """A charger in the budget."""

    charger: Charger
    row: SiteCharger
    online: bool
    limits: ChargerLimits
    outlets: list[Outlet] = field(default_factory=list)

    @property
    def mode(self) -> Mode:
        modes = self.modes
        return modes[min(self.row.mode, len(modes) - 1)]

    @property
    def modes(self) -> list[Mode]:
        dc = any(outlet.connector.power_type == PowerType.DC for outlet in self.outlets)
        return modes_of(self.limits, PowerType.DC if dc else PowerType.AC_3_PHASE)


@dataclass(slots=True)
class Site:
    budget: SiteBudget
    stations: list[Station]
    now: datetime
    windows: list[SiteBudgetWindow]
    limit_ma: int
    fallback_ma: int

    @property
    def outlets(self) -> list[Outlet]:
        return [outlet for station in self.stations for outlet in station.outlets]


def read_site(budget: SiteBudget, now: datetime) -> Site:
    """The site of a locked budget; makes the rows that new chargers and connectors lack."""
    chargers = list(
        Charger.objects.filter(location_id=budget.location_id, retired_at__isnull=True)
        .select_related("presence")
        .prefetch_related("connectors")
        .order_by("pk")
    )
    connectors = [connector for charger in chargers for connector in charger.connectors.all()]
    specials = {row.connector_id: row for row in budget.connectors.all()}
    sessions = _sessions(connectors, now)
    rows = _allocations(budget, connectors)
    station_rows = _station_rows(budget, chargers)
    measured = _measured(sessions.values(), now)
    caps = SessionCap.objects.in_bulk([session.pk for session in sessions.values()])
    stations = []
    for charger in chargers:
        station = Station(
            charger=charger,
            row=station_rows[charger.pk],
            online=getattr(getattr(charger, "presence", None), "online", False),
            limits=limits_of(charger.pk),
        )
        for connector in charger.connectors.all():
            outlet = Outlet(
                connector=connector,
                row=rows[connector.pk],
                station=station,
                session=sessions.get(connector.pk),
                special=specials.get(connector.pk),
                supply=supply_for(connector, budget),
            )
            outlet.measured_ma = _measured_ma(outlet, measured, now)
            if outlet.session is not None:
                _put_cap(outlet, caps.get(outlet.session.pk), now)
            station.outlets.append(outlet)
        stations.append(station)
    windows = list(budget.windows.all())
    counted = [o for station in stations for o in station.outlets if o.counted]
    return Site(
        budget=budget,
        stations=stations,
        now=now,
        windows=windows,
        limit_ma=budget_now(budget, windows, now),
        fallback_ma=_fallback(budget, windows, len(counted)),
    )


def _put_cap(outlet: Outlet, cap: SessionCap | None, now: datetime) -> None:
    outlet.cap = cap
    if cap is not None and cap.periods:
        outlet.capped = profile_of(cap)
        outlet.cap_ma = most_at(outlet.capped, now, outlet.supply)


def _fallback(budget: SiteBudget, windows: Iterable[SiteBudgetWindow], connectors: int) -> int:
    """The configured one, but never more than all connectors may take at the same time."""
    safe = least_budget(budget, windows) // max(connectors, 1)
    wanted = safe if budget.fallback_ma is None else min(budget.fallback_ma, safe)
    return wanted // STEP_MA * STEP_MA


def _sessions(connectors: list[Connector], now: datetime) -> dict[int, ChargingSession]:
    status = {connector.pk: connector.status for connector in connectors}
    rows = ChargingSession.objects.filter(connector__in=connectors, status=SessionStatus.ACTIVE)
    return {
        row.connector_id: row
        for row in rows
        if status[row.connector_id] in _BUSY
        or row.start_received_at - row.started_at < _OLD_START
        or now - row.start_received_at > _QUEUE_TIME
    }


def _allocations(budget: SiteBudget, connectors: list[Connector]) -> dict[int, SiteAllocation]:
    rows = {
        row.connector_id: row
        for row in SiteAllocation.objects.filter(connector__in=connectors).select_related("command")
    }
    for connector in connectors:
        if connector.pk not in rows:
            rows[connector.pk] = SiteAllocation(budget=budget, connector=connector)
        rows[connector.pk].budget = budget
    return rows


def _station_rows(budget: SiteBudget, chargers: list[Charger]) -> dict[int, SiteCharger]:
    rows = {
        row.charger_id: row
        for row in SiteCharger.objects.filter(charger__in=chargers).select_related(
            "fallback_command", "gate_command"
        )
    }
    for charger in chargers:
        if charger.pk not in rows:
            rows[charger.pk] = SiteCharger(budget=budget, charger=charger)
        rows[charger.pk].budget = budget
    return rows


def supply_for(connector: Connector, budget: SiteBudget) -> Supply:
    one = connector.power_type == PowerType.AC_1_PHASE or budget.phases == 1
    return Supply(phases=1 if one else 3, volts=budget.voltage_v)


def _measured(sessions: Iterable[ChargingSession], now: datetime) -> dict[int, int]:
    """The latest measured current of each session (mA), where one came lately."""
    found = MeterReading.objects.filter(
        session_id__in=[session.pk for session in sessions],
        measured_at__gte=now - _FRESH,
        current_ma__isnull=False,
    ).order_by("session_id", "-measured_at")
    latest = found.distinct("session_id").values_list("session_id", "current_ma")
    return {
        session_id: ma for session_id, ma in latest if session_id is not None and ma is not None
    }


def _measured_ma(outlet: Outlet, currents: Mapping[int, int], now: datetime) -> int | None:
    session = outlet.session
    if session is None or session.last_reading_at is None:
        return None
    if now - session.last_reading_at > _FRESH:
        return None
    if session.pk in currents and outlet.connector.power_type != PowerType.DC:
        return max(currents[session.pk], 0)
    if session.power_w is None:
        return None
    # Power alone does not tell the phases: taken for one, a car is never thought modest wrongly.
    dc = outlet.connector.power_type == PowerType.DC
    phases = outlet.supply.phases if dc else 1
    return max(Supply(phases, outlet.supply.volts).share_of_power(session.power_w), 0)
