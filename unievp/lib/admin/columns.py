"""Typed wrappers of unfold's decorators, and how energy, power, money and times are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar, cast

from django.utils import formats, timezone, timesince, translation
from django.utils.functional import Promise
from unfold.decorators import action as unfold_action
from unfold.decorators import display as unfold_display

from unievp.lib.money import format_money

Text = str | Promise
_Function = TypeVar("_Function", bound=Callable[..., Any])


def column(
    description: Text,
    *,
    ordering: str | None = None,
    label: Mapping[str, str] | bool | None = None,
    boolean: bool | None = None,
) -> Callable[[_Function], _Function]:
    """A list column or a read-only field. `label` maps a value to unfold's colour.

    With `label` the function gives `(value, text)`: the value picks the colour.
    Colours: success, info, warning, danger, primary.
    """
    decorator = unfold_display(
        description=description, ordering=ordering, label=label, boolean=boolean
    )
    return cast("Callable[[_Function], _Function]", decorator)


def detail_action(
    description: Text, *, url_path: str, icon: str, permissions: Iterable[str] = ("change",)
) -> Callable[[_Function], _Function]:
    """A button at the top of a row's page; the method gets `(request, object_id)`."""
    decorator = unfold_action(
        description=description, url_path=url_path, icon=icon, permissions=permissions
    )
    return cast("Callable[[_Function], _Function]", decorator)


def energy(wh: int | None) -> str:
    """Watt-hours as people read them: `12.34 kWh`."""
    if wh is None:
        return "-"
    return f"{formats.number_format(Decimal(wh) / 1000, 2, use_l10n=True)} kWh"


def power(watts: int | None) -> str:
    if watts is None:
        return "-"
    return f"{formats.number_format(Decimal(watts) / 1000, 1, use_l10n=True)} kW"


def money(amount: int | None, currency: str = "IDR") -> str:
    if amount is None:
        return "-"
    return format_money(amount, currency, translation.get_language() or "id")


def when(at: datetime | None) -> str:
    """With seconds: two frames of one second are not the same moment."""
    if at is None:
        return "-"
    return formats.date_format(timezone.template_localtime(at), "j M Y H:i:s")


def since(at: datetime | None) -> str:
    """`3 minutes` ago, without the word."""
    return "-" if at is None else timesince.timesince(at, depth=1)
