"""What a connection keeps of its charger's quirks, to choose again when a boot names the make."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from chargers.models import Charger, LocalTime
from chargers.ocpp.quirks import Make, Quirks, Rule, Rulebook, choose, own_rule
from chargers.ocpp.times import TimeRule, zone


@dataclass(slots=True)
class Character:
    """The rules, the charger's own one, its make, and the zones that its times may mean."""

    rules: Rulebook = ()
    own: Rule | None = None
    clock_zone: str = ""  # the charger's own setting
    site_zone: str = ""
    make: Make = field(default_factory=Make)

    def quirks(self) -> Quirks:
        return choose(self.rules, self.make, self.own)

    def time_rule(self, quirks: Quirks) -> TimeRule:
        return TimeRule(self._zone(quirks), quirks.local_time)

    def _zone(self, quirks: Quirks) -> tzinfo:
        if self.clock_zone:
            return zone(self.clock_zone)
        return UTC if quirks.local_time == LocalTime.NEVER.value else zone(self.site_zone)


def character_of(charger: Charger, rules: Rulebook) -> Character:
    """`charger` with `location` and `own_quirks` selected."""
    return Character(
        rules=rules,
        own=own_rule(getattr(charger, "own_quirks", None)),
        clock_zone=charger.time_zone,
        site_zone=charger.location.time_zone,
        make=Make(charger.vendor, charger.model, charger.firmware_version),
    )
