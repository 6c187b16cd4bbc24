"""What people call the program that a User-Agent header names."""

from __future__ import annotations

from typing import Final

# The first that fits: each of these also carries the marks of those below it.
_PROGRAMS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari/", "Safari"),
)
_MACHINES: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_MOST_CHARS: Final = 60


def browser_name(user_agent: str) -> str:
    """`Chrome · Android`; of a program that is not known, what it says itself."""
    program = _first(_PROGRAMS, user_agent)
    machine = _first(_MACHINES, user_agent)
    return " · ".join(word for word in (program, machine) if word) or user_agent[:_MOST_CHARS]


def _first(marks: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for mark, name in marks if mark in text), "")
