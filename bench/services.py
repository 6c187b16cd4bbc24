"""PostgreSQL and Valkey of a bench, and Django connected to them."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path


def temporary_folder(stack: ExitStack, parent: str | None) -> Path:
    """Deleted at the end."""
    folder = Path(tempfile.mkdtemp(prefix="uniev-bench-", dir=parent))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


def bring_up(
    folder: Path, stack: ExitStack, *, threads: int, durable: bool = True, keep: bool = False
) -> None:
    """Start the services with their data in `folder` and migrate; models can be imported then.

    `keep`: the data stays for the next time. `durable`: fsync on.
    """
    from unievp.devtools.environment import create_env_file, load_env_file
    from unievp.devtools.services import Services

    os.environ["DATA_DIR"] = str(folder)
    load_env_file(create_env_file(folder))
    os.environ["DEBUG"] = "0"
    os.environ["DB_POOL_MAX"] = str(threads + 2)
    services = Services(folder, durable=durable)
    if not keep:
        # Root's clusters stand in a folder of their own.
        stack.callback(services.postgres.destroy)
    state = services.start()
    stack.callback(services.release)
    os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = state.database_url, state.redis_url
    os.environ["DJANGO_SETTINGS_MODULE"] = "unievp.settings"

    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
