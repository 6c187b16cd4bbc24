"""Chargers that are offline. Many that fell silent together are one trouble, and one ticket."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Coalesce

from chargers.models import Presence
from tickets.services.causes import Cause
from tickets.services.rules.selling import in_use
from tickets.states import RuleKind

# So many of one company within TOGETHER are one ticket.
MANY: Final = 10
TOGETHER: Final = timedelta(minutes=30)
_KIND: Final = RuleKind.CHARGER_OFFLINE


def offline(now: datetime, patience: timedelta) -> list[Cause]:
    """Gone, having been there once; whoever is so for `patience` opens a ticket."""
    gone = Presence.objects.filter(
        in_use("charger__"), online=False, connected_at__isnull=False
    ).annotate(since=Coalesce("disconnected_at", "last_seen_at", "connected_at"))
    rows: Iterable[dict[str, Any]] = gone.order_by("pk").values(  # type: ignore[assignment]
        "since",
        charger_pk=F("charger_id"),
        company=F("charger__cpo_id"),
        identity=F("charger__identity"),
        location_name=F("charger__location__name"),
    )
    groups: defaultdict[tuple[UUID, int], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["company"], int(row["since"].timestamp() // TOGETHER.total_seconds())].append(
            row
        )
    until = now - patience
    return [cause for key, rows in groups.items() for cause in _causes(key, rows, until)]


def _causes(
    group: tuple[UUID, int], rows: list[dict[str, Any]], until: datetime
) -> Iterable[Cause]:
    is_many = len(rows) >= MANY
    if is_many:
        yield _together(group, rows, until)
    for row in rows:
        since = row["since"]
        yield Cause(
            kind=_KIND,
            key=f"{_KIND.value}:{row['charger_pk']}",
            since=since,
            occurrence=str(int(since.timestamp())),
            args={"charger": row["identity"], "location": row["location_name"]},
            cpo_id=row["company"],
            charger_id=row["charger_pk"],
            opens=since <= until and not is_many,
        )


def _together(group: tuple[UUID, int], rows: list[dict[str, Any]], until: datetime) -> Cause:
    company, window = group
    since = min(row["since"] for row in rows)
    return Cause(
        kind=_KIND,
        key=f"{_KIND.value}:{company}:{window}",
        since=since,
        occurrence=str(window),
        code="chargers_offline",
        args={"count": len(rows), "charger": rows[0]["identity"]},
        cpo_id=company,
        opens=since <= until,
    )
