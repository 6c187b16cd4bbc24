"""The processes of `make run`: started with a name before every line, restarted when they crash.

Each child leads a process group of its own, so that stopping it also ends what it started. On Linux
the kernel tells the children when the runner itself is killed.
"""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
# A child that ran this long was healthy: its next crash starts with the first pause again.
HEALTHY_AFTER_S = 60.0
MAX_LINE_BYTES = 1 << 20
# How long the rest of the output of an ended child is read.
LAST_WORDS_S = 2.0
_PR_SET_PDEATHSIG = 1
# Loaded here: after a fork only what needs no lock is safe.
_LIBC = ctypes.CDLL(None)


@dataclass
class Child:
    """One process of the platform and how to start it again."""

    name: str
    command: Sequence[str]
    colour: int = 37
    process: asyncio.subprocess.Process | None = field(default=None, init=False)

    @property
    def group(self) -> int | None:
        """The process group, as long as the process has not been waited for."""
        return self.process.pid if self.process is not None else None


class Printer:
    """Writes lines with a coloured name in front; survives a terminal that has gone."""

    def __init__(self, names: Sequence[str]) -> None:
        self._width = max(map(len, names))
        self._colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def line(self, name: str, text: str, colour: int = 37) -> None:
        label = f"{name:<{self._width}} |"
        self.plain(f"\033[{colour}m{label}\033[0m {text}" if self._colours else f"{label} {text}")

    def plain(self, text: str) -> None:
        # The terminal may be closed (SIGHUP follows) or the reader of a pipe gone.
        with suppress(OSError, ValueError):
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()


async def run_once(child: Child, env: Mapping[str, str], printer: Printer) -> int:
    """Run a child to its end, its output line by line to the printer; return its exit status."""
    # A pipe of our own: asyncio's would let wait() hang on a grandchild that keeps it open.
    read_end, write_end = os.pipe()
    reader = asyncio.create_task(_print_lines(child, read_end, printer))
    try:
        child.process = await asyncio.create_subprocess_exec(
            *child.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=write_end,
            stderr=asyncio.subprocess.STDOUT,
            env={**env, "PROCESS_NAME": child.name, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    finally:
        os.close(write_end)
    status = await child.process.wait()
    kill_group(child)
    child.process = None
    await asyncio.wait([reader], timeout=LAST_WORDS_S)
    reader.cancel()
    return status


async def keep_running(
    child: Child, env: Mapping[str, str], printer: Printer, stopping: Callable[[], bool]
) -> None:
    """Run a child again and again, with growing pauses while it keeps crashing."""
    pause = FIRST_PAUSE_S
    while not stopping():
        started = time.monotonic()
        status = await run_once(child, env, printer)
        if stopping():
            return
        if time.monotonic() - started > HEALTHY_AFTER_S:
            pause = FIRST_PAUSE_S
        printer.line(child.name, f"ended with status {status}; again in {pause:.0f} s", 31)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_S)


async def stop_all(children: Sequence[Child], *, patience: float) -> None:
    """SIGTERM to all at once, SIGKILL after `patience` seconds to the groups that are left."""
    for child in children:
        _signal_group(child, signal.SIGTERM)
    running = [child.process for child in children if child.process is not None]
    ends = asyncio.gather(*(process.wait() for process in running))
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(ends), patience)
    for child in children:
        kill_group(child)
    await ends


def kill_group(child: Child) -> None:
    """End what a child may have left behind in its group."""
    _signal_group(child, signal.SIGKILL)


def _signal_group(child: Child, signum: signal.Signals) -> None:
    if child.group is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.group, signum)


async def _print_lines(child: Child, read_end: int, printer: Printer) -> None:
    stream = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(read_end, "rb")
    )
    try:
        while line := await _read_line(stream):
            printer.line(child.name, line.decode(errors="replace").rstrip(), child.colour)
    finally:
        transport.close()


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    """The next line, or the next megabyte of one without an end."""
    try:
        return await stream.readuntil(b"\n")
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError as overrun:
        return await stream.read(overrun.consumed)


def _die_with_parent() -> None:
    """In the child, before its program starts: ask for SIGTERM when the runner dies."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
