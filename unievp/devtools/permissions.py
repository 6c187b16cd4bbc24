"""The permission table of docs/api.md, as the endpoints declare it.

`python -m unievp.devtools.permissions` writes it anew; a test refuses an old one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import django
from django.urls import URLPattern, URLResolver, get_resolver

# Enough for the settings to load; nothing is connected to.
_UNCONNECTED: Final = {
    "DJANGO_SETTINGS_MODULE": "unievp.settings",
    "SECRET_KEY": "unused",
    "FIELD_ENCRYPTION_KEYS": "dW51c2VkLXVudXNlZC11bnVzZWQtdW51c2VkLTAwMDA=",
    "DATABASE_URL": "postgres://nowhere/none",
    "REDIS_URL": "redis://nowhere",
}
for _name, _value in _UNCONNECTED.items():
    os.environ.setdefault(_name, _value)
django.setup()

# After the application registry is ready: it imports models.
from cpo.api.rights import Caller, Open, Platform, Row, rows_of  # noqa: E402

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "api.md"
BEGIN: Final = "<!-- permissions: written by python -m unievp.devtools.permissions -->\n"
END: Final = "<!-- end of permissions -->\n"
_NO: Final = "no"
PREFIX: Final = "api/"
# The last pattern, which catches what leads nowhere.
_NOWHERE: Final = "nowhere"
_PARAMETER: Final = re.compile(r"<(?:\w+:)?(\w+)>")
_COLUMNS: Final = {
    Caller.OWNER: "owner",
    Caller.OPERATOR: "operator",
    Caller.FINANCE: "finance",
    Caller.VIEWER: "viewer",
    Caller.STAFF: "staff",
    Caller.DRIVER: "driver",
    Caller.NOBODY: "nobody",
    Caller.COMPANY_KEY: "company's key",
    Caller.PLATFORM_KEY: "platform's key",
}


def endpoints() -> Iterator[tuple[str, Any]]:
    """Each address under /api ("/api/chargers/{charger_id}") and its view."""
    for path, callback in _walk(get_resolver().url_patterns, ""):
        if path.startswith(PREFIX) and callback.__name__ != _NOWHERE:
            # Class-based views, also those of Django, leave their class at the function.
            view = getattr(callback, "cls", None) or getattr(callback, "view_class", callback)
            yield "/" + _PARAMETER.sub(r"{\1}", path), view


def permission_rows() -> list[Row]:
    """Raises TypeError for an endpoint that does not say who may."""
    rows = [row for path, view in endpoints() for row in rows_of(view, path)]
    return sorted(rows, key=lambda row: row.path)


def permission_table() -> str:
    """Markdown: one line per method and address."""
    head = ["endpoint", "scope", *_COLUMNS.values()]
    lines = [head, ["---"] * len(head), *map(_line, permission_rows())]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def with_table(page: str) -> str:
    """`page` with the table of today between its two marks."""
    before, _begin, rest = page.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return f"{before}{BEGIN}\n{permission_table()}\n{END}{after}"


def main() -> None:
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def _line(row: Row) -> Sequence[str]:
    scope = f"`{row.scope}`" if row.scope else _NO
    return [f"`{row.method} {row.path}`", scope, *(_cell(row, who) for who in _COLUMNS)]


def _cell(row: Row, who: Caller) -> str:
    if row.need is Open.SIGNED:
        return "signed"
    if row.allows(who):
        return "yes"
    with_more = who is Caller.STAFF and isinstance(row.need, Platform)
    return "finance staff" if with_more else _NO


def _walk(patterns: Sequence[Any], before: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = before + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path, pattern.callback


if __name__ == "__main__":
    main()
