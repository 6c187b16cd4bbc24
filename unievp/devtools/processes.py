"""Small truths about processes, ports and locks, shared by the launchers."""

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

LOOPBACK = "127.0.0.1"


class ServiceError(RuntimeError):
    """An embedded service could not be started or stopped; the message says why."""


def execute(
    command: Sequence[str | Path],
    *,
    user: int | None = None,
    group: int | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 90,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program of ours to its end, without a terminal, as `user` and `group` if given."""
    # S603: every program comes from an installed wheel, no argument from outside.
    return subprocess.run(  # noqa: S603
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        user=user,
        group=group,
        extra_groups=None if user is None else [],
        cwd=cwd,
        env=env,
        timeout=timeout,
        check=False,
        start_new_session=True,
    )


def is_alive(pid: int) -> bool:
    """A zombie is dead; reap it if it is ours (a container may have no init that would)."""
    try:
        if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            return True
        os.waitpid(pid, os.WNOHANG)
    except (psutil.NoSuchProcess, ChildProcessError):
        return False
    return False


def adopt_orphans() -> None:
    """Become the parent of the servers we start, which detach themselves, so that we can reap them.

    Linux only; elsewhere init does it.
    """
    if sys.platform == "linux":
        pr_set_child_subreaper = 36
        ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def wait_until(condition: Callable[[], bool], *, timeout: float, interval: float = 0.02) -> bool:
    """Poll `condition` until it holds; False when `timeout` seconds pass first."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval)
    return True


def stop_processes(pids: Iterable[int], *steps: tuple[signal.Signals, float]) -> bool:
    """Send each signal in turn and give the processes its seconds to go; True when all are gone."""
    everyone = list(pids)

    def all_gone() -> bool:
        # Every one is asked, because asking also reaps.
        return not [pid for pid in everyone if is_alive(pid)]

    for signum, patience in steps:
        for pid in everyone:
            send_signal(pid, signum)
        if wait_until(all_gone, timeout=patience):
            return True
    return all_gone()


def send_signal(pid: int, signum: signal.Signals) -> None:
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return


def accepts_connections(port: int, host: str = LOOPBACK) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def port_is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen there now (TIME_WAIT of an earlier one does not count)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def choose_port(preferred: int | None) -> int:
    """The port of last time if nobody took it, else any free one on the loopback."""
    if preferred is not None and port_is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def tail(log: Path, lines: int = 12) -> str:
    """The end of a log for an error message."""
    if not log.exists():
        return f"({log} does not exist)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def write_private(path: Path, text: str) -> None:
    """Replace `path` by a file that only its owner can read; readers see old or new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(path)


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """One process at a time. The kernel frees it when the holder dies, so it cannot go stale."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
