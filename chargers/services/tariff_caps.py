"""What limits a tariff by where it is sold: caps of the charging class, and being in use."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from chargers.models import Connector, TariffAssignment, TariffDefault
from chargers.store.tariffs import Outlet, read_holdings
from cpo.models import CPO
from tariffs.models import ChargingClass, TariffTemplate, TariffVersion
from tariffs.pricing.tariff import Rules
from tariffs.services.regulation import breaches_of, check_regulation
from tariffs.services.snapshots import rules_of
from unievp.lib import clock
from unievp.lib.errors import ConflictError, RefusedError


def lock_for_sale(template: TariffTemplate) -> None:
    """Until the end of the transaction it gets no new version and is not archived.

    Raises ConflictError for one that is archived.
    """
    locked = TariffTemplate.objects.select_for_update(of=("self",)).get(pk=template.pk)
    if locked.is_archived:
        detail = _("This tariff is archived.")
        raise ConflictError(detail, field="template_id", code="tariff_archived")


def check_assignable(
    template: TariffTemplate, *, at: datetime, connectors: Iterable[Connector]
) -> None:
    """Raise RefusedError where a price of `template`, at `at` or later, is above a cap there."""
    classes = {ChargingClass.of(connector.max_power_w) for connector in connectors}
    for version in _versions_from(template, at):
        # What begins in the past is sold from now on: by the law of today.
        sells_from = max(at, version.valid_from, clock.now())
        for breach in breaches_of(rules_of(version), at=sells_from, classes=classes):
            code = f"above_{breach.cap.kind}_cap"
            raise RefusedError(breach.detail, field="template_id", code=code)


def guard_where_it_is_sold(template: TariffTemplate, rules: Rules, at: datetime) -> None:
    """New prices keep to the caps of every class of outlet that sells them already."""
    classes = {ChargingClass.of(power_w) for power_w in _powers_selling(template, at)}
    if classes:
        check_regulation(rules, at=at, classes=classes)


def guard_in_use(template: TariffTemplate) -> None:
    """A tariff that somebody sells at, or will, is not archived."""
    now = clock.now()
    open_ones = Q(valid_to=None) | Q(valid_to__gt=now)
    chargers = TariffAssignment.objects.filter(
        open_ones, template=template, charger__retired_at=None
    ).values("charger_id")
    count = chargers.distinct().count()
    if count:
        detail = _("%(count)d chargers sell at it: assign another tariff to them first.")
        raise ConflictError(detail % {"count": count}, code="tariff_in_use")
    if _is_default(template, now):
        detail = _("It is a default tariff: set another one first.")
        raise ConflictError(detail, code="tariff_in_use")


def _is_default(template: TariffTemplate, now: datetime) -> bool:
    """Of its company or a location of it: now, or from a later time on."""
    rows = TariffDefault.objects.filter(cpo=template.cpo_id)
    now_ones = (
        rows.filter(valid_from__lte=now)
        .order_by("location_id", "-valid_from")
        .distinct("location_id")
    )
    later = rows.filter(valid_from__gt=now, template=template)
    return later.exists() or any(row.template_id == template.pk for row in now_ones)


def outlets_decided_by(cpo: CPO, at: datetime, *, level: int, **where: object) -> list[Connector]:
    """Connectors (filtered by `where`) for which nothing nearer than `level` is chosen at `at`."""
    rows = Connector.objects.filter(charger__cpo=cpo, charger__retired_at=None, **where)
    by_outlet = {Outlet(row.charger_id, row.pk): row for row in rows}
    held = read_holdings(list(by_outlet), at=at)
    return [
        by_outlet[outlet] for outlet, one in held.items() if one.level is None or one.level >= level
    ]


def _versions_from(template: TariffTemplate, at: datetime) -> list[TariffVersion]:
    """The one in force at `at`, and those that come after it."""
    mine = TariffVersion.objects.filter(template=template)
    return [*mine.in_force(at), *mine.filter(valid_from__gt=at)]


def _powers_selling(template: TariffTemplate, at: datetime) -> set[int]:
    assigned = TariffAssignment.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=at), template=template
    ).select_related("connector")
    powers: set[int] = set()
    whole: set[int] = set()
    for assignment in assigned:
        if assignment.connector is None:
            whole.add(assignment.charger_id)
        else:
            powers.add(assignment.connector.max_power_w)
    rows = Connector.objects.filter(charger_id__in=whole)
    powers.update(rows.values_list("max_power_w", flat=True))
    if template.defaults.exists():
        powers |= _powers_by_default(template, at)
    return powers


def _powers_by_default(template: TariffTemplate, at: datetime) -> set[int]:
    pairs = Connector.objects.filter(charger__cpo=template.cpo_id, charger__retired_at=None)
    outlets = [Outlet(*pair) for pair in pairs.values_list("charger_id", "pk")]
    held = read_holdings(outlets, at=at)
    return {one.max_power_w for one in held.values() if one.template_id == template.pk}
