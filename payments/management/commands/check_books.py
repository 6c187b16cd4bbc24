"""Prove the ledger; exit 1 where anything differs."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from payments.services.check_books import check_books


class Command(BaseCommand):
    help = "Prove the books: trial balance, totals, hash chain, sessions = bills = entries."

    def handle(self, *args: Any, **options: Any) -> None:
        found = check_books()
        for name, differences in found.items():
            if not differences:
                self.stdout.write(f"ok       {name}")
                continue
            self.stdout.write(self.style.ERROR(f"DIFFERS  {name}"))
            for difference in differences:
                self.stdout.write(f"         {difference}")
        if any(found.values()):
            sys.exit(1)
