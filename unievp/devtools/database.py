"""Bring the database of a checkout up to date: migrations, then the demo data (idempotent).

Run as `python -m unievp.devtools.database`; one process for both, because start-up is what costs.
"""

import os

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "unievp.settings")
    django.setup(set_prefix=False)
    from django.conf import settings

    call_command("migrate", interactive=False, verbosity=1)
    if settings.DEBUG:
        call_command("load_demo")


if __name__ == "__main__":
    main()
