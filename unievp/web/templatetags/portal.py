"""How the portal shows things: icons, amounts, and times in the zone of their place."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import formats, timesince, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from chargers.models import ConnectorStatus
from unievp.lib import clock
from unievp.lib.money import format_money
from unievp.web.browsers import browser_name
from unievp.web.frames import pretty
from unievp.web.portal.chargers import words

register = template.Library()
register.filter(words.command_word)
register.filter(words.answer_colour)
register.filter("browser", browser_name)

# Tabler's colour of each status; the text beside it says the same.
STATUS_COLOURS = {
    ConnectorStatus.UNKNOWN: "secondary",
    ConnectorStatus.AVAILABLE: "green",
    ConnectorStatus.PREPARING: "cyan",
    ConnectorStatus.CHARGING: "blue",
    ConnectorStatus.SUSPENDED_EV: "yellow",
    ConnectorStatus.SUSPENDED_EVSE: "yellow",
    ConnectorStatus.FINISHING: "cyan",
    ConnectorStatus.RESERVED: "purple",
    ConnectorStatus.UNAVAILABLE: "secondary",
    ConnectorStatus.FAULTED: "red",
}
# OCPI ConnectorType (OCPI 2.2.1 §8.4.5) as the plug is called on the street.
PLUGS = {
    "IEC_62196_T2": "Type 2",
    "IEC_62196_T2_COMBO": "CCS2",
    "CHADEMO": "CHAdeMO",
    "GBT_AC": "GB/T AC",
    "GBT_DC": "GB/T DC",
}
_NOTHING = "\N{EN DASH}"


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of the sprite, hidden from screen readers: text beside it must say the same."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        extra,
        static("vendor/icons.svg"),
        name,
    )


@register.filter
def status_colour(status: str) -> str:
    return STATUS_COLOURS.get(ConnectorStatus(status), "secondary")


@register.filter
def plug(standard: str) -> str:
    return PLUGS.get(standard, standard.replace("_", " "))


@register.filter
def kwh(wh: int | None, digits: int = 2) -> str:
    """12345 → `12.35 kWh` (en), `12,35 kWh` (id)."""
    return _NOTHING if wh is None else f"{_number(Decimal(wh) / 1000, digits)} kWh"


@register.filter
def kilowatt(watts: int | None, digits: int = 1) -> str:
    return _NOTHING if watts is None else f"{_number(Decimal(watts) / 1000, digits)} kW"


@register.filter
def ampere(milliamperes: int | None) -> str:
    """16000 → `16 A`."""
    return _NOTHING if milliamperes is None else f"{plain(Decimal(milliamperes) / 1000)} A"


@register.filter
def money(amount: int | None, currency: str = "IDR") -> str:
    if amount is None:
        return _NOTHING
    return format_money(amount, currency, translation.get_language() or "id")


@register.filter
def plain(value: Decimal) -> str:
    """A decimal without the zeros at its end: `12,345` (id), `2.467`."""
    rounded = value.quantize(Decimal("0.001"), ROUND_HALF_UP).normalize()
    exponent = rounded.as_tuple().exponent
    return _number(rounded, max(0, -exponent) if isinstance(exponent, int) else 0)


@register.filter
def at(moment: datetime | None, zone: str) -> str:
    """In the place's own time with the zone's name: `23 Nov 2026, 09:17 WIB`."""
    if moment is None:
        return _NOTHING
    local = moment.astimezone(ZoneInfo(zone))
    return f"{formats.date_format(local, 'j M Y, H:i')} {local.tzname()}"


@register.filter
def clock_time(moment: datetime | None, zone: str) -> str:
    """`09:17 WIB`."""
    if moment is None:
        return _NOTHING
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M} {local.tzname()}"


@register.filter
def clock_second(moment: datetime, zone: str) -> str:
    """`09:17:05`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M:%S}"


@register.filter
def day(moment: datetime, zone: str) -> str:
    """`23 Nov 2026 WIB`."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{formats.date_format(local, 'j M Y')} {local.tzname()}"


@register.filter
def milliseconds(microseconds: int | None) -> str:
    return "" if microseconds is None else f"{microseconds / 1000:.1f} ms"


@register.filter
def pretty_frame(text: str) -> str:
    """Indented where it is JSON; escaped like any other text."""
    return pretty(text)


@register.filter
def ago(moment: datetime | None) -> str:
    if moment is None:
        return _("never")
    if (clock.now() - moment).total_seconds() < 60:
        return _("just now")
    return _("%(time)s ago") % {"time": timesince.timesince(moment, clock.now(), depth=1)}


@register.filter
def duration(start: datetime | None, end: datetime | None = None) -> str:
    """From `start` to `end` (or now): `1:05 h`, `12 min`."""
    if start is None:
        return _NOTHING
    minutes = max(0, int(((end or clock.now()) - start).total_seconds()) // 60)
    hours, rest = divmod(minutes, 60)
    return (
        _("%(hours)d:%(minutes)02d h") % {"hours": hours, "minutes": rest}
        if hours
        else _("%(minutes)d min") % {"minutes": rest}
    )


def _number(value: Decimal, digits: int) -> str:
    """Rounded: Django's `number_format` cuts digits off."""
    rounded = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return formats.number_format(rounded, digits, use_l10n=True, force_grouping=True)


@register.filter
def styled(bound: BoundField, css_class: str) -> SafeString:
    """A form field's widget with `css_class`, and marked where it has errors."""
    classes = f"{css_class} is-invalid" if bound.errors else css_class
    return bound.as_widget(attrs={"class": classes})
