"""Which quirks a charger has, and how they are read: pure, so that a boot can choose again at once.

`load_rulebook` is the one query for a batch of handshakes; `choose` and `explain` apply the rules
to one make. A charger's own row wins over every rule; among rules the highest priority wins, field
by field.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, Final

from chargers.models import ChargerQuirks, EnergyRegister, LocalTime, ModelQuirks
from chargers.models.quirks import QuirkValues

OWN: Final = ""
NAMES: Final = tuple(item.name for item in QuirkValues._meta.get_fields())


@dataclass(frozen=True, slots=True)
class Quirks:
    """What is different about one charger; the defaults are what the protocol asks for."""

    energy_factor: Decimal | None = None
    energy_register: str = EnergyRegister.LIFETIME.value
    local_time: str = LocalTime.NEVER.value
    start_answer_delay_ms: int = 0
    assume_ocpp16: bool = False
    breaks_on_pings: bool = False
    ping_interval_s: int = 0

    @property
    def register_restarts(self) -> bool:
        return self.energy_register == EnergyRegister.SESSION.value


PLAIN: Final = Quirks()


@dataclass(frozen=True, slots=True)
class Make:
    """What BootNotification said last."""

    vendor: str = ""
    model: str = ""
    firmware: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of `ModelQuirks`, or a charger's own; `says` holds only the fields that are set."""

    name: str
    patterns: tuple[str, str, str]
    says: dict[str, Any]

    def fits(self, make: Make) -> bool:
        vendor, model, firmware = self.patterns
        return (
            fnmatchcase(make.vendor.casefold(), vendor)
            and fnmatchcase(make.model.casefold(), model)
            and fnmatchcase(make.firmware.casefold(), firmware)
        )


Rulebook = Sequence[Rule]


@dataclass(frozen=True, slots=True)
class Reason:
    """A field of `Quirks` that a rule decided; `rule` is OWN for the charger's own row."""

    field: str
    value: Any
    rule: str


def load_rulebook() -> Rulebook:
    """Every active rule, the weakest first."""
    rows = ModelQuirks.objects.filter(active=True).order_by("priority", "name")
    return [_rule(row) for row in rows]


def load_quirks(charger_pks: list[int]) -> tuple[Rulebook, dict[int, Rule | None]]:
    """The rules, and what some of these chargers have of their own."""
    own = ChargerQuirks.objects.filter(pk__in=charger_pks)
    return load_rulebook(), {row.pk: own_rule(row) for row in own}


def own_rule(own: ChargerQuirks | None) -> Rule | None:
    return None if own is None else Rule(OWN, ("*", "*", "*"), _said(own))


def choose(rules: Rulebook, make: Make, own: Rule | None = None) -> Quirks:
    says: dict[str, Any] = {}
    for rule in _fitting(rules, make, own):
        says |= rule.says
    return Quirks(**says) if says else PLAIN


def explain(rules: Rulebook, make: Make, own: Rule | None = None) -> list[Reason]:
    """What is in force and which rule says so, in the order of the fields."""
    reasons: dict[str, Reason] = {}
    for rule in _fitting(rules, make, own):
        for name, value in rule.says.items():
            reasons[name] = Reason(name, value, rule.name)
    return [reasons[item.name] for item in fields(Quirks) if item.name in reasons]


def _fitting(rules: Rulebook, make: Make, own: Rule | None) -> Iterable[Rule]:
    yield from (rule for rule in rules if rule.fits(make))
    if own is not None:
        yield own


def _rule(row: ModelQuirks) -> Rule:
    patterns = (row.vendor_pattern, row.model_pattern, row.firmware_pattern)
    vendor, model, firmware = (pattern.strip().casefold() or "*" for pattern in patterns)
    return Rule(row.name, (vendor, model, firmware), _said(row))


def _said(row: ModelQuirks | ChargerQuirks) -> dict[str, Any]:
    values = ((name, getattr(row, name)) for name in NAMES)
    return {name: value for name, value in values if value not in (None, "")}
