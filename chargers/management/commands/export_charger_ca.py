"""What nginx needs to check chargers' certificates: `manage.py export_charger_ca DIRECTORY`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chargers.models import CertificateAuthority
from chargers.services.certificates.authority import revocation_list, trust_chain


class Command(BaseCommand):
    help = "Write charger-ca.pem and charger-ca.crl for nginx; run it daily, then reload nginx."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        if not CertificateAuthority.objects.exists():
            message = "There is no authority yet: manage.py create_charger_ca NAME"
            raise CommandError(message)
        directory: Path = options["directory"]
        for name, text in (
            ("charger-ca.pem", trust_chain()),
            ("charger-ca.crl", revocation_list()),
        ):
            _replace(directory / name, text)
            self.stdout.write(str(directory / name))


def _replace(path: Path, text: str) -> None:
    """Whole or not at all: nginx may read it at any moment."""
    fresh = path.with_suffix(path.suffix + ".new")
    try:
        fresh.write_text(text)
        os.replace(fresh, path)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise CommandError(message) from error
