"""The tariff that a session starts with, frozen as the price engine reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from tariffs.services import build_snapshot, current_versions


@dataclass(frozen=True, slots=True)
class TariffAtStart:
    version_id: Any
    snapshot: dict[str, Any]
    currency: str


def tariff_at_start(template_id: Any, time_zone: str, at: datetime) -> TariffAtStart | None:
    """The version of the assigned template that holds at `at`; None where nothing is assigned."""
    if template_id is None:
        return None
    version = current_versions([template_id], at).get(template_id)
    if version is None:
        return None
    snapshot = build_snapshot(version, time_zone=time_zone)
    return TariffAtStart(version.pk, snapshot, snapshot["currency"])
