"""The tariff that a session starts with, frozen as the price engine reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tariffs.models import TariffVersion
from tariffs.services.snapshots import build_snapshot


@dataclass(frozen=True, slots=True)
class TariffAtStart:
    version_id: int
    currency: str
    snapshot: dict[str, Any]


# A version is never changed, and so neither is what was built of it.
_built: dict[tuple[int, str], TariffAtStart] = {}
_MOST_KEPT = 10_000


def tariffs_at_start(
    wanted: Iterable[tuple[int | None, str]], at: datetime
) -> dict[tuple[int | None, str], TariffAtStart]:
    """For each (assigned template, time zone) what it sells at `at`; absent where nothing is."""
    pairs = {pair for pair in wanted if pair[0] is not None}
    if not pairs:
        return {}
    templates = {template_id for template_id, _ in pairs}
    in_force = TariffVersion.objects.filter(template_id__in=templates).in_force(at)
    versions = {version.template_id: version for version in in_force}
    return {
        (template_id, time_zone): _build(versions[template_id], time_zone)
        for template_id, time_zone in pairs
        if template_id in versions
    }


def _build(version: TariffVersion, time_zone: str) -> TariffAtStart:
    key = (version.pk, time_zone)
    built = _built.get(key)
    if built is None:
        snapshot = build_snapshot(version, time_zone=time_zone)
        built = TariffAtStart(version.pk, version.currency, snapshot)
        if len(_built) >= _MOST_KEPT:
            _built.clear()
        _built[key] = built
    return built
