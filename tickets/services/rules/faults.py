"""Connectors, and whole chargers, that report a fault."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import DateTimeField, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from chargers.models import (
    Charger,
    ChargerStatus,
    Connector,
    ConnectorStatus,
    ConnectorStatusChange,
    ForcedStatus,
)
from tickets.services.causes import Cause
from tickets.services.rules.selling import in_use
from tickets.states import RuleKind

_BEFORE_ALL: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KIND: Final = RuleKind.CONNECTOR_FAULTED


def faulted(now: datetime, patience: timedelta) -> list[Cause]:
    """Faulted now, without a better word since; whoever is so for `patience` opens a ticket."""
    until = now - patience
    connectors = Connector.objects.filter(
        in_use("charger__"), ~Q(forced_status=ForcedStatus.UNAVAILABLE)
    ).filter(status=ConnectorStatus.FAULTED)
    chargers = Charger.objects.filter(in_use(), status=ChargerStatus.FAULTED)
    rows = [
        *_with_start(connectors, OuterRef("charger_id"), OuterRef("number")).values(
            "error_code",
            "start",
            "first",
            "status_at",
            charger_pk=F("charger_id"),
            connector_pk=F("pk"),
            place=F("number"),
            company=F("charger__cpo_id"),
            identity=F("charger__identity"),
            location_name=F("charger__location__name"),
        ),
        *_with_start(chargers, OuterRef("pk"), Value(0)).values(
            "error_code",
            "start",
            "first",
            "status_at",
            "identity",
            charger_pk=F("pk"),
            company=F("cpo_id"),
            location_name=F("location__name"),
        ),
    ]
    return [_cause(row, until) for row in rows]


def _with_start(rows: QuerySet[Any], charger: Any, number: Any) -> QuerySet[Any]:
    """With its first report of this fault; some chargers report the same one every minute.

    By our clock, because a charger's own may be years off.
    """
    reports = ConnectorStatusChange.objects.filter(charger=charger, connector_number=number)
    well = reports.exclude(status=ConnectorStatus.FAULTED).order_by("-reported_at", "-pk")
    since = Coalesce(
        Subquery(well.values("reported_at")[:1]), Value(_BEFORE_ALL), output_field=DateTimeField()
    )
    faults = reports.filter(status=ConnectorStatus.FAULTED, reported_at__gte=OuterRef("well_at"))
    first = faults.order_by("reported_at", "pk")
    found: QuerySet[Any] = rows.annotate(
        well_at=since,
        first=Subquery(first.values("pk")[:1]),
        start=Subquery(first.values("received_at")[:1]),
    ).order_by("pk")
    return found


def _cause(row: dict[str, Any], until: datetime) -> Cause:
    connector = row.get("connector_pk")
    since = row["start"] or row["status_at"] or until
    subject = f"connector:{connector}" if connector else f"charger:{row['charger_pk']}"
    args = {
        "charger": row["identity"],
        "location": row["location_name"],
        "error": row["error_code"],
    }
    if connector:
        args["connector"] = row["place"]
    return Cause(
        kind=_KIND,
        key=f"{_KIND.value}:{subject}",
        since=since,
        occurrence=str(row["first"] or ""),
        code="" if connector else "charger_faulted",
        args=args,
        cpo_id=row["company"],
        charger_id=row["charger_pk"],
        connector_id=connector,
        opens=since <= until,
    )
