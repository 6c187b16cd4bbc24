"""Every form of timestamp that chargers send (OCPP 1.6 §3.14), to aware UTC.

A charger without a clock says 1970, one without an offset means its own time zone. What cannot be
a time of measurement is replaced by the time of arrival, and the reading says so. A repeated
message must meet its first copy though, so the replacement for one frame stays the same for as long
as this process remembers it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EARLIEST: Final = datetime(2015, 1, 1, tzinfo=UTC)
FURTHEST_AHEAD: Final = timedelta(days=1)
SKEW_TOLERATED: Final = timedelta(minutes=5)
REMEMBERED: Final = timedelta(minutes=15)
_MAX_TEXT = 48
_FORM = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?"
)


def zone(name: str) -> tzinfo:
    """The zone of a charger's clock; UTC for none and for an unknown name."""
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def read_time(value: Any, received_at: datetime, tz: tzinfo) -> tuple[datetime, str]:
    """`value` as UTC, and what was adjusted ("" for nothing). Never raises.

    A missing, unreadable or impossible time becomes `received_at`.
    """
    parsed = _parse(value)
    if parsed is None:
        return received_at, "no timestamp" if value in (None, "") else "unreadable timestamp"
    note = ""
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=tz)
        note = "no offset" if tz is UTC else f"no offset: taken as {tz}"
    try:
        moment = parsed.astimezone(UTC)
    except (OverflowError, ValueError):
        return received_at, "impossible timestamp"
    if moment < EARLIEST:
        return received_at, "timestamp before the clock was set"
    ahead = moment - received_at
    if ahead > FURTHEST_AHEAD:
        return received_at, "timestamp far in the future"
    if ahead > SKEW_TOLERATED:
        note = f"{note}, clock ahead" if note else "clock ahead"
    return moment, note


def _parse(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        # Most chargers: "2026-02-01T09:30:00Z", with or without a fraction.
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return _parse_leniently(value)
    # A bare date or week date is accepted by fromisoformat too.
    return parsed if len(value) > len("2026-02-01") else _parse_leniently(value)


def _parse_leniently(value: str) -> datetime | None:
    match = _FORM.fullmatch(value.strip().upper()) if len(value) <= _MAX_TEXT else None
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    microsecond = int((match[7] or "0")[:6].ljust(6, "0"))
    try:
        parsed = datetime(  # noqa: DTZ001 (the zone follows)
            year, month, day, hour, minute, min(second, 59), microsecond
        )
        return parsed.replace(tzinfo=_offset(match[8]))
    except ValueError:
        return None


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text in ("Z", "UTC", "GMT"):
        return UTC
    digits = text[1:].replace(":", "")
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if text[0] == "-" else delta)


class FirstArrivals:
    """When a frame came first: the time that stands in for a timestamp that cannot be used.

    Bounded; forgets the oldest, and each after REMEMBERED: a charger whose clock stands still may
    mean another event by the same words. Keys are whatever makes two copies of a message equal.
    """

    def __init__(self, size: int = 10_000) -> None:
        self._seen: OrderedDict[Any, datetime] = OrderedDict()
        self._size = size

    def first(self, key: Any, received_at: datetime) -> datetime:
        known = self._seen.pop(key, None)
        if known is not None and received_at - known < REMEMBERED:
            self._seen[key] = known
            return known
        self._seen[key] = received_at
        if len(self._seen) > self._size:
            self._seen.popitem(last=False)
        return received_at


_REPLACED = ("no timestamp", "unreadable", "impossible", "timestamp before", "timestamp far")
_ARRIVALS = FirstArrivals()


class Clock:
    """How one frame's times are read: when it came and what its charger's clock means."""

    __slots__ = ("_key", "received_at", "tz")

    def __init__(self, received_at: datetime, tz: tzinfo = UTC, key: Any = None) -> None:
        """`key()` makes two copies of one message equal; called only where a time is replaced."""
        self.received_at = received_at
        self.tz = tz
        self._key = key

    def read(self, value: Any) -> tuple[datetime, str]:
        moment, note = read_time(value, self.received_at, self.tz)
        if note and self._key is not None and note.startswith(_REPLACED):
            moment = _ARRIVALS.first(self._key(), self.received_at)
        return moment, note
