"""Embedded services for the duration of one `manage.py` command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unievp.devtools.environment import export, load_env_file
from unievp.devtools.paths import data_dir, wheels_installed


@contextmanager
def services_for_command(base_dir: Path) -> Iterator[None]:
    """Find or start what DATABASE_URL and REDIS_URL do not name; the last user stops it again.

    Without `DATA_DIR/env` (made by `make run`) or without the wheels nothing happens: a production
    environment must name its services, and the settings say what is missing.
    """
    folder = data_dir(base_dir)
    load_env = wheels_installed() and (folder / "env").exists()
    if load_env:
        load_env_file(folder / "env")
    if not load_env or {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        yield
        return
    from unievp.devtools.services import Services

    services = Services(folder)
    state = services.start()
    export(state.database_url, state.redis_url)
    try:
        yield
    finally:
        services.release()
