"""What a sampledValue is about: its 22 measurands and their units (OCPP 1.6 §7.31, §7.45).

A sample is classified by its words alone, once per combination: which column it fills, how it
becomes a base unit, and how much it counts against others of its kind. Base units: Wh, varh, VAh,
W, var, mA, mV, m°C and % as integers; Hz, RPM and the power factor as decimals.

The energy column takes, in this order: the import register as a total, the same summed over its
phases, the net register. Intervals are summed apart from it and never differenced; those of the
clock (Sample.Clock) overlap with the sampled ones and are kept among the other values.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

ENERGY: Final = "energy_wh"
INTERVAL: Final = "interval_wh"
POWER: Final = "power_w"
CURRENT: Final = "current_ma"
VOLTAGE: Final = "voltage_mv"
SOC: Final = "soc_percent"
TEMPERATURE: Final = "temperature_mc"

Number = int | Decimal
_ONE = 1
_KILO = 1000
_MEGA = _KILO * _KILO
_MILLI = Decimal("0.001")


class _Family(NamedTuple):
    """A physical quantity: its base unit and what each unit (casefolded) counts in it."""

    base: str
    units: Mapping[str, Number]
    # Units that belong to another quantity and are seen on this one: taken by their prefix.
    mistaken: Mapping[str, Number] = {}
    whole: bool = True


_WATT_HOURS = _Family(
    "Wh", {"": _ONE, "wh": _ONE, "kwh": _KILO, "w/h": _ONE, "kw/h": _KILO}, {"w": _ONE, "kw": _KILO}
)
_VAR_HOURS = _Family(
    "varh", {"": _ONE, "varh": _ONE, "kvarh": _KILO}, {"wh": _ONE, "kwh": _KILO, "var": _ONE}
)
_VA_HOURS = _Family("VAh", {"": _ONE, "vah": _ONE, "kvah": _KILO}, {"wh": _ONE, "kwh": _KILO})
_WATTS = _Family(
    "W",
    {"": _ONE, "w": _ONE, "kw": _KILO, "va": _ONE, "kva": _KILO, "watt": _ONE, "watts": _ONE},
    {"wh": _ONE, "kwh": _KILO},
)
_VARS = _Family(
    "var", {"": _ONE, "var": _ONE, "kvar": _KILO}, {"w": _ONE, "kw": _KILO, "va": _ONE, "varh": 1}
)
_AMPERES = _Family(
    "mA", {"": _KILO, "a": _KILO, "ma": _ONE, "ka": _MEGA, "amp": _KILO, "amps": _KILO}
)
_VOLTS = _Family(
    "mV", {"": _KILO, "v": _KILO, "mv": _ONE, "kv": _MEGA, "volt": _KILO, "volts": _KILO}
)
_PERCENT = _Family("%", {"": _ONE, "percent": _ONE, "%": _ONE})
_DEGREES = _Family(
    "m°C",
    {"": _KILO, "celsius": _KILO, "celcius": _KILO, "c": _KILO, "°c": _KILO, "k": 0, "kelvin": 0}
    | {"fahrenheit": 0, "f": 0, "°f": 0},
)
_HERTZ = _Family("Hz", {"": _ONE, "hertz": _ONE, "hz": _ONE, "mhz": _MILLI}, whole=False)
_TURNS = _Family("RPM", {"": _ONE, "rpm": _ONE}, whole=False)
# Without a unit it is a number from -1 to 1; some say it in percent.
_FACTOR = _Family("", {"": _ONE, "percent": Decimal("0.01"), "%": Decimal("0.01")}, whole=False)

# Upper and lower case tell a thousandth from a million only here.
_BY_CASE: Final[dict[str, tuple[str, Number]]] = {
    "MWh": ("Wh", _MEGA),
    "mWh": ("Wh", _MILLI),
    "MW": ("W", _MEGA),
    "mW": ("W", _MILLI),
}
_OFFSETS = {
    "k": (Decimal(1), Decimal("273.15")),
    "kelvin": (Decimal(1), Decimal("273.15")),
    "fahrenheit": (Decimal(9) / 5, Decimal(32)),
    "f": (Decimal(9) / 5, Decimal(32)),
    "°f": (Decimal(9) / 5, Decimal(32)),
}

_NAMES: Final[dict[str, _Family]] = {
    "Current.Export": _AMPERES,
    "Current.Import": _AMPERES,
    "Current.Offered": _AMPERES,
    "Energy.Active.Export.Interval": _WATT_HOURS,
    "Energy.Active.Export.Register": _WATT_HOURS,
    "Energy.Active.Import.Interval": _WATT_HOURS,
    "Energy.Active.Import.Register": _WATT_HOURS,
    "Energy.Reactive.Export.Interval": _VAR_HOURS,
    "Energy.Reactive.Export.Register": _VAR_HOURS,
    "Energy.Reactive.Import.Interval": _VAR_HOURS,
    "Energy.Reactive.Import.Register": _VAR_HOURS,
    "Frequency": _HERTZ,
    "Power.Active.Export": _WATTS,
    "Power.Active.Import": _WATTS,
    "Power.Factor": _FACTOR,
    "Power.Offered": _WATTS,
    "Power.Reactive.Export": _VARS,
    "Power.Reactive.Import": _VARS,
    "RPM": _TURNS,
    "SoC": _PERCENT,
    "Temperature": _DEGREES,
    "Voltage": _VOLTS,
    # Of OCPP 2.0.1, sent by firmware that speaks both.
    "Energy.Active.Net": _WATT_HOURS,
    "Energy.Reactive.Net": _VAR_HOURS,
    "Energy.Apparent.Import": _VA_HOURS,
    "Energy.Apparent.Export": _VA_HOURS,
    "Energy.Apparent.Net": _VA_HOURS,
}
MEASURANDS: Final = tuple(_NAMES)
_BY_WORD = {name.casefold(): (name, family) for name, family in _NAMES.items()}
_DEFAULT = "Energy.Active.Import.Register"
NET: Final = "Energy.Active.Net"
_COLUMNS = {
    _DEFAULT: ENERGY,
    NET: ENERGY,
    "Energy.Active.Import.Interval": INTERVAL,
    "Power.Active.Import": POWER,
    "Current.Import": CURRENT,
    "Voltage": VOLTAGE,
    "SoC": SOC,
    "Temperature": TEMPERATURE,
}
# A sample without a measurand is about what its unit measures (Alfen: amperes are no energy).
_BY_UNIT = (
    "Power.Active.Import",
    "Current.Import",
    "Voltage",
    "SoC",
    "Temperature",
    "Frequency",
    "Energy.Reactive.Import.Register",
    "Power.Reactive.Import",
)

# Two samples of one measurand at one time: the settled value wins over the periodic one, and
# the value of the beginning comes last (Growatt sends Begin and Periodic together).
_CONTEXTS = {
    "transaction.end": 0,
    "sample.periodic": 1,
    "": 1,
    "sample.clock": 2,
    "trigger": 3,
    "interruption.end": 4,
    "other": 5,
    "interruption.begin": 6,
    "transaction.begin": 7,
}
_UNKNOWN_CONTEXT = 8
_LOCATIONS = {"": 0, "outlet": 0, "cable": 1, "inlet": 2, "body": 3, "ev": 4}
_UNKNOWN_LOCATION = 5
NET_RANK: Final = 1_000
_PHASES = {"": "", "L1": "L1", "L2": "L2", "L3": "L3", "L1-N": "L1", "L2-N": "L2", "L3-N": "L3"}


class Kind(NamedTuple):
    """What the words of a sample mean.

    `column`: the typed column that it fills, "" for none; then `measurand` names what it is, ""
    where that is not known or not to be read (signed data). `scale`, `offset`: to the base unit
    `base`. `is_wh`: its energy is written in Wh. `rank`: the lowest counts.
    """

    column: str = ""
    measurand: str = ""
    base: str = ""
    whole: bool = True
    scale: Number = _ONE
    offset: Decimal | None = None
    is_wh: bool = False
    phase: str = ""
    rank: int = 0
    note: str = ""

    def convert(self, value: Number) -> Number:
        if self.offset is not None:
            value -= self.offset
        return value * self.scale


_NOTHING: Final = Kind()
_NO_WORDS: Final = Kind(note="sample is not made of words")


def kind_of(sample: dict[str, Any]) -> Kind:
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
        return _NO_WORDS


@lru_cache(maxsize=4096)
def _kind(
    measurand: str | None,
    unit: str | None,
    phase: str | None,
    location: str | None,
    context: str | None,
    form: str | None,
) -> Kind:
    # A real fleet uses some dozens of combinations: each is worked out once.
    if form is not None and form.strip().casefold() == "signeddata":
        return _NOTHING
    unit = (unit or "").strip()
    name, family = _meaning(measurand, unit.casefold())
    if family is None:
        return _NOTHING
    label = _COLUMNS.get(name) or name
    scale, offset, note = _scale(family, unit)
    if scale is None:
        return Kind(note=f"{label}: {note}")
    context = (context or "").strip().casefold()
    phase = (phase or "").strip().upper()
    column = _COLUMNS.get(name, "") if phase in _PHASES else ""
    if column == INTERVAL and context == "sample.clock":
        column = ""
    rank = 10 * _LOCATIONS.get((location or "").strip().casefold(), _UNKNOWN_LOCATION)
    rank += _CONTEXTS.get(context, _UNKNOWN_CONTEXT) + (NET_RANK if name == NET else 0)
    return Kind(
        column=column,
        measurand=name,
        base=family.base,
        whole=family.whole,
        scale=scale,
        offset=offset,
        is_wh=family is _WATT_HOURS and scale == 1,
        phase=_PHASES.get(phase, phase),
        rank=rank,
        note=f"{label}: {note}" if note else "",
    )


def _meaning(measurand: str | None, unit: str) -> tuple[str, _Family | None]:
    """The measurand's own spelling and its quantity; the default is the energy register."""
    word = (measurand or "").strip().casefold()
    if word:
        return _BY_WORD.get(word, ("", None))
    name = next((name for name in _BY_UNIT if unit and unit in _NAMES[name].units), _DEFAULT)
    return name, _NAMES[name]


def _scale(family: _Family, unit: str) -> tuple[Number | None, Decimal | None, str]:
    """Factor to the base unit, what to subtract before, and what was doubted."""
    by_case = _BY_CASE.get(unit)
    if by_case is not None and by_case[0] == family.base:
        return by_case[1], None, ""
    word = unit.casefold()
    if family is _DEGREES and word in _OFFSETS:
        divisor, offset = _OFFSETS[word]
        return _KILO / divisor, offset, ""
    scale = family.units.get(word)
    if scale is not None:
        return scale, None, ""
    scale = family.mistaken.get(word)
    if scale is not None:
        # Seen in the field: power labelled as energy (reference §2.18).
        prefix = "k" if scale == _KILO else ""
        return scale, None, f"unit {unit} taken as {prefix}{family.base}"
    return None, None, f"unknown unit {unit[:16]}"
