"""Reads an export, whoever made it: every line is checked before anything is played."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
from django.utils.translation import gettext as _

from chargers.ocpp.frames import clean
from chargers.ocpp.times import EARLIEST
from unievp.lib.errors import InvalidError
from unievp.web.replay.export import FORMAT, MOST_FRAMES, MOST_SESSIONS, VERSION

# A frame is at most 64 KiB as it is stored; a session's line has all its readings.
MOST_BYTES_PER_LINE: Final = 32 * 1024 * 1024
MOST_CONNECTORS: Final = 100
_LATEST: Final = datetime.fromisoformat("2100-01-01T00:00:00Z")
_MOST_POWER_W: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Played:
    """A frame from the charger; `transaction_id` is what its Start was answered with."""

    line: int
    at: datetime
    text: str
    transaction_id: int | None


@dataclass(frozen=True, slots=True)
class Recording:
    """`connectors`: power in W by number. `originals`: the sessions' lines, as exported."""

    header: dict[str, Any]
    frames: tuple[Played, ...]
    originals: tuple[dict[str, Any], ...]
    connectors: dict[int, int] = field(default_factory=dict)

    @property
    def time_zone(self) -> str:
        return str(_object(self.header, "location").get("time_zone") or "UTC")

    @property
    def clock_zone(self) -> str:
        return str(_object(self.header, "charger").get("time_zone") or "")


def read_recording(lines: Iterable[bytes]) -> Recording:
    """Raises InvalidError that names the line, what is wrong with it and what is expected."""
    header: dict[str, Any] | None = None
    frames: list[Played] = []
    originals: list[dict[str, Any]] = []
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        row = _row(number, raw)
        kind = row.get("kind")
        if header is None:
            header = _header(number, row)
        elif kind == "frame":
            _limit(number, frames, MOST_FRAMES)
            if row.get("direction") == "in":
                frames.append(_frame(number, row))
        elif kind == "session":
            _limit(number, originals, MOST_SESSIONS)
            originals.append(_original(number, row))
        else:
            raise _wrong(number, _("kind must be frame or session, not %(kind)r") % {"kind": kind})
    if header is None:
        raise InvalidError(_("The file is empty."), field="file")
    # As the platform received them, whatever the order in the file.
    frames.sort(key=lambda item: item.at)
    return Recording(header, tuple(frames), tuple(originals), _connectors(header))


def _row(number: int, raw: bytes) -> dict[str, Any]:
    if len(raw) > MOST_BYTES_PER_LINE:
        raise _wrong(number, _("longer than any line of an export"))
    try:
        row = orjson.loads(raw)
    except ValueError:
        raise _wrong(number, _("not JSON")) from None
    if not isinstance(row, dict):
        raise _wrong(number, _("not a JSON object"))
    try:
        cleaned: dict[str, Any] = clean(row)
    except RecursionError:
        raise _wrong(number, _("too deep")) from None
    return cleaned


def _header(number: int, row: dict[str, Any]) -> dict[str, Any]:
    if row.get("kind") != "wire" or row.get("format") != FORMAT:
        raise _wrong(number, _("an export begins with its header (format %(name)s)") % {
            "name": FORMAT
        })  # fmt: skip
    if row.get("version") != VERSION:
        values = {"found": row.get("version"), "known": VERSION}
        raise _wrong(number, _("version %(found)r; this program reads %(known)d") % values)
    for place in ("location", "charger"):
        name = _object(row, place).get("time_zone")
        if name and not _is_zone(name):
            raise _wrong(number, _("%(name)r is no time zone") % {"name": name})
    return row


def _is_zone(name: Any) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        return False
    return len(name) <= len("America/Argentina/ComodRivadavia") + 8


def _frame(number: int, row: dict[str, Any]) -> Played:
    text = row.get("request")
    if not isinstance(text, str):
        raise _wrong(number, _("request must be the frame's text"))
    return Played(number, _time(number, row.get("at"), "at"), text, _answered(row.get("response")))


def _answered(response: Any) -> int | None:
    """The transaction id that a Start was answered with."""
    try:
        message = orjson.loads(response) if isinstance(response, str) and response else None
    except ValueError:
        return None
    answer = message[2] if isinstance(message, list) and len(message) > 2 else None
    found = answer.get("transactionId") if isinstance(answer, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _original(number: int, row: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(row.get("transaction_id"), int):
        raise _wrong(number, _("transaction_id must be a number"))
    if not isinstance(row.get("fields"), dict) or not isinstance(row.get("readings"), list):
        raise _wrong(number, _("fields and readings are missing"))
    if not all(isinstance(item, dict) for item in row["readings"]):
        raise _wrong(number, _("readings must be objects"))
    for name in ("bill", "tariff_snapshot"):
        if not isinstance(row.get(name), dict | None):
            raise _wrong(number, _("%(name)s must be an object or null") % {"name": name})
    if row["fields"].get("ended_at") is not None:
        _time(number, row["fields"]["ended_at"], "ended_at")
    return row


def _connectors(header: dict[str, Any]) -> dict[int, int]:
    rows = header.get("connectors")
    powers: dict[int, int] = {}
    for row in rows[:MOST_CONNECTORS] if isinstance(rows, list) else []:
        number = row.get("number") if isinstance(row, dict) else None
        power = row.get("max_power_w") if isinstance(row, dict) else None
        if isinstance(number, int) and 1 <= number <= 32_767:
            usable = isinstance(power, int) and 0 < power <= _MOST_POWER_W
            powers[number] = power if usable and power is not None else 22_000
    return powers


def _time(number: int, text: Any, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None or not EARLIEST <= moment <= _LATEST:
        raise _wrong(number, _("%(name)s must be a time with an offset") % {"name": name})
    return moment


def _object(row: dict[str, Any], name: str) -> dict[str, Any]:
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def _limit(number: int, rows: list[Any], most: int) -> None:
    if len(rows) >= most:
        raise _wrong(number, _("more than %(most)d; export a shorter time") % {"most": most})


def _wrong(number: int, detail: str) -> InvalidError:
    return InvalidError(
        _("Line %(number)d: %(detail)s.") % {"number": number, "detail": detail}, field="file"
    )
