"""What a replay came to, beside what the export says: every difference named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from chargers.models import ChargingSession
from unievp.web.replay.originals import original
from unievp.web.replay.sandbox import Sandbox

_MOST_PER_SESSION: Final = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """`what`: "energy_wh", "reading 2026-…Z power_w", "bill line 2 amount"."""

    transaction_id: int
    what: str
    before: Any
    now: Any

    def __str__(self) -> str:
        return f"#{self.transaction_id} {self.what}: {_short(self.before)} → {_short(self.now)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 120 else f"{text[:120]}…"


def compare(sandbox: Sandbox) -> list[Difference]:
    """In the order of the export; at most a few dozen of each session."""
    found: list[Difference] = []
    for row in sandbox.recording.originals:
        number = row["transaction_id"]
        session = sandbox.sessions.get(number)
        if session is None:
            found.append(Difference(number, "session", "was there", "never started"))
            continue
        differences = _of_session(row, _again(sandbox, session))
        for what, before, now in list(differences)[:_MOST_PER_SESSION]:
            found.append(Difference(number, what, before, now))
    return found


def _again(sandbox: Sandbox, session: ChargingSession) -> dict[str, Any]:
    session = ChargingSession.objects.select_related("connector").get(pk=session.pk)
    line = original(session)
    line["fields"]["id_tag"] = sandbox.original_tag(session.id_tag)
    return line


_Found = Iterable[tuple[str, Any, Any]]


def _of_session(row: dict[str, Any], again: dict[str, Any]) -> _Found:
    before = {**row["fields"], "connector": row.get("connector")}
    now = {**again["fields"], "connector": again["connector"]}
    before["id_tag"] = str(before.get("id_tag") or "").strip().casefold()
    for name in now:
        # An older export may not know a field yet.
        if name in before and before[name] != now[name]:
            yield name, before[name], now[name]
    yield from _of_readings(row["readings"], again["readings"])
    yield from _of_bill(row.get("bill"), again["bill"])


def _of_readings(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> _Found:
    if len(before) != len(now):
        yield "readings", len(before), len(now)
    # By what they say: of several at one time the order is not kept.
    for old, new in zip(sorted(before, key=_key), sorted(now, key=_key), strict=False):
        for name in new:
            if name in old and old[name] != new[name]:
                yield f"reading {old.get('measured_at')} {name}", old[name], new[name]


def _key(row: dict[str, Any]) -> str:
    return "|".join(str(row.get(name)) for name in ("measured_at", "energy_wh", "power_w"))


def _of_bill(before: dict[str, Any] | None, now: dict[str, Any] | None) -> _Found:
    if before is None or now is None:
        if before is not now:
            yield "bill", before and before.get("total"), now and now.get("total")
        return
    for name in ("currency", "total", "tax"):
        if before.get(name) != now[name]:
            yield f"bill {name}", before.get(name), now[name]
    old_lines, new_lines = before.get("lines"), now["lines"]
    old_lines = old_lines if isinstance(old_lines, list) else []
    if len(old_lines) != len(new_lines):
        yield "bill lines", len(old_lines), len(new_lines)
    for number, (old, new) in enumerate(zip(old_lines, new_lines, strict=False), 1):
        for name in new:
            value = old.get(name) if isinstance(old, dict) else None
            if value != new[name]:
                yield f"bill line {number} {name}", value, new[name]
