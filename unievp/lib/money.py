"""Amounts are integers in minor units; rates are `Decimal`; the way between them is here.

IDR has no minor unit here although ISO 4217 says 2: nobody pays sen, and every Indonesian gateway
takes and reports whole rupiah. Following ISO would multiply a payout by 100 (payments.md §6.1).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType

from babel import Locale
from babel.numbers import format_currency, get_currency_symbol

# Digits after the point. A currency that is not listed is not traded.
EXPONENTS = MappingProxyType({"IDR": 0, "EUR": 2, "USD": 2, "SGD": 2, "MYR": 2})


def exponent(currency: str) -> int:
    """Digits of the minor unit: 0 for IDR, 2 for EUR. Raises ValueError for an unknown currency."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        message = f"Unknown currency {currency!r}"
        raise ValueError(message) from None


def round_half_up(amount: Decimal, currency: str) -> int:
    """Exact amount in major units → minor units; a half goes away from zero.

    Symmetric on purpose: a refund of -0.5 undoes a charge of 0.5. Raises
    `decimal.InvalidOperation` for NaN, infinity and what has more than 28 digits.
    """
    digits = exponent(currency)
    rounded = amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    if not rounded.is_finite():
        message = f"{amount} is no amount of money"
        raise ValueError(message)
    return int(rounded.scaleb(digits))


def format_money(amount: int, currency: str = "IDR", language: str = "id") -> str:
    """Minor units as a person reads them: `Rp12.345` (id), `IDR 12,345` (en, no-break space)."""
    digits = exponent(currency)
    locale = Locale.parse(language, sep="-")
    pattern = locale.currency_formats["standard"].pattern
    fraction = "." + "0" * digits if digits else ""
    pattern = pattern.replace(".00", fraction)
    if get_currency_symbol(currency, locale) == currency:
        pattern = pattern.replace("¤", "¤\N{NO-BREAK SPACE}")
    value = Decimal(amount).scaleb(-digits)
    return format_currency(value, currency, format=pattern, locale=locale, currency_digits=False)
