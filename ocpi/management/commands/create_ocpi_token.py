"""Make a token that a partner registers with, and print it, once, as the last word."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cpo.models import CPO
from ocpi.addresses import versions_url
from ocpi.services.partners.inviting import invite_partner
from unievp.lib.errors import DomainError


class Command(BaseCommand):
    help = "Make an OCPI registration token (CREDENTIALS_TOKEN_A) for a new partner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, help="who the partner is, for people")
        parser.add_argument("--cpo", help="id of the only CPO that the partner may see")

    def handle(self, *args: Any, **options: Any) -> None:
        cpo = _find_cpo(options["cpo"]) if options["cpo"] else None
        try:
            partner, token = invite_partner(
                name=options["name"], cpo=cpo, actor="manage.py create_ocpi_token"
            )
        except DomainError as error:
            raise CommandError(f"--{error.field or 'name'}: {error}") from None
        self.stdout.write(
            f"Registration token of {partner.name} for {versions_url()}, shown only now: {token}"
        )


def _find_cpo(text: str) -> CPO:
    try:
        return CPO.objects.get(pk=UUID(text))
    except (ValueError, CPO.DoesNotExist):
        raise CommandError(f"--cpo: there is no CPO {text}") from None
