"""MeterValue to `Reading` (OCPP 1.6 §3.16, §7.31 to 7.45): one row per timestamp, base units.

Nothing here refuses a message: what cannot be read stays in `samples`, word for word, and is named
in `adjustments`. Defaults where a field is absent: Energy.Active.Import.Register in Wh at the
Outlet, context Sample.Periodic, format Raw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

from chargers.ocpp.times import Clock
from chargers.ocpp.v16.values import INT_MAX, read_number
from chargers.store.work import Reading

ENERGY: Final = "energy_wh"
INTERVAL: Final = "interval_wh"
POWER: Final = "power_w"
CURRENT: Final = "current_ma"
VOLTAGE: Final = "voltage_mv"
SOC: Final = "soc_percent"
TEMPERATURE: Final = "temperature_mc"

_HASH_SIZE = 16
_MOST_SAMPLES = 1_000

_COLUMNS = {
    "energy.active.import.register": ENERGY,
    "energy.active.import.interval": INTERVAL,
    "power.active.import": POWER,
    "current.import": CURRENT,
    "voltage": VOLTAGE,
    "soc": SOC,
    "temperature": TEMPERATURE,
}
Number = int | Decimal
_KILO = 1000
_ONE = 1
_ENERGY_UNITS: dict[str, Number] = {"": _ONE, "wh": _ONE, "kwh": _KILO, "mwh": _KILO * _KILO}
_POWER_UNITS: dict[str, Number] = {"": _ONE, "w": _ONE, "kw": _KILO, "va": _ONE, "kva": _KILO}
_UNITS: dict[str, dict[str, Number]] = {
    ENERGY: _ENERGY_UNITS,
    INTERVAL: _ENERGY_UNITS,
    POWER: _POWER_UNITS,
    CURRENT: {"": _KILO, "a": _KILO, "ma": _ONE},
    VOLTAGE: {"": _KILO, "v": _KILO, "mv": _ONE, "kv": _KILO * _KILO},
    SOC: {"": _ONE, "percent": _ONE, "%": _ONE},
    TEMPERATURE: {"": _KILO, "celsius": _KILO, "celcius": _KILO, "c": _KILO, "°c": _KILO},
}
_BY_UNIT = (POWER, CURRENT, VOLTAGE, SOC, TEMPERATURE)
_OTHER_SCALES = {"k": (Decimal(1), Decimal("273.15")), "fahrenheit": (Decimal(9) / 5, Decimal(32))}
# Columns that PostgreSQL keeps in 32 or 16 bits; an energy register may pass 2^32 Wh.
_LIMITS = {
    ENERGY: 10**15,
    INTERVAL: 10**12,
    POWER: INT_MAX,
    CURRENT: INT_MAX,
    VOLTAGE: INT_MAX,
    SOC: 100,
    TEMPERATURE: 10**7,
}
_AVERAGED = frozenset({VOLTAGE, SOC, TEMPERATURE})
_NOT_NEGATIVE = frozenset({ENERGY, INTERVAL, SOC})

# Two samples of one measurand at one time: the settled value wins over the periodic one, and
# the value of the beginning comes last (Growatt sends Begin and Periodic together).
_CONTEXTS = {
    "Transaction.End": 0,
    "Sample.Periodic": 1,
    "": 1,
    "Sample.Clock": 2,
    "Trigger": 3,
    "Interruption.End": 4,
    "Other": 5,
    "Interruption.Begin": 6,
    "Transaction.Begin": 7,
}
_UNKNOWN_CONTEXT = 8
_LOCATIONS = {"": 0, "outlet": 0, "cable": 1, "inlet": 2, "body": 3, "ev": 4}
_PHASES = {"": "", "L1": "L1", "L2": "L2", "L3": "L3", "L1-N": "L1", "L2-N": "L2", "L3-N": "L3"}


class _Kind(NamedTuple):
    """What (measurand, unit, phase, location, context) means; `column` "" for samples only."""

    column: str
    scale: Number
    offset: Decimal | None
    phase: str
    rank: int
    note: str

    def convert(self, value: Number) -> Number:
        if self.offset is not None:
            value -= self.offset
        return value * self.scale


def read_meter_values(values: Any, clock: Clock) -> tuple[Reading, ...]:
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
            readings.append(read_meter_value(value.get("timestamp"), samples, clock))
    return tuple(readings)


def read_meter_value(timestamp: Any, samples: list[dict[str, Any]], clock: Clock) -> Reading:
    measured_at, note = clock.read(timestamp)
    columns, notes = read_columns(samples[:_MOST_SAMPLES])
    if note:
        notes.insert(0, note)
    return Reading(
        measured_at=measured_at,
        samples=samples,
        content_hash=content_hash(samples),
        adjustments=tuple(dict.fromkeys(notes)),
        **columns,
    )


def content_hash(samples: list[dict[str, Any]]) -> bytes:
    """16 bytes that tell a resent reading from another one at the same time."""
    text = orjson.dumps(samples, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=_HASH_SIZE).digest()


def read_columns(samples: Iterable[dict[str, Any]]) -> tuple[dict[str, int], list[str]]:
    """The typed columns in base units, and what was doubted."""
    notes: list[str] = []
    best: dict[str, tuple[int, dict[str, Number]]] = {}
    for sample in samples:
        kind = _kind_of(sample)
        if kind.note:
            notes.append(kind.note)
        if not kind.column:
            continue
        value = read_number(sample.get("value"))
        if value is None:
            notes.append(f"{kind.column}: unreadable value")
            continue
        rank, phases = best.get(kind.column, (kind.rank, {}))
        if kind.rank < rank:
            phases = {}
        if kind.rank <= rank:
            phases.setdefault(kind.phase, kind.convert(value))
            best[kind.column] = (kind.rank, phases)
    columns = {}
    for column, (_, phases) in best.items():
        whole = _whole(column, phases)
        if whole is None:
            notes.append(f"{column}: impossible value")
        else:
            columns[column] = whole
    return columns, notes


def _whole(column: str, phases: dict[str, Number]) -> int | None:
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
    value = total if type(total) is int else int(Decimal(total).to_integral_value(ROUND_HALF_UP))
    if abs(value) > _LIMITS[column] or (value < 0 and column in _NOT_NEGATIVE):
        return None
    return value


_NOTHING = _Kind("", _ONE, None, "", 0, "")


def _kind_of(sample: dict[str, Any]) -> _Kind:
    get = sample.get
    try:
        return _kind(
            get("measurand"),
            get("unit"),
            get("phase"),
            get("location"),
            get("context"),
            get("format"),
        )
    except (TypeError, AttributeError):
        # A list or object where a word belongs.
        return _NOTHING._replace(note="sample is not made of words")


@lru_cache(maxsize=4096)
def _kind(
    measurand: str | None,
    unit: str | None,
    phase: str | None,
    location: str | None,
    context: str | None,
    form: str | None,
) -> _Kind:
    # A real fleet uses some dozens of combinations: each is worked out once.
    if form is not None and form.casefold() == "signeddata":
        return _NOTHING
    unit_word = (unit or "").strip().casefold()
    column = _column(measurand, unit_word)
    if not column or (phase or "").upper() not in _PHASES:
        return _NOTHING
    scale, offset, note = _scale(column, unit_word, unit or "")
    if scale is None:
        return _NOTHING._replace(note=note)
    rank = 10 * _LOCATIONS.get((location or "").casefold(), 5)
    rank += _CONTEXTS.get(context or "", _UNKNOWN_CONTEXT)
    return _Kind(column, scale, offset, _PHASES[(phase or "").upper()], rank, note)


def _column(measurand: str | None, unit: str) -> str:
    """The default is the energy register; amperes without a measurand are not energy (Alfen)."""
    if measurand:
        return _COLUMNS.get(measurand.casefold(), "")
    return next((name for name in _BY_UNIT if unit and unit in _UNITS[name]), ENERGY)


def _scale(column: str, word: str, unit: str) -> tuple[Number | None, Decimal | None, str]:
    zero = None
    scale = _UNITS[column].get(word)
    if scale is not None:
        return scale, zero, ""
    if column == TEMPERATURE and word in _OTHER_SCALES:
        divisor, offset = _OTHER_SCALES[word]
        return _KILO / divisor, offset, ""
    if column == POWER and word in ("wh", "kwh"):
        # Seen in the field: power labelled as energy (reference §2.18).
        return (
            _ENERGY_UNITS[word],
            zero,
            f"power_w: unit {unit[:8]} taken as {unit[:8].rstrip('hH')}",
        )
    return None, zero, f"{column}: unknown unit {unit[:16]}"
