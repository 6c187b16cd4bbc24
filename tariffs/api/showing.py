"""Tariffs and prices as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import prefetch_related_objects
from rest_framework.fields import DateTimeField

from tariffs.api.rules import rules_shown
from tariffs.describe import price_text
from tariffs.models import TariffTemplate, TariffVersion
from tariffs.preview import Described, preview
from tariffs.pricing import Snapshot, TaxCode, to_decimal
from tariffs.pricing.result import RoundedLine
from tariffs.services.snapshots import rules_of
from unievp.lib import clock
from unievp.lib.money import exponent

_LANGUAGES = ("id", "en")


def prefetch_prices(templates: Sequence[TariffTemplate]) -> None:
    """The newest version of each with its prices, by two queries for all of them."""
    newest = [version for row in templates if (version := _newest(row)) is not None]
    prefetch_related_objects(newest, "elements__components")


def show_template(template: TariffTemplate) -> dict[str, Any]:
    versions = sorted(template.versions.all(), key=lambda version: version.number)
    newest = versions[-1] if versions else None
    body: dict[str, Any] = {
        "id": template.pk,
        "cpo_id": str(template.cpo_id),
        "name": template.name,
        "description": template.description,
        "version": newest.number if newest else None,
        "valid_from": _time(newest.valid_from if newest else None),
        "note": newest.note if newest else "",
        "in_force": _in_force(versions),
        "versions": [
            {"version": one.number, "valid_from": _time(one.valid_from), "note": one.note}
            for one in versions
        ],
        "archived_at": _time(template.archived_at),
        "created_at": _time(template.created_at),
        "price_text": None,
    }
    if newest is None:
        return body
    rules = rules_of(newest)
    texts = {code: price_text(Snapshot(rules), language=code) for code in _LANGUAGES}
    body["price_text"] = {
        code: {"short": text.short, "lines": list(text.lines)} for code, text in texts.items()
    }
    return body | rules_shown(rules)


def show_preview(
    version: TariffVersion, snapshot: Snapshot, described: Described
) -> dict[str, Any]:
    result = preview(snapshot, described)
    rounded = result.rounded(exponent(result.currency))
    return {
        "template_id": version.template_id,
        "version": version.number,
        "currency": result.currency,
        "total": rounded.total,
        "net": rounded.net,
        "tax": rounded.tax,
        "taxes": {code.value: rounded.tax_of(code) for code in TaxCode},
        "waived": result.waived,
        "lines": [_line(line) for line in rounded.lines],
    }


def _line(rounded: RoundedLine) -> dict[str, Any]:
    line = rounded.line
    return {
        "kind": line.kind.value,
        "quantity": f"{to_decimal(line.quantity, 4).normalize():f}",
        "unit": line.unit,
        "unit_price": f"{line.unit_price.normalize():f}",
        "net": rounded.net,
        "tax": rounded.tax,
        "amount": rounded.gross,
        "element": line.element,
        "why": line.why,
    }


def _newest(template: TariffTemplate) -> TariffVersion | None:
    return max(template.versions.all(), key=lambda version: version.number, default=None)


def _in_force(versions: Sequence[TariffVersion]) -> int | None:
    """As `TariffVersionQuerySet.in_force` decides it."""
    now = clock.now()
    begun = [version for version in versions if version.valid_from <= now]
    last = max(begun, key=lambda version: (version.valid_from, version.number), default=None)
    return last.number if last else None


def _time(at: Any) -> str | None:
    return None if at is None else str(DateTimeField().to_representation(at))
