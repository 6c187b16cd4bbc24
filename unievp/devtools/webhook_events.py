"""The table of events in docs/webhooks.md, as the catalogue has them.

`python -m unievp.devtools.webhook_events` writes it anew; a test refuses an old one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

# Loads the settings without connecting to anything.
from unievp.devtools import permissions  # noqa: F401  isort: skip
from django.utils import translation

from cpo.services.webhooks.catalogue import TYPES

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "webhooks.md"
BEGIN: Final = "<!-- events: written by python -m unievp.devtools.webhook_events -->\n"
END: Final = "<!-- end of events -->\n"


def table() -> str:
    with translation.override("en"):
        rows = [f"| `{name}` | {kind.meaning} | `{kind.scope}` |" for name, kind in TYPES.items()]
    return "\n".join(["| event | when | scope of a key |", "|---|---|---|", *rows]) + "\n"


def with_table(page: str) -> str:
    """`page` with the table of today between its two marks."""
    before, _begin, rest = page.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main() -> None:
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
