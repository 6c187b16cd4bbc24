"""A bill never takes more than was paid: what was delivered beyond it is waived, as a line.

The lines above it stay the truth of what was delivered. A waiver is a lower price, and so the taxes
are lower by the same share; commission and the CPO's share are of what is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_noop

from tariffs.pricing import Rounded, TaxCode

BEYOND_PAID: Final = gettext_noop("Delivered beyond what was paid")
NOTHING_FLOWED: Final = gettext_noop("No energy was delivered")


@dataclass(frozen=True, slots=True)
class Owed:
    """What a bill asks for: minor units. `waived` = the lines' total - `total`."""

    rounded: Rounded
    total: int
    taxes: tuple[tuple[TaxCode, int], ...]
    why: str = ""

    @property
    def tax(self) -> int:
        return sum(amount for _code, amount in self.taxes)

    @property
    def net(self) -> int:
        return self.total - self.tax

    @property
    def waived(self) -> int:
        return self.rounded.total - self.total

    @property
    def waived_tax(self) -> int:
        return self.rounded.tax - self.tax

    def tax_of(self, code: TaxCode) -> int:
        return sum(amount for name, amount in self.taxes if name is code)


def owed(rounded: Rounded, *, most: int | None = None) -> Owed:
    """All of it, or `most` (minor units) of it where that is less."""
    taxes = tuple((code, rounded.tax_of(code)) for code in TaxCode)
    if most is None or rounded.total <= most:
        return Owed(rounded, rounded.total, taxes)
    shared: list[tuple[TaxCode, int]] = []
    left = most
    for code, tax in taxes:
        share = min(_share(tax, most, rounded.total), left)
        left -= share
        shared.append((code, share))
    return Owed(rounded, most, tuple(shared), BEYOND_PAID if most else NOTHING_FLOWED)


def _share(tax: int, most: int, total: int) -> int:
    """Half-up; `total` > `most` ≥ 0."""
    return (2 * tax * most + total) // (2 * total)
