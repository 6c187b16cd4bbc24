"""What is sold where, and why there: the answer to "which price would a charge get here?"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chargers.models import Charger, Connector
from chargers.store.tariffs import Holding, Outlet, read_holdings
from tariffs.models import TariffTemplate
from unievp.lib import clock

__all__ = ["EffectiveTariff", "Outlet", "TariffSource", "effective_tariff", "effective_tariffs"]


class TariffSource(StrEnum):
    """Whose choice the tariff is; the first of these that there is decides."""

    CONNECTOR = "connector"
    CHARGER = "charger"
    LOCATION = "location"
    CPO = "cpo"


_SOURCES = dict(enumerate(TariffSource, 1))
_REASONS: dict[TariffSource, Promise | str] = {
    TariffSource.CONNECTOR: _("assigned to this connector"),
    TariffSource.CHARGER: _("assigned to the charger"),
    TariffSource.LOCATION: _("default of the location"),
    TariffSource.CPO: _("default of the company"),
}


@dataclass(frozen=True, slots=True)
class EffectiveTariff:
    """`since`: from when it was chosen. `pbjt_percent` is what the place adds to energy."""

    template_id: int
    template: TariffTemplate
    source: TariffSource
    since: datetime
    time_zone: str
    pbjt_percent: Decimal

    @property
    def reason(self) -> Promise | str:
        return _REASONS[self.source]


def effective_tariff(connector: Connector, *, at: datetime | None = None) -> EffectiveTariff | None:
    """What a session that starts at `at` (now) would be sold at; None: nothing is sold there."""
    outlet = Outlet(connector.charger_id, connector.pk)
    return effective_tariffs([outlet], at=at).get(outlet)


def effective_tariffs(
    outlets: Iterable[Outlet], *, at: datetime | None = None
) -> dict[Outlet, EffectiveTariff]:
    """The same of many outlets by two queries; those that sell nothing are absent."""
    held = read_holdings(list(dict.fromkeys(outlets)), at=at or clock.now())
    wanted = {one.template_id for one in held.values() if one.template_id is not None}
    templates = TariffTemplate.objects.in_bulk(wanted) if wanted else {}
    return {
        outlet: _effective(one, templates[one.template_id])
        for outlet, one in held.items()
        if one.template_id is not None
    }


def name_tariffs(chargers: Iterable[Charger], *, at: datetime | None = None) -> dict[int, str]:
    """The names of the tariffs that each charger's connectors sell at; none: absent.

    `chargers` with their connectors prefetched; one without any counts as a whole.
    """
    whole: list[int | None] = [None]
    outlets = [
        Outlet(charger.pk, connector_pk)
        for charger in chargers
        for connector_pk in [one.pk for one in charger.connectors.all()] or whole
    ]
    found = effective_tariffs(outlets, at=at)
    names: dict[int, dict[str, None]] = {}
    for outlet in outlets:
        if outlet in found:
            names.setdefault(outlet.charger_pk, {})[found[outlet].template.name] = None
    return {charger_pk: ", ".join(each) for charger_pk, each in names.items()}


def _effective(one: Holding, template: TariffTemplate) -> EffectiveTariff:
    return EffectiveTariff(
        template_id=template.pk,
        template=template,
        source=_SOURCES[one.level or 0],
        since=one.valid_from or template.created_at,
        time_zone=one.time_zone,
        pbjt_percent=one.pbjt_percent,
    )
