"""Which taxes a price has in it, or gets on top."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _

from tariffs.pricing.tariff import Kind, Rules
from tariffs.wording.numbers import format_number


def taxes_told(rules: Rules, pbjt_percent: Decimal, language: str) -> Iterator[str]:
    """One sentence on VAT, and one on the region's tax where it is added."""
    if rules.tax_included:
        yield _("Tax is included.")
        return
    by_percent = _vat(rules)
    named = {percent: kinds for percent, kinds in by_percent.items() if percent}
    if not named and not pbjt_percent:
        yield _("No VAT is added.")
    elif named:
        everywhere = len(by_percent) == 1
        shown = "; ".join(_on(p, k, language, everywhere) for p, k in sorted(named.items()))
        yield _("VAT is added: %(percent)s") % {"percent": shown}
    if pbjt_percent and any(
        part.kind is Kind.ENERGY for e in rules.elements for part in e.components
    ):
        shown = format_number(pbjt_percent, language)
        yield _("Regional electricity tax (PBJT) is added: %(percent)s %% on energy") % {
            "percent": shown
        }


def _vat(rules: Rules) -> dict[Decimal, list[Kind]]:
    """Which kinds of price have which rate; 0 for none."""
    found: dict[Decimal, list[Kind]] = {}
    for element in rules.elements:
        for part in element.components:
            if part.price:
                percent = sum((tax.percent for tax in part.taxes), Decimal())
                kinds = found.setdefault(percent, [])
                kinds += [] if part.kind in kinds else [part.kind]
    return found


def _on(percent: Decimal, kinds: list[Kind], language: str, everywhere: bool) -> str:  # noqa: FBT001
    names = {
        Kind.ENERGY: _("energy"),
        Kind.TIME: _("charging time"),
        Kind.PARKING_TIME: _("idle time"),
        Kind.FLAT: _("session fee"),
    }
    text = f"{format_number(percent, language)} %"
    return text if everywhere else f"{text} ({', '.join(names[kind] for kind in kinds)})"
