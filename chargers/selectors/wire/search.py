"""Frames of one charger. The range of time prunes partitions, (charger_id, at) finds the rows.

Pages go by key, never by OFFSET: the thousandth page costs what the first one costs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from chargers.models import Direction, Frame
from unievp.lib.errors import InvalidError

FAILED: Final = "failed"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of the page before; as text in an address: `1790000000000000-17`."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Raises InvalidError for what is no cursor of ours."""
        match = re.fullmatch(r"(\d{1,16})-(\d{1,18})", text, re.ASCII)
        if match is None:
            raise InvalidError("Not a place in this list; begin at its first page.", field="before")
        return cls(_EPOCH + int(match[1]) * _MICROSECOND, int(match[2]))


@dataclass(frozen=True, slots=True)
class WireSearch:
    """`since` ≤ time < `until`; an empty text asks for everything.

    `outcome`: as in the row ("result", "timeout", "InternalError"), or FAILED for all that is no
    result.
    """

    since: datetime
    until: datetime
    action: str = ""
    message_id: str = ""
    direction: str = ""
    outcome: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether it asks for certain frames rather than for all that happened."""
        return bool(self.action or self.message_id or self.direction or self.outcome)

    def condition(self) -> Q:
        wanted = Q(at__gte=self.since, at__lt=self.until)
        if self.action:
            wanted &= Q(action__iexact=self.action)
        if self.message_id:
            wanted &= Q(message_id=self.message_id)
        if self.direction in Direction.values:
            wanted &= Q(direction=self.direction)
        if self.outcome == FAILED:
            wanted &= ~Q(outcome__in=["result", ""])
        elif self.outcome:
            wanted &= Q(outcome=self.outcome)
        return wanted


def search_frames(
    charger_pk: int, search: WireSearch, *, before: Cursor | None = None
) -> QuerySet[Frame]:
    """Newest first. Who may see them is the caller's question: frames know no CPO."""
    frames = Frame.objects.filter(search.condition(), charger_id=charger_pk)
    if before is not None:
        frames = frames.filter(at__lte=before.at).exclude(at=before.at, id__gte=before.id)
    return frames.order_by("-at", "-id")
