"""MeterValue to `Reading` (OCPP 1.6 §3.16, §7.31 to 7.45): one row per timestamp, base units.

Nothing here refuses a message: what cannot be read stays in `samples`, word for word, and is named
in `adjustments`. Defaults where a field is absent: Energy.Active.Import.Register in Wh at the
Outlet, context Sample.Periodic, format Raw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, NamedTuple

import orjson

from chargers.ocpp.quirks import PLAIN, Quirks
from chargers.ocpp.times import Clock
from chargers.ocpp.v16.measurands import (
    CURRENT,
    ENERGY,
    INTERVAL,
    NET,
    NET_RANK,
    POWER,
    SOC,
    TEMPERATURE,
    VOLTAGE,
    Kind,
    Number,
    kind_of,
)
from chargers.ocpp.v16.values import INT_MAX, read_number
from chargers.store.work import Reading

_HASH_SIZE = 16
_MOST_SAMPLES = 1_000
_MOST_OTHERS = 100
_LONGEST_WORD = 32

# Columns that PostgreSQL keeps in 32 or 16 bits; an energy register may pass 2^32 Wh.
_MOST: Final = 10**15
_LIMITS = {
    ENERGY: _MOST,
    INTERVAL: 10**12,
    POWER: INT_MAX,
    CURRENT: INT_MAX,
    VOLTAGE: INT_MAX,
    SOC: 100,
    TEMPERATURE: 10**7,
}
_AVERAGED = frozenset({VOLTAGE, SOC, TEMPERATURE})
_NOT_NEGATIVE = frozenset({ENERGY, INTERVAL, SOC})


class Samples(NamedTuple):
    """A sampledValue list in base units: the typed columns, what was doubted, and the rest."""

    columns: dict[str, int]
    notes: list[str]
    others: list[dict[str, Any]]


def read_meter_values(
    values: Any, clock: Clock, *, in_transaction: bool = False
) -> tuple[Reading, ...]:
    """The readings of a `meterValue` or `transactionData` list, whatever it is."""
    if not isinstance(values, list):
        return ()
    readings = []
    for value in values:
        if not isinstance(value, dict):
            continue
        sampled = value.get("sampledValue")
        samples = (
            [item for item in sampled or () if isinstance(item, dict)]
            if isinstance(sampled, list)
            else []
        )
        if samples:
            readings.append(
                read_meter_value(
                    value.get("timestamp"), samples, clock, in_transaction=in_transaction
                )
            )
    return tuple(readings)


def read_meter_value(
    timestamp: Any, samples: list[dict[str, Any]], clock: Clock, *, in_transaction: bool = False
) -> Reading:
    measured_at, note = clock.read(timestamp)
    columns, notes, others = read_samples(samples[:_MOST_SAMPLES], clock.quirks)
    if note:
        notes.insert(0, note)
    counts_session = in_transaction and clock.quirks.register_restarts and ENERGY in columns
    if counts_session:
        notes.append("energy_wh: counts the session")
    # Two times that are both replaced by the arrival still tell two readings from each other.
    content = [timestamp, *samples] if measured_at is clock.received_at else samples
    return Reading(
        measured_at=measured_at,
        samples=samples,
        content_hash=content_hash(content),
        adjustments=tuple(dict.fromkeys(notes)),
        others=tuple(others),
        counts_session=counts_session,
        **columns,
    )


def content_hash(samples: list[Any]) -> bytes:
    """16 bytes that tell a resent reading from another one at the same time."""
    text = orjson.dumps(samples, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=_HASH_SIZE).digest()


def read_samples(samples: Iterable[dict[str, Any]], quirks: Quirks = PLAIN) -> Samples:
    """The samples of one time in base units; see `chargers.ocpp.v16.measurands` for what wins."""
    notes: list[str] = []
    others: list[dict[str, Any]] = []
    best: dict[str, tuple[int, dict[str, Number]]] = {}
    factor = quirks.energy_factor
    for sample in samples:
        kind = kind_of(sample)
        if kind.note:
            notes.append(kind.note)
        if not kind.measurand:
            continue
        value = read_number(sample.get("value"))
        if value is None:
            notes.append(f"{kind.column or kind.measurand}: unreadable value")
            continue
        value = kind.convert(value)
        if factor is not None and kind.is_wh:
            value *= factor
            notes.append(f"{kind.column or kind.measurand}: times {factor.normalize():f}")
        if not kind.column:
            _add_other(others, notes, sample, kind, value)
            continue
        rank, phases = best.get(kind.column, (kind.rank, {}))
        if kind.rank < rank:
            phases = {}
        if kind.rank <= rank:
            phases.setdefault(kind.phase, value)
            best[kind.column] = (kind.rank, phases)
    return Samples(_columns(best, notes), notes, others)


def _columns(best: dict[str, tuple[int, dict[str, Number]]], notes: list[str]) -> dict[str, int]:
    columns = {}
    for column, (rank, phases) in best.items():
        if rank >= NET_RANK:
            notes.append(f"{column}: taken from {NET}")
        whole = _whole(column, phases, notes)
        if whole is None:
            notes.append(f"{column}: impossible value")
        else:
            columns[column] = whole
    return columns


def _whole(column: str, phases: dict[str, Number], notes: list[str]) -> int | None:
    """The overall value if there is one, else energy and power summed over the phases.

    Of currents the highest phase counts, of voltages the mean: a sum of either means nothing.
    """
    total: Number
    if "" in phases:
        total = phases[""]
    elif column == CURRENT:
        total = max(phases.values())
    else:
        summed = sum(map(Decimal, phases.values()), Decimal(0))
        total = summed / len(phases) if column in _AVERAGED else summed
    if column == SOC and 0 < total < 1:
        # No car drives to a charger with half a percent.
        total *= 100
        notes.append(f"{column}: fraction taken as percent")
    value = total if type(total) is int else _rounded(total)
    if abs(value) > _LIMITS[column] or (value < 0 and column in _NOT_NEGATIVE):
        return None
    return value


def _add_other(
    others: list[dict[str, Any]],
    notes: list[str],
    sample: dict[str, Any],
    kind: Kind,
    value: Number,
) -> None:
    """Keep a value that has no column, with what the charger wrote."""
    if not -_MOST <= value <= _MOST:
        notes.append(f"{kind.measurand}: impossible value")
        return
    if len(others) >= _MOST_OTHERS:
        return
    other: dict[str, Any] = {
        "measurand": kind.measurand,
        "value": _rounded(value) if kind.whole else f"{Decimal(value):f}",
        "unit": kind.base,
        "raw": sample.get("value"),
        "raw_unit": sample.get("unit"),
        "phase": kind.phase,
        "location": sample.get("location"),
        "context": sample.get("context"),
    }
    others.append(
        {
            name: text[:_LONGEST_WORD] if isinstance(text, str) and name != "raw" else text
            for name, text in other.items()
            if text not in (None, "")
        }
    )


def _rounded(value: Number) -> int:
    return int(Decimal(value).to_integral_value(ROUND_HALF_UP))
