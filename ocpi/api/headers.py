"""The routing headers of a request (OCPI 2.2.1 §4.1.6): whom it is from, whom it is for."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest

LONGEST: Final = 64
_PARTS: Final = (("country-code", 2), ("party-id", 3))


def printable(text: str) -> str:
    """What a header may hold, cut; "" for anything else: no column and no answer takes it."""
    return text[:LONGEST] if text.isascii() and text.isprintable() else ""


def sender_of(request: HttpRequest) -> tuple[str, str]:
    """OCPI-from: country code and party id, "" where there are none."""
    country, party = (_read(request, "from", name)[:most] for name, most in _PARTS)
    return printable(country), printable(party)


def receiver_of(request: HttpRequest) -> tuple[str, str] | None:
    """OCPI-to as it was written, in capitals; None where it says nothing."""
    country, party = (_read(request, "to", name).upper() for name, _most in _PARTS)
    if not country and not party:
        return None
    # Nobody is called so, and nobody is to be looked for under it.
    return printable(country) or "?", printable(party) or "?"


def _read(request: HttpRequest, side: str, name: str) -> str:
    return request.headers.get(f"OCPI-{side}-{name}", "").strip()
