"""Make our certificate authority for chargers: `manage.py create_charger_ca "Company"`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chargers.services.certificates.authority import create_authority
from unievp.lib.errors import DomainError


class Command(BaseCommand):
    help = "Create the root and the intermediate that sign chargers' certificates."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="who issues, as chargers and people will read it")
        parser.add_argument("--replace", action="store_true", help="sign with new ones from now on")

    def handle(self, *_args: Any, **options: Any) -> None:
        name = str(options["name"]).strip()
        if not 1 <= len(name) <= 40:
            message = "Give the authority a name of 1 to 40 characters."
            raise CommandError(message)
        try:
            issuing = create_authority(
                name, actor="manage.py create_charger_ca", replace=options["replace"]
            )
        except DomainError as error:
            message = f"{error} Use --replace to sign with new ones from now on."
            raise CommandError(message) from error
        self.stdout.write(f"{issuing.name}, valid until {issuing.not_after:%Y-%m-%d}.")
        self.stdout.write("For nginx: manage.py export_charger_ca DIRECTORY")
