#!/usr/bin/env python
"""Django's command line; in a development checkout it brings the embedded services with it."""

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

from unievp.devtools.command import services_for_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "unievp.settings")
    with services_for_command(Path(__file__).resolve().parent):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
