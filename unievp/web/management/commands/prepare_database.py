"""A schema of our own in a database that others can see into (docs/supabase.md)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from unievp.lib.schema import prepare_schema


class Command(BaseCommand):
    help = (
        "Make a schema for our tables, and let the role that DATABASE_URL names find it by itself "
        "in this database. Run it once, before the first migrate."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--schema", default="uniev", help="Its name (default: uniev).")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            role, database = prepare_schema(options["schema"])
        except ValueError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"{role} finds its tables in {options['schema']} of {database} from its next "
            "connection on. Now run: manage.py migrate"
        )
