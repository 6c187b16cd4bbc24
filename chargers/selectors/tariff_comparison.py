"""What past sessions would have cost at other prices: streamed, bounded, by the same `price()`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.db.models import QuerySet

from chargers.models import BillingStatus, ChargingSession, SessionStatus
from chargers.selectors.usage import usages_of
from tariffs.pricing import Rules, Snapshot, SnapshotError, Usage, price, snapshot_from_json
from unievp.lib.money import exponent

MOST_SESSIONS: Final = 1_000
_AT_ONCE: Final = 100
_EXAMPLES: Final = 10


@dataclass(frozen=True, slots=True)
class Example:
    """One session, both ways; minor units."""

    session: ChargingSession
    old: int
    new: int

    @property
    def difference(self) -> int:
        return self.new - self.old


@dataclass(slots=True)
class Comparison:
    """Totals in minor units of `currency`, tax included.

    `examples` are the sessions that change the most. `left_out`: of another currency, or of a price
    that cannot be read. `capped`: there were more sessions than were looked at.
    """

    currency: str
    sessions: int = 0
    energy_wh: int = 0
    old_total: int = 0
    new_total: int = 0
    dearer: int = 0
    cheaper: int = 0
    left_out: int = 0
    capped: bool = False
    examples: list[Example] = field(default_factory=list)

    @property
    def difference(self) -> int:
        return self.new_total - self.old_total

    @property
    def percent(self) -> float | None:
        """For reading only; None where nothing was earned."""
        return 100 * self.difference / self.old_total if self.old_total else None

    def add(self, example: Example) -> None:
        self.sessions += 1
        self.energy_wh += example.session.energy_wh
        self.old_total += example.old
        self.new_total += example.new
        self.dearer += example.difference > 0
        self.cheaper += example.difference < 0
        self.examples.append(example)
        if len(self.examples) >= 2 * _EXAMPLES:
            self.examples = self.largest()

    def largest(self) -> list[Example]:
        ordered = sorted(self.examples, key=lambda one: (-abs(one.difference), one.session.pk))
        return ordered[:_EXAMPLES]


def compare_prices(
    sessions: QuerySet[ChargingSession], rules: Rules, *, most: int = MOST_SESSIONS
) -> Comparison:
    """The ended ones of `sessions`, newest first, at what they cost and at `rules`.

    Each keeps its location's clock and electricity tax. `sessions` comes through `cpo.access`.
    """
    found = Comparison(rules.currency)
    ended = sessions.filter(status=SessionStatus.ENDED, tariff_snapshot__isnull=False)
    rows = ended.select_related("charger").order_by("-started_at", "-pk")[: most + 1]
    # In small pieces: memory does not grow with the number of sessions.
    stream = rows.iterator(chunk_size=_AT_ONCE)
    while piece := list(islice(stream, _AT_ONCE)):
        room = most - found.sessions - found.left_out
        found.capped = len(piece) > room
        for example in _examples(piece[:room], rules, found):
            found.add(example)
        if found.capped:
            break
    found.examples = found.largest()
    return found


def _examples(
    sessions: list[ChargingSession], rules: Rules, found: Comparison
) -> Iterator[Example]:
    usages = usages_of(sessions)
    for session in sessions:
        sold = _snapshot(session.tariff_snapshot)
        if sold is None or sold.rules.currency != rules.currency:
            found.left_out += 1
            continue
        usage = usages[session.pk]
        old = session.cost if session.billing_status == BillingStatus.BILLED else None
        yield Example(
            session=session,
            old=_total(sold, usage) if old is None else old,
            new=_total(replace(sold, rules=rules), usage),
        )


def _total(snapshot: Snapshot, usage: Usage) -> int:
    return price(snapshot, usage).rounded(exponent(snapshot.rules.currency)).total


def _snapshot(data: dict[str, Any] | None) -> Snapshot | None:
    try:
        return snapshot_from_json(data or {})
    except SnapshotError:
        return None


def last_month(now: datetime) -> tuple[datetime, datetime]:
    """From the first of the month before to the first of this one, in `now`'s own zone."""
    this = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    before = this.replace(year=this.year - (this.month == 1), month=(this.month - 2) % 12 + 1)
    return before, this
