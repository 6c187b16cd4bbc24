"""PostgreSQL and Valkey for the tests, beside a running `make run`.

One pair of servers in `DATA_DIR/test` serves every pytest that runs in the checkout. Each of them
has databases of its own in both; the workers of pytest-xdist share their controller's servers.
PostgreSQL copies a test database from a template that has all migrations, made when one changes.
"""

import atexit
import fcntl
import hashlib
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import psycopg
import redis

from unievp.devtools.paths import data_dir
from unievp.devtools.processes import ServiceError
from unievp.devtools.services import Services, State
from unievp.devtools.valkey import DATABASES

DATABASES_PER_SESSION = 32
SLOTS = DATABASES // DATABASES_PER_SESSION
# Rendering the states of many migrations makes garbage faster than the collector thinks.
MIGRATE = """
import gc
from manage import main
gc.set_threshold(100_000, 50, 100)
main()
"""
# Nothing but the tests is ever encrypted or signed with these.
TEST_SECRETS = {
    "SECRET_KEY": "test-only-secret-key-0123456789-0123456789-0123456789",
    "FIELD_ENCRYPTION_KEYS": "dGVzdC1vbmx5LWZlcm5ldC1rZXktMDEyMzQ1Njc4OTA=",
}


class Session:
    """What one pytest invocation holds; None of it in its workers."""

    services: Services | None = None
    slot: IO[str] | None = None


def join(base_dir: Path) -> None:
    """Set the environment of this pytest process; the controller starts the services first."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None and Session.services is None:
        _open_session(data_dir(base_dir) / "test")
        os.environ["TEST_DATABASE_TEMPLATE"] = _template(base_dir)
    if worker is not None:
        _choose_databases(1 + int(worker.removeprefix("gw")))


def leave() -> None:
    """The controller's end: the last pytest of the checkout stops the services."""
    services, Session.services = Session.services, None
    if Session.slot is not None:
        Session.slot.close()
        Session.slot = None
    if services is not None:
        services.release()


def _open_session(folder: Path) -> None:
    services = Services(folder, durable=False)
    state = services.start()
    Session.services = services
    atexit.register(leave)
    if services.fresh:
        _drop_leftovers(state)
    slot = _take_slot(folder)
    os.environ.update(TEST_SECRETS)
    os.environ.update(
        DEBUG="0",
        ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
        DATA_DIR=str(folder),
        DATABASE_URL=state.database_url,
        REDIS_URL=state.redis_url,
        UNIEV_TEST_SLOT=str(slot),
    )
    os.environ.setdefault("TEST_DATABASE_NAME", f"test_uniev_{os.getpid()}")
    for number in range(DATABASES_PER_SESSION):
        _choose_databases(number)
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            client.flushdb()
    _choose_databases(0)


def _choose_databases(number: int) -> None:
    """Point this process at its own Valkey database; publish/subscribe is kept apart by prefix."""
    slot = int(os.environ["UNIEV_TEST_SLOT"])
    database = slot * DATABASES_PER_SESSION + number % DATABASES_PER_SESSION
    server = os.environ["REDIS_URL"].rpartition("/")[0]
    os.environ["REDIS_URL"] = f"{server}/{database}"
    os.environ["CHANNEL_PREFIX"] = f"test-{database}"


def _take_slot(folder: Path) -> int:
    """A free range of Valkey databases, ours until this process ends."""
    for number in range(SLOTS):
        handle = (folder / f"slot-{number}.lock").open("a")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            continue
        Session.slot = handle
        return number
    raise ServiceError(f"{SLOTS} test sessions run already.")


def _template(base_dir: Path) -> str:
    """The name of a database with today's migrations; partitions are made for the day they run."""
    folder = Path(os.environ["DATA_DIR"])
    digest = hashlib.sha256(datetime.now(UTC).date().isoformat().encode())
    for path in sorted([*base_dir.glob("*/migrations/*.py"), base_dir / "requirements.txt"]):
        digest.update(path.read_bytes())
    name = f"template_uniev_{digest.hexdigest()[:16]}"
    with (folder / "template.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            rows = connection.execute("SELECT datname FROM pg_database").fetchall()
            if (name,) not in rows:
                old = [row[0] for row in rows if row[0].startswith("template_uniev_")]
                _make_template(base_dir, connection, name, old)
    return name


def _make_template(
    base_dir: Path, connection: psycopg.Connection[tuple[str]], name: str, old: list[str]
) -> None:
    """Under a name of its own until it is whole: a killed pytest leaves no half template."""
    building = psycopg.sql.Identifier("template_uniev_building")
    for each in old:
        drop = psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)")
        connection.execute(drop.format(psycopg.sql.Identifier(each)))
    connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(building))
    server, _, rest = os.environ["DATABASE_URL"].rpartition("/")
    query = "?" + rest.partition("?")[2] if "?" in rest else ""
    url = f"{server}/template_uniev_building{query}"
    command = [sys.executable, "-c", MIGRATE, "migrate", "--verbosity", "0"]
    subprocess.run(  # noqa: S603 (our own program)
        command, cwd=base_dir, env={**os.environ, "DATABASE_URL": url}, check=True
    )
    rename = psycopg.sql.SQL("ALTER DATABASE {} RENAME TO {}")
    connection.execute(rename.format(building, psycopg.sql.Identifier(name)))


def _drop_leftovers(state: State) -> None:
    """Databases of killed sessions; called before anyone else can be connected."""
    with psycopg.connect(state.database_url, autocommit=True) as connection:
        for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall():
            if re.fullmatch(r"test_uniev_\d+(_gw\d+)?", name):
                connection.execute(
                    psycopg.sql.SQL("DROP DATABASE {}").format(psycopg.sql.Identifier(name))
                )
