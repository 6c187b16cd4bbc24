"""The live charger board: every charger with its connectors and what charges there now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from chargers.models import (
    Charger,
    ChargerStatus,
    ChargingSession,
    Connector,
    ConnectorStatus,
    Location,
    SessionStatus,
)
from chargers.selectors.quotes import costs_of
from chargers.selectors.totals import sessions_of, totals_since
from cpo.access import Actor, visible

OFFLINE, FAULTED, CHARGING, FREE = "offline", "faulted", "charging", "free"
STATES = (CHARGING, FREE, FAULTED, OFFLINE)


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """What a visitor asked for; an empty value asks for everything."""

    cpo_id: UUID | None = None
    location_id: int | None = None
    state: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class BoardConnector:
    """A connector, its running session, and what that costs so far (minor units of its currency).

    The connector's `status` is what the charger said last.
    """

    connector: Connector
    session: ChargingSession | None
    cost: int | None = None


@dataclass(frozen=True, slots=True)
class BoardCharger:
    charger: Charger
    online: bool
    last_seen_at: datetime | None
    connectors: list[BoardConnector] = field(default_factory=list)

    @property
    def has_fault(self) -> bool:
        return self.charger.status == ChargerStatus.FAULTED or any(
            part.connector.status == ConnectorStatus.FAULTED for part in self.connectors
        )

    @property
    def state(self) -> str:
        """The one word for the whole charger; what keeps it from earning comes first."""
        if not self.online:
            return OFFLINE
        if self.has_fault:
            return FAULTED
        return CHARGING if any(part.session for part in self.connectors) else FREE


@dataclass(frozen=True, slots=True)
class Kpis:
    """Energy and revenue are of sessions that started today, by each location's own midnight.

    `revenue` is what is billed of them. `charging` counts chargers, `running` their sessions.
    """

    total: int
    online: int
    charging: int
    running: int
    faulted: int
    power_w: int
    energy_wh: int
    revenue: int
    sessions: int

    @property
    def offline(self) -> int:
        return self.total - self.online


def in_service(actor: Actor, cpo_id: UUID | None = None) -> QuerySet[Charger]:
    """The chargers that `actor` may see and that are not retired."""
    chargers = visible(actor, Charger.objects.filter(retired_at__isnull=True))
    return chargers.filter(cpo_id=cpo_id) if cpo_id else chargers


def board_chargers(actor: Actor, wanted: BoardFilter) -> QuerySet[Charger]:
    """Chargers in the board's order, for a paginator; `with_parts` makes the rows."""
    chargers = in_service(actor, wanted.cpo_id)
    if wanted.location_id:
        chargers = chargers.filter(location_id=wanted.location_id)
    if wanted.text:
        chargers = chargers.filter(
            Q(identity__icontains=wanted.text)
            | Q(name__icontains=wanted.text)
            | Q(location__name__icontains=wanted.text)
            | Q(vendor__icontains=wanted.text)
            | Q(model__icontains=wanted.text)
        )
    if wanted.state in STATES:
        chargers = _in_state(chargers, wanted.state)
    return chargers.order_by("location__name", "identity")


def with_parts(chargers: QuerySet[Charger]) -> list[BoardCharger]:
    """Four queries, however many chargers."""
    connectors = Connector.objects.order_by("number")
    running = ChargingSession.objects.filter(status=SessionStatus.ACTIVE).select_related("driver")
    rows = chargers.select_related("presence", "location", "cpo").prefetch_related(
        Prefetch("connectors", connectors, to_attr="board_connectors"),
        Prefetch("sessions", running, to_attr="board_sessions"),
    )
    chargers_found = list(rows)
    sessions: list[ChargingSession] = [
        session for charger in chargers_found for session in getattr(charger, "board_sessions", ())
    ]
    costs = costs_of(sessions)
    return [_board_charger(charger, costs) for charger in chargers_found]


def kpis(actor: Actor, cpo_id: UUID | None = None) -> Kpis:
    chargers = in_service(actor, cpo_id)
    counts = chargers.aggregate(
        total=Count("pk"),
        online=Count("pk", filter=Q(presence__online=True)),
        faulted=Count("pk", filter=Q(presence__online=True) & _fault()),
    )
    running = (
        sessions_of(actor, cpo_id)
        .filter(status=SessionStatus.ACTIVE)
        .aggregate(
            count=Count("pk"),
            chargers=Count("charger", distinct=True),
            power=Coalesce(Sum("power_w"), 0),
        )
    )
    today = totals_since(actor, cpo_id)
    return Kpis(
        total=counts["total"],
        online=counts["online"],
        charging=running["chargers"],
        running=running["count"],
        faulted=counts["faulted"],
        power_w=running["power"],
        energy_wh=today.energy_wh,
        revenue=today.revenue,
        sessions=today.sessions,
    )


def locations(actor: Actor, cpo_id: UUID | None = None) -> QuerySet[Location]:
    rows = visible(actor, Location.objects.order_by("name"))
    return rows.filter(cpo_id=cpo_id) if cpo_id else rows


def _board_charger(charger: Charger, costs: dict[int, int]) -> BoardCharger:
    presence = getattr(charger, "presence", None)
    sessions: Iterable[ChargingSession] = getattr(charger, "board_sessions", ())
    running = {session.connector_id: session for session in sessions}
    connectors: Iterable[Connector] = getattr(charger, "board_connectors", ())

    def part(connector: Connector) -> BoardConnector:
        session = running.get(connector.pk)
        cost = costs.get(session.pk, session.cost) if session else None
        return BoardConnector(connector, session, cost)

    return BoardCharger(
        charger=charger,
        online=presence is not None and presence.online,
        last_seen_at=presence.last_seen_at if presence else None,
        connectors=[part(connector) for connector in connectors],
    )


def _fault() -> Q:
    faulted = Connector.objects.filter(charger=OuterRef("pk"), status=ConnectorStatus.FAULTED)
    return Q(status=ChargerStatus.FAULTED) | Q(Exists(faulted))


def _in_state(chargers: QuerySet[Charger], state: str) -> QuerySet[Charger]:
    """The same decision as `BoardCharger.state`, in SQL."""
    if state == OFFLINE:
        return chargers.exclude(presence__online=True)
    chargers = chargers.filter(presence__online=True)
    if state == FAULTED:
        return chargers.filter(_fault())
    running = Exists(
        ChargingSession.objects.filter(charger=OuterRef("pk"), status=SessionStatus.ACTIVE)
    )
    chargers = chargers.exclude(_fault())
    return chargers.filter(running if state == CHARGING else ~running)
