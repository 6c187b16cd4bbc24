"""`manage.py replay FILE`: play an export of the wire log again and compare."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from unievp.lib.errors import DomainError
from unievp.web.replay import replay


class Command(BaseCommand):
    help = (
        "Plays an export (JSON lines) of the wire log through the real decoder, session and "
        "billing code, in a transaction that is rolled back, and compares the sessions, readings "
        "and bills with those of the export. Exit code 1: something differs; 2: no export."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with path.open("rb") as file:
                outcome = replay(file)
        except OSError as error:
            message = f"{path}: {error.strerror}"
            raise CommandError(message, returncode=2) from error
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        for difference in outcome.differences:
            self.stdout.write(str(difference))
        verdict = self.style.SUCCESS("the same") if outcome.is_same else "different"
        self.stdout.write(
            f"{outcome.frames} frames played, {len(outcome.refused)} refused, "
            f"{outcome.sessions} sessions compared: {verdict}"
        )
        if not outcome.is_same:
            sys.exit(1)
