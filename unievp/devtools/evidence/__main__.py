"""`python -m unievp.devtools.evidence` writes docs/ocpp.md and says which proofs are missing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django

# The routes import models, and models want settings; nothing is connected to.
_UNUSED = {
    "DJANGO_SETTINGS_MODULE": "unievp.settings",
    "SECRET_KEY": "unused",
    "FIELD_ENCRYPTION_KEYS": "unused",
    "DATABASE_URL": "postgres://nowhere/none",
    "REDIS_URL": "redis://nowhere",
}


def main() -> int:
    base_dir = Path(__file__).resolve().parents[3]
    for name, value in _UNUSED.items():
        os.environ.setdefault(name, value)
    django.setup()
    # Only now: the routes import models.
    from unievp.devtools.evidence.page import make_page, missing, unknown

    (base_dir / "docs" / "ocpp.md").write_text(make_page(base_dir), encoding="utf-8")
    lacking, undefined = missing(base_dir), unknown(base_dir)
    sys.stdout.write(f"{len(lacking)} without a test: {', '.join(lacking) or '-'}\n")
    sys.stdout.write(f"{len(undefined)} not defined: {'; '.join(undefined) or '-'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
