"""The tariff that a session starts with, frozen as the price engine reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from tariffs.models import TariffVersion
from tariffs.services.snapshots import build_snapshot


class Sold(NamedTuple):
    """A template where it is sold: by the clock and with the electricity tax of its location."""

    template_id: int | None
    time_zone: str
    pbjt_percent: Decimal


@dataclass(frozen=True, slots=True)
class TariffAtStart:
    version_id: int
    currency: str
    snapshot: dict[str, Any]


# A version is never changed, and so neither is what was built of it.
_built: dict[tuple[int, str, Decimal], TariffAtStart] = {}
_MOST_KEPT = 10_000


def tariffs_at_start(wanted: Iterable[Sold], at: datetime) -> dict[Sold, TariffAtStart]:
    """For each template and place what it sells at `at`; absent where nothing is."""
    sold = {one for one in wanted if one.template_id is not None}
    if not sold:
        return {}
    templates = {one.template_id for one in sold}
    in_force = TariffVersion.objects.filter(template_id__in=templates).in_force(at)
    versions = {version.template_id: version for version in in_force}
    return {
        one: _build(versions[one.template_id], one) for one in sold if one.template_id in versions
    }


def _build(version: TariffVersion, sold: Sold) -> TariffAtStart:
    key = (version.pk, sold.time_zone, sold.pbjt_percent)
    built = _built.get(key)
    if built is None:
        snapshot = build_snapshot(version, time_zone=sold.time_zone, pbjt_percent=sold.pbjt_percent)
        built = TariffAtStart(version.pk, version.currency, snapshot)
        if len(_built) >= _MOST_KEPT:
            _built.clear()
        _built[key] = built
    return built
