"""Tariffs are made, given new versions and archived; a version is never edited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from cpo.models import CPO, User
from cpo.services import audit
from tariffs.models import PriceComponent, TariffElement, TariffTemplate, TariffVersion
from tariffs.pricing.serial import restrictions_json
from tariffs.pricing.tariff import Component, Element, Rules
from tariffs.services.checks import check_rules
from tariffs.services.regulation import check_regulation
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError

# Asked before a version is stored: (template, rules, time from which it sells) → nothing, or a
# DomainError. Apps above this one add theirs when they are loaded: who sells a tariff knows limits
# of its own.
PUBLISH_GUARDS: Final[list[Callable[[TariffTemplate, Rules, datetime], None]]] = []
# Asked before a tariff is archived.
ARCHIVE_GUARDS: Final[list[Callable[[TariffTemplate], None]]] = []


def create_template(
    cpo: CPO,
    *,
    name: str,
    rules: Rules,
    actor: User | str,
    description: str = "",
    valid_from: datetime | None = None,
    note: str = "",
) -> TariffTemplate:
    """A tariff with its first version, in force from `valid_from` (empty: at once).

    Raises InvalidError for rules that cannot be priced, ConflictError for a name that is taken.
    """
    name = name.strip()
    if not name:
        raise InvalidError(_("A tariff needs a name."), field="name")
    with transaction.atomic():
        template = _create(cpo, name, description)
        publish_version(template, rules=rules, actor=actor, valid_from=valid_from, note=note)
        audit.record(
            actor=actor, action="tariff.create", subject=template, after={"name": name}, cpo=cpo
        )
    return template


def publish_version(
    template: TariffTemplate,
    *,
    rules: Rules,
    actor: User | str,
    valid_from: datetime | None = None,
    note: str = "",
) -> TariffVersion:
    """New prices from `valid_from` (empty: at once). Sessions that run keep what they started with.

    Raises InvalidError for rules that cannot be priced, RefusedError for prices above a cap of the
    law, ConflictError for an archived tariff.
    """
    check_rules(rules)
    now = clock.now()
    begins = valid_from or now
    # What begins in the past is sold from now on: by the law of today.
    sells_from = max(begins, now)
    check_regulation(rules, at=sells_from)
    with transaction.atomic():
        locked = TariffTemplate.objects.select_for_update(of=("self",)).get(pk=template.pk)
        if locked.is_archived:
            raise ConflictError(_("This tariff is archived."), code="tariff_archived")
        for guard in PUBLISH_GUARDS:
            guard(locked, rules, sells_from)
        newest = locked.versions.aggregate(number=Max("number"))["number"] or 0
        version = _store(locked, newest + 1, rules, actor, begins, note)
        audit.record(
            actor=actor,
            action="tariff.publish",
            subject=version,
            after={"valid_from": version.valid_from, "number": version.number},
            cpo=locked.cpo,
            reason=note,
        )
    return version


def change_template(
    template: TariffTemplate, *, name: str, description: str, actor: User | str
) -> TariffTemplate:
    """Another name or description; prices are versions. Raises InvalidError, ConflictError."""
    name = name.strip()
    if not name:
        raise InvalidError(_("A tariff needs a name."), field="name")
    try:
        with transaction.atomic():
            locked = TariffTemplate.objects.select_for_update(of=("self",)).get(pk=template.pk)
            if locked.is_archived:
                raise ConflictError(_("This tariff is archived."), code="tariff_archived")
            before = {"name": locked.name, "description": locked.description}
            after = {"name": name, "description": description}
            if before != after:
                locked.name, locked.description = name, description
                locked.save(update_fields=["name", "description"])
                audit.record(
                    actor=actor,
                    action="tariff.change",
                    subject=locked,
                    before=before,
                    after=after,
                    cpo=locked.cpo,
                )
    except IntegrityError as error:
        raise _name_taken(error) from error
    return locked


def archive_template(
    template: TariffTemplate, *, actor: User | str, reason: str = ""
) -> TariffTemplate:
    """Take a tariff out of use: no new versions, and its name is free. Again: no change.

    Raises ConflictError while something is still sold at it.
    """
    with transaction.atomic():
        locked = TariffTemplate.objects.select_for_update(of=("self",)).get(pk=template.pk)
        if locked.is_archived:
            return locked
        for guard in ARCHIVE_GUARDS:
            guard(locked)
        locked.archived_at = clock.now()
        locked.save(update_fields=["archived_at"])
        audit.record(
            actor=actor,
            action="tariff.archive",
            subject=locked,
            before={"archived_at": None},
            after={"archived_at": locked.archived_at},
            cpo=locked.cpo,
            reason=reason,
        )
    return locked


def _create(cpo: CPO, name: str, description: str) -> TariffTemplate:
    try:
        with transaction.atomic():
            return TariffTemplate.objects.create(cpo=cpo, name=name, description=description)
    except IntegrityError as error:
        raise _name_taken(error) from error


def _name_taken(error: IntegrityError) -> Exception:
    if "tariff_name_is_unique_in_its_cpo" not in str(error):
        return error
    detail = _("You have a tariff of this name.")
    return ConflictError(detail, field="name", code="tariff_name_taken")


def _store(
    template: TariffTemplate,
    number: int,
    rules: Rules,
    actor: User | str,
    valid_from: datetime,
    note: str,
) -> TariffVersion:
    low, high = rules.min_price, rules.max_price
    version = TariffVersion.objects.create(
        template=template,
        number=number,
        currency=rules.currency,
        tax_included=rules.tax_included,
        min_price_excl=low.excl if low else None,
        min_price_incl=low.incl if low else None,
        max_price_excl=high.excl if high else None,
        max_price_incl=high.incl if high else None,
        free_below_wh=rules.free_below_wh,
        valid_from=valid_from,
        note=note,
        created_by=actor if isinstance(actor, User) else None,
    )
    rows = TariffElement.objects.bulk_create(
        TariffElement(version=version, position=position, **_restrictions(element))
        for position, element in enumerate(rules.elements, 1)
    )
    PriceComponent.objects.bulk_create(
        _component(row, part)
        for row, element in zip(rows, rules.elements, strict=True)
        for part in element.components
    )
    return version


def _restrictions(element: Element) -> dict[str, Any]:
    rule = element.restrictions
    names = restrictions_json(rule).keys() - {"days"}
    return {name: getattr(rule, name) for name in names} | {"days_of_week": sorted(rule.days)}


def _component(row: TariffElement, part: Component) -> PriceComponent:
    return PriceComponent(
        element=row,
        kind=part.kind.value,
        price=part.price,
        vat_percent=part.taxes[0].percent if part.taxes else None,
        step_size=part.step_size,
    )
