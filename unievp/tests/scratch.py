"""A database of its own for a test that runs the program as a stranger does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings


@contextmanager
def scratch_database(name: str) -> Iterator[str]:
    """The address of a new database, owned by a role of the same name; both are gone afterwards."""
    own = settings.DATABASES["default"]
    server = {part.lower(): own[part] for part in ("HOST", "PORT", "USER", "PASSWORD")}
    with psycopg.connect(dbname="postgres", autocommit=True, **server) as admin:
        drop = [f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"DROP ROLE IF EXISTS {name}"]
        for statement in (
            *drop,
            f"CREATE ROLE {name} LOGIN PASSWORD '{name}'",
            f"CREATE DATABASE {name} OWNER {name}",
        ):
            admin.execute(statement)
        try:
            yield f"postgres://{name}:{name}@{own['HOST']}:{own['PORT']}/{name}"
        finally:
            for statement in drop:
                admin.execute(statement)


def manage(address: str, *arguments: str) -> str:
    """What `manage.py` says; it must succeed."""
    return run(address, "manage.py", *arguments)


def run(address: str, *arguments: str) -> str:
    environment = os.environ | {"DATABASE_URL": address, "DEBUG": "1"}
    environment.pop("TEST_DATABASE_TEMPLATE", None)
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
