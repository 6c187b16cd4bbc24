"""Wanted against reported: how a charger's configuration differs from the templates that fit it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from chargers.configuration_keys import same_value
from chargers.models import (
    Charger,
    ConfigurationKey,
    ConfigurationTemplate,
    ConfigurationTemplateKey,
)

# State of a key: as wanted; another value; the charger does not know it; cannot be written and
# differs; never read.
SAME, DIFFERENT, UNKNOWN, READ_ONLY, NOT_READ = (
    "same",
    "different",
    "unknown",
    "read_only",
    "not_read",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    key: str
    value: str
    template: ConfigurationTemplate


@dataclass(frozen=True, slots=True)
class KeyDrift:
    """One line: `reported` is None for a key that was not read or is not known to the charger."""

    key: str
    wanted: str | None
    reported: str | None
    state: str
    read_only: bool = False
    read_at: datetime | None = None
    template: ConfigurationTemplate | None = None

    @property
    def can_be_applied(self) -> bool:
        """Not for a key that the charger does not know, or lets nobody write."""
        return self.state in (DIFFERENT, NOT_READ)


def templates_for(charger: Charger) -> list[ConfigurationTemplate]:
    """The active templates that fit, the weakest first."""
    rows = ConfigurationTemplate.objects.filter(
        Q(cpo=None) | Q(cpo_id=charger.cpo_id), active=True
    ).prefetch_related("keys")
    fitting = [template for template in rows if template.fits(charger)]
    return sorted(fitting, key=lambda each: (each.priority, each.cpo_id is not None, each.pk))


def wanted_values(
    charger: Charger, templates: Iterable[ConfigurationTemplate] | None = None
) -> dict[str, Wanted]:
    """Folded key → what it should be: of several templates the strongest decides, key by key."""
    wanted: dict[str, Wanted] = {}
    for template in templates_for(charger) if templates is None else templates:
        for row in _keys_of(template):
            wanted[row.key.casefold()] = Wanted(row.key, row.value, template)
    return wanted


def drift_of(
    charger: Charger, templates: Iterable[ConfigurationTemplate] | None = None
) -> list[KeyDrift]:
    """Every wanted key of `charger` with its state, by key."""
    wanted = wanted_values(charger, templates)
    rows = ConfigurationKey.objects.filter(charger=charger)
    reported = {row.key.casefold(): row for row in rows}
    return sorted(
        (_compare(each, reported.get(folded)) for folded, each in wanted.items()),
        key=lambda each: each.key.casefold(),
    )


def configuration_of(charger: Charger) -> list[KeyDrift]:
    """Everything known about a charger's configuration: wanted keys, and the others it reported."""
    lines = {line.key.casefold(): line for line in drift_of(charger)}
    for row in ConfigurationKey.objects.filter(charger=charger):
        if row.key.casefold() not in lines:
            state = SAME if row.known else UNKNOWN
            lines[row.key.casefold()] = KeyDrift(
                key=row.key,
                wanted=None,
                reported=row.value if row.known else None,
                state=state,
                read_only=row.read_only,
                read_at=row.read_at,
            )
    return [lines[folded] for folded in sorted(lines)]


def _compare(wanted: Wanted, row: ConfigurationKey | None) -> KeyDrift:
    if row is None:
        state, reported = NOT_READ, None
    elif not row.known:
        state, reported = UNKNOWN, None
    elif same_value(wanted.key, wanted.value, row.value):
        state, reported = SAME, row.value
    else:
        state, reported = (READ_ONLY if row.read_only else DIFFERENT), row.value
    return KeyDrift(
        key=wanted.key,
        wanted=wanted.value,
        reported=reported,
        state=state,
        read_only=row is not None and row.read_only,
        read_at=row.read_at if row else None,
        template=wanted.template,
    )


def _keys_of(template: ConfigurationTemplate) -> Iterable[ConfigurationTemplateKey]:
    return template.keys.all()
