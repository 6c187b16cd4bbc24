"""Whether prices keep to the law of their day: a refusal names the rule, the limit and the fix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from tariffs.models import CapKind, ChargingClass, PriceCap, VatRate
from tariffs.pricing.tariff import Component, Kind, Rules, TaxCode
from tariffs.wording.numbers import format_number, format_rate
from unievp.lib.errors import RefusedError

# The caps and PPN are Indonesian law, and speak of rupiah.
CURRENCY = "IDR"
_JAKARTA = ZoneInfo("Asia/Jakarta")
_KINDS = {CapKind.ENERGY_PRICE: Kind.ENERGY, CapKind.SESSION_FEE: Kind.FLAT}


@dataclass(frozen=True, slots=True)
class Breach:
    """A price above a cap. `price` is without VAT; `field` such as `elements.2.components`."""

    cap: PriceCap
    price: Decimal
    amount: Decimal
    field: str

    @property
    def detail(self) -> str:
        language = translation.get_language() or settings.LANGUAGE_CODE
        texts: dict[str, Promise | str] = {
            CapKind.ENERGY_PRICE: _(
                "%(price)s per kWh without VAT is above what %(rule)s allows: at most %(cap)s. "
                "Lower the price per kWh to that."
            ),
            CapKind.SESSION_FEE: _(
                "A session fee of %(price)s without VAT is above what %(rule)s allows%(where)s: "
                "at most %(cap)s. Lower the fee to that."
            ),
        }
        chosen = self.cap.charging_class
        where = f" ({ChargingClass(chosen).label})" if chosen else ""
        return texts[self.cap.kind] % {
            "price": format_rate(self.price, CURRENCY, language),
            "cap": format_rate(self.amount, CURRENCY, language),
            "rule": self.cap.rule,
            "where": where,
        }

    def refusal(self) -> RefusedError:
        return RefusedError(self.detail, field=self.field, code=f"above_{self.cap.kind}_cap")


def check_regulation(
    rules: Rules, *, at: datetime, classes: Iterable[ChargingClass] | None = None
) -> None:
    """Raise RefusedError for the first price above a cap, or VAT that is not the law's.

    Without `classes` (nobody knows yet where it is sold): a session fee that no class may ask.
    """
    for breach in breaches_of(rules, at=at, classes=classes):
        raise breach.refusal()
    _check_vat(rules, at)


def breaches_of(
    rules: Rules, *, at: datetime, classes: Iterable[ChargingClass] | None = None
) -> Iterator[Breach]:
    if rules.currency != CURRENCY:
        return
    caps = list(PriceCap.objects.in_force(local_day(at)))
    applying = _loosest(caps) if classes is None else _of_classes(caps, set(classes))
    for cap in applying:
        for field, part in _prices(rules, _KINDS[CapKind(cap.kind)]):
            price = _without_vat(part, included=rules.tax_included)
            if cap.amount is not None and price > Fraction(cap.amount):
                yield Breach(cap, _shown(price), cap.amount, field)


def vat_percent(at: datetime) -> Decimal | None:
    """PPN on services on that day; None where no rate is known."""
    rate = VatRate.objects.in_force(local_day(at))
    return rate.effective_percent if rate else None


def local_day(at: datetime) -> date:
    """A law begins at midnight in Jakarta."""
    return at.astimezone(_JAKARTA).date()


def _loosest(caps: list[PriceCap]) -> Iterator[PriceCap]:
    """Caps for every class, and of each kind that has one per class the highest."""
    by_kind: dict[str, list[PriceCap]] = {}
    for cap in caps:
        if not cap.charging_class:
            yield cap
        elif cap.amount is not None:
            by_kind.setdefault(cap.kind, []).append(cap)
    for known in by_kind.values():
        yield max(known, key=lambda cap: cap.amount or Decimal())


def _of_classes(caps: list[PriceCap], classes: set[ChargingClass]) -> Iterator[PriceCap]:
    return (cap for cap in caps if not cap.charging_class or cap.charging_class in classes)


def _prices(rules: Rules, kind: Kind) -> Iterator[tuple[str, Component]]:
    """Reserving is no charging: what it costs is not limited by these rules."""
    for number, element in enumerate(rules.elements, 1):
        part = element.component(kind)
        if part is not None and element.restrictions.reservation is None:
            yield f"elements.{number}.components", part


def _without_vat(part: Component, *, included: bool) -> Fraction:
    percent = sum((Fraction(tax.percent) for tax in part.taxes), Fraction())
    return Fraction(part.price) / (1 + percent / 100) if included else Fraction(part.price)


def _shown(price: Fraction) -> Decimal:
    return Decimal(round(price * 100)) / 100


def _check_vat(rules: Rules, at: datetime) -> None:
    if rules.currency != CURRENCY:
        return
    rate = VatRate.objects.in_force(local_day(at))
    if rate is None:
        return
    for number, element in enumerate(rules.elements, 1):
        for part in element.components:
            stated = [tax.percent for tax in part.taxes if tax.code is TaxCode.VAT]
            if any(percent not in (0, rate.effective_percent) for percent in stated):
                raise _wrong_vat(rate, stated[0], number)


def _wrong_vat(rate: VatRate, stated: Decimal, element: int) -> RefusedError:
    language = translation.get_language() or settings.LANGUAGE_CODE
    detail = _(
        "VAT of %(stated)s %% is not what %(rule)s says: %(percent)s %%. "
        "Use that rate, or none where no VAT applies."
    ) % {
        "stated": format_number(stated, language),
        "rule": rate.rule,
        "percent": format_number(rate.effective_percent, language),
    }
    return RefusedError(detail, field=f"elements.{element}.components", code="wrong_vat")
