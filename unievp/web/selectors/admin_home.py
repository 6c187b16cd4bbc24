"""What the admin's home page shows: a handful of aggregates, each on an index of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum, Value
from django.db.models.functions import TruncHour

from chargers.models import (
    BillingStatus,
    Charger,
    ChargingSession,
    Connector,
    ConnectorStatus,
    OrphanState,
    OrphanStop,
    SecurityEvent,
    SessionStatus,
    Severity,
    UnknownCharger,
)
from cpo.models import CPO, CPOStatus, WebhookEndpoint
from payments.models import (
    Bill,
    BooksProof,
    Difference,
    DifferenceStatus,
    Settlement,
    SettlementStatus,
)
from unievp.lib import clock
from unievp.web.timezones import OFFICE_ZONE

HOURS = 24
# The proof is made each night, and made up for within the hour.
PROOF_IS_LATE_AFTER = timedelta(hours=26)
# Billing reacts within seconds, and the sweep within minutes: older than this, something is stuck.
UNBILLED_IS_LATE_AFTER = timedelta(minutes=15)
_RECENT = 10
_FAULTS = 6


@dataclass(frozen=True, slots=True)
class Chargers:
    total: int
    online: int
    faulted: int  # connectors


@dataclass(frozen=True, slots=True)
class Running:
    sessions: int
    power_w: int


@dataclass(frozen=True, slots=True)
class Unbilled:
    count: int
    oldest: datetime | None
    held: int

    @property
    def is_late(self) -> bool:
        return self.oldest is not None and clock.now() - self.oldest > UNBILLED_IS_LATE_AFTER


@dataclass(frozen=True, slots=True)
class Settlements:
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class Hour:
    """What was billed within one hour that begins at `at` (office time)."""

    at: datetime
    bills: int = 0
    energy_wh: int = 0
    revenue: int = 0

    @property
    def kwh(self) -> str:
        """A JSON number would be a float; Chart.js reads decimal text as well."""
        return str(Decimal(self.energy_wh) / 1000)

    @property
    def thousand_rupiah(self) -> str:
        return str(Decimal(self.revenue) / 1000)


@dataclass(frozen=True, slots=True)
class Today:
    bills: int
    energy_wh: int
    revenue: int


@dataclass(frozen=True, slots=True)
class Books:
    """`proven_at` of the last proof, None: never; `differences` that nobody explained."""

    proven_at: datetime | None
    differences: int
    is_late: bool


@dataclass(frozen=True, slots=True)
class HomeFigures:
    chargers: Chargers
    running: Running
    unbilled: Unbilled
    settlements: Settlements
    books: Books
    pending_companies: int
    unknown_chargers: int
    orphan_stops: int
    critical_events: int
    failing_webhooks: int
    today: Today
    hours: list[Hour]
    zone_name: str


def _books() -> Books:
    last = BooksProof.objects.order_by("-day").first()
    proven_at = last.at if last else None
    return Books(
        proven_at=proven_at,
        differences=Difference.objects.filter(status=DifferenceStatus.OPEN).count(),
        is_late=proven_at is not None and clock.now() - proven_at > PROOF_IS_LATE_AFTER,
    )


def home_figures() -> HomeFigures:
    now = clock.now().astimezone(OFFICE_ZONE)
    hours = billed_hours(now)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today = [hour for hour in hours if hour.at >= midnight]
    return HomeFigures(
        chargers=_chargers(),
        running=_running(),
        unbilled=_unbilled(),
        settlements=_settlements(),
        books=_books(),
        **_waiting(),
        today=Today(
            bills=sum(hour.bills for hour in today),
            energy_wh=sum(hour.energy_wh for hour in today),
            revenue=sum(hour.revenue for hour in today),
        ),
        hours=hours,
        zone_name=now.tzname() or "UTC",
    )


def _waiting() -> dict[str, int]:
    """How much waits for somebody's decision, by its name in `HomeFigures`; one query."""
    critical = SecurityEvent.objects.filter(severity=Severity.CRITICAL, seen_at__isnull=True)
    rows: dict[str, QuerySet[Any]] = {
        "pending_companies": CPO.objects.filter(status=CPOStatus.PENDING),
        "unknown_chargers": UnknownCharger.objects.all(),
        "orphan_stops": OrphanStop.objects.filter(state=OrphanState.WAITING),
        "critical_events": critical,
        "failing_webhooks": WebhookEndpoint.objects.filter(failing_since__isnull=False),
    }
    first, *others = (
        each.order_by()
        .annotate(what=Value(name))
        .values("what")
        .annotate(count=Count("pk"))
        .values_list("what", "count")
        for name, each in rows.items()
    )
    # Where there is nothing there is no line of it.
    return dict.fromkeys(rows, 0) | dict(first.union(*others, all=True))


def billed_hours(now: datetime) -> list[Hour]:
    """The last 24 hours, the current one last; an hour without a bill is there with zeros."""
    last = now.replace(minute=0, second=0, microsecond=0)
    first = last - timedelta(hours=HOURS - 1)
    rows = (
        Bill.objects.filter(issued_at__gte=first)
        .annotate(hour=TruncHour("issued_at", tzinfo=OFFICE_ZONE))
        .values("hour")
        .annotate(bills=Count("pk"), energy=Sum("session__energy_wh"), revenue=Sum("total"))
        .order_by("hour")
    )
    known = {
        row["hour"]: Hour(row["hour"], row["bills"], row["energy"] or 0, row["revenue"] or 0)
        for row in rows
    }
    times = [first + timedelta(hours=index) for index in range(HOURS)]
    return [known.get(at, Hour(at)) for at in times]


def recent_sessions() -> QuerySet[ChargingSession]:
    sessions = ChargingSession.objects.select_related("charger", "connector")
    return sessions.order_by("-started_at", "-id")[:_RECENT]


def faulted_connectors() -> QuerySet[Connector]:
    return (
        Connector.objects.filter(status=ConnectorStatus.FAULTED, charger__retired_at__isnull=True)
        .select_related("charger")
        .order_by("-status_at")[:_FAULTS]
    )


def _chargers() -> Chargers:
    in_service = Charger.objects.filter(retired_at__isnull=True)
    counts = in_service.aggregate(
        total=Count("pk"), online=Count("pk", filter=Q(presence__online=True))
    )
    faulted = Connector.objects.filter(
        status=ConnectorStatus.FAULTED, charger__retired_at__isnull=True
    )
    return Chargers(total=counts["total"], online=counts["online"], faulted=faulted.count())


def _running() -> Running:
    active = ChargingSession.objects.filter(status=SessionStatus.ACTIVE)
    sums = active.aggregate(sessions=Count("pk"), power=Sum("power_w"))
    return Running(sessions=sums["sessions"], power_w=sums["power"] or 0)


def _unbilled() -> Unbilled:
    waiting = ChargingSession.objects.filter(
        status=SessionStatus.ENDED, billing_status=BillingStatus.UNBILLED
    ).aggregate(count=Count("pk"), oldest=Min("ended_at"))
    held = ChargingSession.objects.filter(billing_status=BillingStatus.HELD).count()
    return Unbilled(count=waiting["count"], oldest=waiting["oldest"], held=held)


def _settlements() -> Settlements:
    waiting = Settlement.objects.filter(status=SettlementStatus.REQUESTED)
    sums = waiting.aggregate(count=Count("pk"), amount=Sum("amount"))
    return Settlements(count=sums["count"], amount=sums["amount"] or 0)
