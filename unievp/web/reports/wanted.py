"""What a report is asked for: whose rows, of which time, told in which zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Model, QuerySet

_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Wanted:
    """`since` ≤ time < `until`; `zone` None: each location's own. `by`: hour, day or month."""

    since: datetime | None = None
    until: datetime | None = None
    cpo_id: UUID | None = None
    location_id: int | None = None
    charger_id: str = ""
    status: str = ""
    zone: ZoneInfo | None = None
    by: str = "day"

    def within(self, rows: QuerySet[_Row], field: str, **names: str) -> QuerySet[_Row]:
        """Rows of the time by `field`; `names`: the lookups of `charger`, `location`, `status`."""
        wishes: dict[str, Any] = {
            f"{field}__gte": self.since,
            f"{field}__lt": self.until,
            "cpo_id": self.cpo_id,
            names.get("location", ""): self.location_id,
            names.get("charger", ""): self.charger_id,
            names.get("status", ""): self.status,
        }
        return rows.filter(**{name: value for name, value in wishes.items() if name and value})
