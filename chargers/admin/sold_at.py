"""Which tariff each outlet of a charger sells at, and why, on the charger's page."""

from __future__ import annotations

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from chargers.models import Charger, Connector
from chargers.selectors.tariffs import EffectiveTariff, Outlet, effective_tariffs
from tariffs.models import ChargingClass
from tariffs.selectors.versions import version_in_force
from tariffs.services.regulation import breaches_of
from tariffs.services.snapshots import rules_of
from unievp.lib import clock
from unievp.lib.admin import change_link


def sold_lines(charger: Charger) -> SafeString | str:
    """One line per connector; a tariff above a cap that came later is said, not stopped."""
    connectors = list(charger.connectors.order_by("number"))
    found = effective_tariffs(Outlet(charger.pk, one.pk) for one in connectors)
    warnings: dict[tuple[int, ChargingClass], str] = {}
    rows = []
    for connector in connectors:
        tariff = found.get(Outlet(charger.pk, connector.pk))
        rows.append((connector.number, _told(connector, tariff, warnings)))
    return format_html_join("", "<div>{}: {}</div>", rows) or "-"


def _told(
    connector: Connector,
    tariff: EffectiveTariff | None,
    warnings: dict[tuple[int, ChargingClass], str],
) -> SafeString:
    if tariff is None:
        return format_html("{}", _("no tariff: nobody can begin to charge here"))
    its_class = ChargingClass.of(connector.max_power_w)
    key = (tariff.template_id, its_class)
    if key not in warnings:
        warnings[key] = _warning(tariff, its_class)
    text = format_html("{} ({})", change_link(tariff.template), tariff.reason)
    return format_html("{} · <strong>{}</strong>", text, warnings[key]) if warnings[key] else text


def _warning(tariff: EffectiveTariff, its_class: ChargingClass) -> str:
    now = clock.now()
    version = version_in_force(tariff.template, now)
    if version is None:
        return _("its prices are not in force yet")
    breach = next(iter(breaches_of(rules_of(version), at=now, classes=[its_class])), None)
    return breach.detail if breach else ""
