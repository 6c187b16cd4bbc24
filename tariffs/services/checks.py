"""What a tariff must keep to before it is stored: the errors name the element at fault."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tariffs.pricing.tariff import Bound, Component, Element, Kind, Restrictions, Rules, TaxCode
from unievp.lib import money
from unievp.lib.errors import InvalidError

PRICED = frozenset({Kind.ENERGY, Kind.TIME, Kind.PARKING_TIME, Kind.FLAT})
_RANGES = ("energy_wh", "power_w", "current_ma", "duration_s")
_WEEK = frozenset(range(1, 8))


def check_rules(rules: Rules) -> None:
    """Raises InvalidError with `field` such as `elements.2.components`."""
    if not rules.elements:
        raise InvalidError(_("A tariff needs at least one element."), field="elements")
    if rules.currency not in money.EXPONENTS:
        raise InvalidError(_("This currency is not traded."), field="currency")
    if rules.free_below_wh < 0:
        raise InvalidError(_("Energy is not below 0."), field="free_below_wh")
    _check_bounds(rules.min_price, rules.max_price)
    for number, element in enumerate(rules.elements, 1):
        _check_components(element, f"elements.{number}.components")
        _check_restrictions(element.restrictions, f"elements.{number}.restrictions")


def _check_components(element: Element, field: str) -> None:
    kinds = [part.kind for part in element.components]
    if not kinds:
        raise InvalidError(_("An element needs a price."), field=field)
    if len(kinds) != len(set(kinds)):
        raise InvalidError(_("An element has one price of a kind."), field=field)
    for part in element.components:
        for is_wrong, detail in _COMPONENT_CHECKS:
            if is_wrong(part):
                raise InvalidError(detail, field=field)


def _is_percentage(percent: Decimal) -> bool:
    return percent.is_finite() and 0 <= percent <= 100


_COMPONENT_CHECKS: tuple[tuple[Callable[[Component], bool], Promise | str], ...] = (
    (lambda part: part.kind not in PRICED, _("This kind of price is not known.")),
    (lambda part: not part.price.is_finite() or part.price < 0, _("A price is not below 0.")),
    (lambda part: part.step_size < 0, _("A step is not below 0.")),
    (
        lambda part: bool(part.step_size) and part.kind is Kind.FLAT,
        _("A price per session has no step."),
    ),
    (
        lambda part: len(part.taxes) > 1 or any(tax.code is not TaxCode.VAT for tax in part.taxes),
        _("A price has one VAT rate; regional tax comes from the location."),
    ),
    (
        lambda part: not all(_is_percentage(tax.percent) for tax in part.taxes),
        _("VAT is a percentage from 0 to 100."),
    ),
)


def _check_restrictions(rule: Restrictions, field: str) -> None:
    for name in _RANGES:
        low, high = getattr(rule, f"min_{name}"), getattr(rule, f"max_{name}")
        if (low or 0) < 0 or (high is not None and high <= (low or 0)):
            raise InvalidError(_("A range ends above its beginning."), field=f"{field}.{name}")
    if rule.min_idle_s is not None and rule.min_idle_s < 0:
        raise InvalidError(_("A duration is not below 0."), field=f"{field}.min_idle_s")
    if rule.start_date and rule.end_date and rule.end_date <= rule.start_date:
        raise InvalidError(_("A range ends above its beginning."), field=f"{field}.end_date")
    if not rule.days <= _WEEK:
        raise InvalidError(_("Days are 1 (Monday) to 7."), field=f"{field}.days")


def _check_bounds(low: Bound | None, high: Bound | None) -> None:
    for name, bound in (("min_price", low), ("max_price", high)):
        sides = [] if bound is None else [bound.excl, bound.incl]
        if any(side is not None and (not side.is_finite() or side < 0) for side in sides):
            raise InvalidError(_("A price is not below 0."), field=name)
    if low is None or high is None:
        return
    for least, most in ((low.excl, high.excl), (low.incl, high.incl)):
        if least is not None and most is not None and least > most:
            raise InvalidError(_("The least price is above the highest."), field="min_price")
