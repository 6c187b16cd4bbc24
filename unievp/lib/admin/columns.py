"""Typed wrappers of unfold's decorators, and how energy, power, money and times are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import admin
from django.utils import formats, timesince, timezone, translation
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.decorators import action as unfold_action

from unievp.lib import clock
from unievp.lib.money import format_money

Text = str | Promise
_Function = TypeVar("_Function", bound=Callable[..., Any])


def column(
    description: Text,
    *,
    ordering: str | None = None,
    label: Mapping[Any, str] | None = None,
    boolean: bool | None = None,
) -> Callable[[_Function], _Function]:
    """A list column or a read-only field.

    With `label` the function gives `(value, text)`, a list of such pairs, or None; the value picks
    the colour of the badge. (unfold's own labels are shown as tuples on a row's page.)
    """

    def decorate(function: _Function) -> _Function:
        shown = function if label is None else _as_badges(function, label)
        decorator = admin.display(
            description=cast("str", description), ordering=ordering, boolean=boolean
        )
        return cast("_Function", decorator(shown))

    return decorate


def _as_badges(function: Callable[..., Any], colours: Mapping[Any, str]) -> Callable[..., Any]:
    @wraps(function)
    def badges(*args: Any) -> SafeString | str:
        value = function(*args)
        if value is None or value == []:
            return "-"
        pairs = value if isinstance(value, list) else [value]
        return format_html_join(
            " ", "{}", ((badge(text, colours.get(key, "")),) for key, text in pairs)
        )

    return badges


_COLOURS: Mapping[str, str] = {
    "info": "bg-blue-100 text-blue-700 dark:bg-blue-500/20 dark:text-blue-400",
    "danger": "bg-red-100 text-red-700 dark:bg-red-500/20 dark:text-red-400",
    "warning": "bg-orange-100 text-orange-700 dark:bg-orange-500/20 dark:text-orange-400",
    "success": "bg-green-100 text-green-700 dark:bg-green-500/20 dark:text-green-400",
    "primary": "bg-primary-100 text-primary-700 dark:bg-primary-500/20 dark:text-primary-400",
    "": "bg-base-500/8 text-base-700 dark:bg-base-500/20 dark:text-base-200",
}


def badge(text: object, colour: str = "") -> SafeString:
    """As unfold's label (`unfold/helpers/label.html`) without a template's cost per cell.

    Colours: info, danger, warning, success, primary, or "" for none.
    """
    return format_html(
        '<span class="inline-block font-semibold rounded-default text-[11px] uppercase '
        'whitespace-nowrap h-6 leading-6 px-2 {}">{}</span>',
        _COLOURS[colour],
        text,
    )


def detail_action(
    description: Text, *, url_path: str, icon: str, permissions: Iterable[str] = ("change",)
) -> Callable[[_Function], _Function]:
    """A button at the top of a row's page; the method gets `(request, object_id)`."""
    decorator = unfold_action(
        description=description, url_path=url_path, icon=icon, permissions=permissions
    )
    return cast("Callable[[_Function], _Function]", decorator)


def energy(wh: int | None) -> str:
    """Watt-hours as people read them: `12.34 kWh` (with a no-break space)."""
    if wh is None:
        return "-"
    return f"{formats.number_format(Decimal(wh) / 1000, 2, use_l10n=True)}\N{NO-BREAK SPACE}kWh"


def power(watts: int | None) -> str:
    if watts is None:
        return "-"
    return f"{formats.number_format(Decimal(watts) / 1000, 1, use_l10n=True)}\N{NO-BREAK SPACE}kW"


def money(amount: int | None, currency: str = "IDR") -> str:
    if amount is None:
        return "-"
    return format_money(amount, currency, translation.get_language() or "id")


def when(at: datetime | None) -> str:
    """With seconds and zone, and the year where it is another one: `23 Nov 09:17:39 WIB`."""
    if at is None:
        return "-"
    local = timezone.localtime(at)
    day = "j M" if local.year == timezone.localtime().year else "j M Y"
    return formats.date_format(local, f"{day} H:i:s T")


def since(at: datetime | None) -> str:
    """`3 minutes` ago, without the word."""
    if at is None:
        return "-"
    if clock.now() - at < timedelta(minutes=1):
        return _("just now")
    return timesince.timesince(at, depth=1)
