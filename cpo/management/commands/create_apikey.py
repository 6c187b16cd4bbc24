"""Make an API key and print it, once, as the last word."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cpo.models import CPO, Scope
from cpo.services.api_keys import create_api_key
from unievp.lib.errors import DomainError


class Command(BaseCommand):
    help = "Make an API key: for the platform with all scopes unless told otherwise."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, help="whose key it is, for people")
        parser.add_argument("--cpo", help="id of the CPO that the key is bound to")
        parser.add_argument(
            "--scope", action="append", default=[], help=f"one of {', '.join(Scope.values)}"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        cpo = _find_cpo(options["cpo"]) if options["cpo"] else None
        try:
            key, text = create_api_key(
                name=options["name"],
                cpo=cpo,
                scopes=options["scope"],
                actor="manage.py create_apikey",
            )
        except DomainError as error:
            raise CommandError(f"--{error.field or 'name'}: {error}") from None
        self.stdout.write(f"API key of {key.name} ({' '.join(key.scopes)}), shown only now: {text}")


def _find_cpo(text: str) -> CPO:
    try:
        return CPO.objects.get(pk=UUID(text))
    except (ValueError, CPO.DoesNotExist):
        raise CommandError(f"--cpo: there is no CPO {text}") from None
