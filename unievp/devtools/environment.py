"""The environment of a checkout: `DATA_DIR/env` and the addresses of the embedded services.

`settings.py` calls `prepare` before it reads the first variable. In production, without the wheels
of requirements-dev.txt, it does nothing. What is set in the real environment always wins.
"""

import os
import secrets
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

from unievp.devtools.paths import data_dir, wheels_installed


def prepare(base_dir: Path) -> None:
    """Fill in the variables a development checkout needs and that are not set.

    Under pytest it brings up the services of the tests: pytest-django reads the settings before any
    conftest is imported, so there is no later moment.
    """
    if not wheels_installed():
        return
    if "pytest" in sys.modules:
        from unievp.devtools import testing

        testing.join(base_dir)
        return
    folder = data_dir(base_dir)
    load_env_file(folder / "env")
    if {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        return
    if not (folder / "services.json").exists():
        return
    from unievp.devtools.services import State

    state = State.read(folder)
    if state is not None and state.answers:
        export(state.database_url, state.redis_url)


def export(database_url: str, redis_url: str) -> None:
    os.environ.setdefault("DATABASE_URL", database_url)
    os.environ.setdefault("REDIS_URL", redis_url)


def load_env_file(path: Path) -> None:
    """Read KEY=VALUE lines (`#` starts a comment line) into variables that are not set yet."""
    if not path.exists():
        return
    for line in path.read_text().splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.lstrip().startswith("#"):
            os.environ.setdefault(name.strip(), value.strip())


def create_env_file(folder: Path) -> Path:
    """Make `DATA_DIR/env` with generated secrets, 0600, unless there is one."""
    path = folder / "env"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    fernet_key = urlsafe_b64encode(os.urandom(32)).decode()
    draft = folder / f"env.{os.getpid()}.new"
    draft.touch(mode=0o600)
    draft.write_text(
        "# Made by the first `make run`, for this checkout only. Edit freely; what is set in the\n"
        "# environment wins. docs/configuration.md lists every variable.\n"
        "DEBUG=1\n"
        f"SECRET_KEY={secrets.token_urlsafe(50)}\n"
        f"FIELD_ENCRYPTION_KEYS={fernet_key}\n"
        "ALLOWED_HOSTS=localhost,127.0.0.1,[::1]\n"
    )
    draft.replace(path)
    return path


if __name__ == "__main__":
    create_env_file(data_dir(Path.cwd()))
