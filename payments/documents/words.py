"""Amounts, energy and times as papers show them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_decimal
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from payments.chart import Booking

# What the fonts that every PDF reader has can show.
_CHARSET = "cp1252"
# As the engine names them.
_UNITS = frozenset({gettext_noop("session"), gettext_noop("h")})


def printable(text: object) -> str:
    """`text` for a Paragraph: markup in it is no markup."""
    return escape(plain(text))


def plain(text: object) -> str:
    """Letters that no font has become `?`; what cannot be printed is left out."""
    kept = (sign for sign in str(text) if sign.isprintable() or sign == "\N{NO-BREAK SPACE}")
    return "".join(kept).encode(_CHARSET, "replace").decode(_CHARSET)


def energy(wh: int, language: str) -> str:
    """12345 → `12,35 kWh` (id)."""
    kwh = (Decimal(wh) / 1000).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{format_decimal(kwh, '#,##0.00', locale=language)} kWh"


def quantity(value: Decimal, language: str) -> str:
    """At most three digits after the point: `12,345`."""
    rounded = value.quantize(Decimal("0.001"), ROUND_HALF_UP)
    shown: str = format_decimal(rounded, "#,##0.###", locale=language)
    return shown


def unit_word(unit: str) -> str:
    """The engine's name of a unit in the reader's language."""
    return _(unit) if unit in _UNITS else unit


def booking_word(kind: str) -> str:
    """What a booking is called on a company's papers and pages."""
    known = {
        Booking.BILL: _("Charge"),
        Booking.RELEASE: _("Released"),
        Booking.SETTLEMENT_HOLD: _("Settlement asked for"),
        Booking.SETTLEMENT_RELEASE: _("Settlement taken back"),
        Booking.SETTLEMENT_PAID: _("Paid to you"),
        Booking.SETTLEMENT_REVERSED: _("Returned by the bank"),
        Booking.GATEWAY_FEE: _("Fee of the payment provider"),
        Booking.REFUND: _("Refund"),
        Booking.ADJUSTMENT: _("Correction"),
        Booking.REVERSAL: _("Reversal"),
    }
    return known.get(Booking(kind), kind) if kind in set(Booking) else kind


def moment(at: datetime, zone: str, language: str) -> str:
    """`23 Nov 2026 16.17 WIB`: by the clock of the place."""
    local = at.astimezone(ZoneInfo(zone))
    text: str = format_datetime(local, "d MMM y HH:mm", locale=language)
    return f"{text} {local.tzname()}"


def length(span: timedelta) -> str:
    """`1 h 05 min`, `12 min`."""
    minutes = max(0, round(span.total_seconds() / 60))
    hours, rest = divmod(minutes, 60)
    if hours:
        return _("%(hours)d h %(minutes)02d min") % {"hours": hours, "minutes": rest}
    return _("%(minutes)d min") % {"minutes": rest}
