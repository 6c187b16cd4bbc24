from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from unievp.web.demo.loader import load_demo
from unievp.web.demo.logins import LOGINS, SAME_FOR_ALL


class Command(BaseCommand):
    help = (
        "Load the demo data set (companies, chargers, tariffs, drivers, logins). "
        "Running it again adds what is missing and changes nothing. Refused when DEBUG is off."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="print nothing but errors")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            message = (
                "Refused: DEBUG is off. The demo data has public passwords and belongs on no "
                "server that people use."
            )
            raise CommandError(message)
        added = load_demo()
        if options["quiet"]:
            return
        for kind, count in added.items():
            self.stdout.write(f"{kind}: {count} added")
        names = ", ".join(login.username for login in LOGINS)
        self.stdout.write(f"Logins: {names} / {SAME_FOR_ALL}")
