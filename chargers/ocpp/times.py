"""Every form of timestamp that chargers send (OCPP 1.6 §3.14), to aware UTC.

A charger without a clock says 1970, one without an offset means its own time zone. What cannot be
a time of measurement is replaced by the time of arrival, and the reading says so.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chargers.ocpp.quirks import PLAIN, Quirks

EARLIEST: Final = datetime(2015, 1, 1, tzinfo=UTC)
FURTHEST_AHEAD: Final = timedelta(days=1)
SKEW_TOLERATED: Final = timedelta(minutes=5)
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


def read_time(
    value: Any, received_at: datetime, tz: tzinfo, local: str = "never"
) -> tuple[datetime, str]:
    """`value` as UTC, and what was adjusted ("" for nothing). Never raises.

    `tz` is the zone of times without an offset; `local` says when it is that of times with Z, too:
    "always", or "when_ahead" for those that would lie in the future otherwise. A missing,
    unreadable or impossible time becomes `received_at`.
    """
    parsed = _parse(value)
    if parsed is None:
        return received_at, "no timestamp" if value in (None, "") else "unreadable timestamp"
    note = ""
    try:
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=tz)
            note = "no offset" if tz is UTC else f"no offset: taken as {tz}"
        elif local not in _UTC_WITH_Z and _is_local(parsed, received_at, tz, local):
            parsed = parsed.replace(tzinfo=tz)
            note = f"Z taken as {tz}"
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


_UTC_WITH_Z: Final = frozenset({"never", "without_offset"})


def _is_local(parsed: datetime, received_at: datetime, tz: tzinfo, local: str) -> bool:
    """Whether a time written as UTC means `tz`."""
    if parsed.utcoffset():
        return False
    if local == "always":
        return True
    return (
        parsed - received_at > SKEW_TOLERATED
        and parsed.replace(tzinfo=tz) - received_at <= SKEW_TOLERATED
    )


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


_REPLACED = ("no timestamp", "unreadable", "impossible", "timestamp before", "timestamp far")


class TimeRule(NamedTuple):
    """What a charger's times mean: `tz` of its clock, and which times are local (LocalTime)."""

    tz: tzinfo = UTC
    local: str = "never"


_UTC_RULE: Final = TimeRule()


class Clock:
    """How one frame is read: when it came, what its charger's clock means, and its other quirks.

    `has_replaced` afterwards: a time of the frame is that of its arrival. A copy of the frame must
    get the same one (`chargers.store.arrivals`).
    """

    __slots__ = ("has_replaced", "quirks", "received_at", "rule")

    def __init__(
        self, received_at: datetime, rule: TimeRule = _UTC_RULE, quirks: Quirks = PLAIN
    ) -> None:
        self.received_at = received_at
        self.rule = rule
        self.quirks = quirks
        self.has_replaced = False

    def read(self, value: Any) -> tuple[datetime, str]:
        moment, note = read_time(value, self.received_at, self.rule.tz, self.rule.local)
        if note and note.startswith(_REPLACED):
            self.has_replaced = True
        return moment, note
