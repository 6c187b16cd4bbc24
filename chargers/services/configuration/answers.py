"""What is kept of a GetConfiguration answer (OCPP 1.6 §6.15): never a password."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from chargers.configuration_keys import is_secret
from chargers.models import ConfigurationKey

HIDDEN: Final = "••••"
# Words for a command that ended without any, as rows keep them.
NOT_ANSWERED: Final = MappingProxyType(
    {"timed_out": "No answer", "expired": "Not sent in time", "cancelled": "Cancelled"}
)
_LONGEST_KEY: Final = 255


def reported_keys(response: Mapping[str, Any]) -> dict[str, tuple[str, str, bool]]:
    """Folded key → (key, value, read only), of whatever a charger sends as `configurationKey`."""
    found: dict[str, tuple[str, str, bool]] = {}
    rows = response.get("configurationKey")
    for row in rows if isinstance(rows, list) else ():
        key = _text(row.get("key"))[:_LONGEST_KEY] if isinstance(row, dict) else ""
        if key:
            value = _text(row.get("value"))
            shown = HIDDEN if value and is_secret(key) else value
            found[key.casefold()] = (key, shown, row.get("readonly") is True)
    return found


def unknown_keys(response: Mapping[str, Any]) -> dict[str, str]:
    """Folded key → key, of `unknownKey`."""
    rows = response.get("unknownKey")
    names = (_text(name)[:_LONGEST_KEY] for name in (rows if isinstance(rows, list) else ()))
    return {name.casefold(): name for name in names if name}


def store_answer(charger_pk: int, response: Mapping[str, Any], *, at: datetime) -> set[str]:
    """Keep what the charger said; the folded keys that it said anything of."""
    reported = reported_keys(response)
    unknown = {
        folded: name for folded, name in unknown_keys(response).items() if folded not in reported
    }
    rows = _rows(charger_pk)
    new: list[ConfigurationKey] = []
    for folded, (key, value, read_only) in reported.items():
        row = rows.get(folded) or _new(charger_pk, key, new)
        row.key, row.value, row.read_only, row.known, row.read_at = key, value, read_only, True, at
    for folded, key in unknown.items():
        row = rows.get(folded) or _new(charger_pk, key, new)
        row.value, row.read_only, row.known, row.read_at = "", False, False, at
    changed = [rows[folded] for folded in (*reported, *unknown) if folded in rows]
    ConfigurationKey.objects.bulk_update(
        changed, ["key", "value", "read_only", "known", "read_at"], batch_size=200
    )
    ConfigurationKey.objects.bulk_create(new)
    return set(reported) | set(unknown)


def mark_gone(charger_pk: int, *, still_there: Iterable[str], at: datetime) -> None:
    """Keys that a whole answer no longer holds are not known to the charger any more."""
    there = set(still_there)
    gone = [row for folded, row in _rows(charger_pk).items() if folded not in there and row.known]
    for row in gone:
        row.value, row.known, row.read_at = "", False, at
    ConfigurationKey.objects.bulk_update(gone, ["value", "known", "read_at"], batch_size=200)


def _rows(charger_pk: int) -> dict[str, ConfigurationKey]:
    rows = ConfigurationKey.objects.select_for_update().filter(charger_id=charger_pk)
    return {row.key.casefold(): row for row in rows.order_by("pk")}


def _new(charger_pk: int, key: str, new: list[ConfigurationKey]) -> ConfigurationKey:
    row = ConfigurationKey(charger_id=charger_pk, key=key)
    new.append(row)
    return row


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.replace("\x00", "\N{REPLACEMENT CHARACTER}").strip()
    return str(value) if isinstance(value, int | float) else ""
