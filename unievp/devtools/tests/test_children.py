import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from unievp.devtools.children import Child, keep_running, run_once, stop_all
from unievp.devtools.processes import is_alive, wait_until

CHECKOUT = Path(__file__).parents[3]


class Recorder:
    """Takes a printer's place."""

    def __init__(self):
        self.lines: list[tuple[str, str]] = []

    def line(self, name, text, colour=37):
        self.lines.append((name, text))

    def texts(self):
        return [text for _name, text in self.lines]


def python(code, name="child"):
    return Child(name, [sys.executable, "-c", code])


async def until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        await asyncio.sleep(0.01)


@pytest.fixture
def printer():
    return Recorder()


async def test_every_line_carries_the_name_and_the_status_is_reported(printer):
    code = "import sys; print('out'); print('err', file=sys.stderr); print('last', end=''); exit(3)"
    assert await run_once(python(code, "web"), os.environ, printer) == 3
    assert sorted(printer.lines) == [("web", "err"), ("web", "last"), ("web", "out")]


async def test_a_line_without_an_end_does_not_stop_the_output(printer):
    code = "import sys; sys.stdout.write('x' * 3_000_000); print(); print('after')"
    await run_once(python(code), os.environ, printer)
    assert printer.texts()[-1] == "after"
    assert sum(map(len, printer.texts()[:-1])) == 3_000_000


async def test_output_that_is_no_text_is_printed_all_the_same(printer):
    await run_once(python(r"import os; os.write(1, b'\xff\xfe!\n')"), os.environ, printer)
    assert printer.texts() == ["\ufffd\ufffd!"]


async def test_a_crashed_child_is_started_again_until_the_stop(printer, monkeypatch):
    monkeypatch.setattr("unievp.devtools.children.FIRST_PAUSE_S", 0.01)
    starts = 0

    def stopping():
        nonlocal starts
        starts = printer.texts().count("started")
        return starts >= 3

    await keep_running(python("print('started'); exit(5)"), os.environ, printer, stopping)
    assert starts == 3
    assert "ended with status 5; again in 0 s" in printer.texts()


async def test_a_child_that_dies_takes_what_it_started_along(printer):
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid)\n"
    )
    started = time.monotonic()
    await run_once(python(code), os.environ, printer)
    assert time.monotonic() - started < 20
    grandchild = int(printer.texts()[0])
    await until(lambda: not is_alive(grandchild))


async def test_stop_ends_the_polite_at_once_and_the_stubborn_by_force(printer):
    polite = python("print('up'); import time; time.sleep(60)", "polite")
    stubborn = python(
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('up')\ntime.sleep(60)",
        "stubborn",
    )
    running = [asyncio.create_task(run_once(c, os.environ, printer)) for c in (polite, stubborn)]
    await until(lambda: printer.texts().count("up") == 2)
    started = time.monotonic()
    await stop_all([polite, stubborn], patience=0.5)
    assert time.monotonic() - started < 5
    assert await asyncio.gather(*running) == [-signal.SIGTERM, -signal.SIGKILL]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux's")
def test_a_killed_runner_takes_its_children_along(tmp_path):
    note = tmp_path / "pid"
    inner = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    outer = (
        "import asyncio, os, sys\n"
        "from unievp.devtools.children import Child, Printer, run_once\n"
        f"child = Child('child', [sys.executable, '-c', {inner!r}])\n"
        "asyncio.run(run_once(child, os.environ, Printer(['child'])))\n"
    )
    runner = subprocess.Popen([sys.executable, "-c", outer], cwd=CHECKOUT)
    assert wait_until(lambda: note.exists() and note.read_text() != "", timeout=20)
    runner.kill()
    runner.wait()
    assert wait_until(lambda: not is_alive(int(note.read_text())), timeout=10)
