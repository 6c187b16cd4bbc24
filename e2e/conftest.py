"""Browser tests: Debian's chromium against the real web process (Daphne) on the test database.

Every page is watched: an error in the console, a Content-Security-Policy violation, a failed
request, or a request to a foreign host fails the test.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

# Playwright's loop runs in the test's thread, and Django would refuse the ORM there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

ROOT = Path(__file__).resolve().parent.parent
SCREENSHOTS = ROOT / "e2e" / "screenshots"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_S = 60
# Said by the browser about answers that a test provokes on purpose.
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).is_relative_to(ROOT / "e2e"):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a web process that serves the test database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = os.environ["DATABASE_URL"].rpartition("/")[0]
    environment = os.environ | {
        "DATABASE_URL": f"{base}/{settings.DATABASES['default']['NAME']}",
        "DEBUG": "1",
        "PORT": str(port),
        "DJANGO_SETTINGS_MODULE": "unievp.settings",
    }
    log = tmp_path_factory.mktemp("server") / "daphne.log"
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "unievp.asgi:application"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/readyz", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"The web process does not answer:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        raise RuntimeError("chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


class Visitor:
    """One person at one screen; what goes wrong in any of their pages is kept in `troubles`."""

    def __init__(self, context: BrowserContext, server: str) -> None:
        self.context = context
        self.server = server
        self.troubles: list[str] = []
        self.expected: list[str] = []
        self.page = self.open()

    def open(self) -> Page:
        page = self.context.new_page()
        page.on(
            "console",
            lambda message: self._complain(message.text, message.type in ("error", "warning")),
        )
        page.on("pageerror", lambda error: self._complain(f"script: {error}", True))
        page.on("request", lambda request: self._check_host(request.url))
        page.on("websocket", lambda socket: self._check_host(socket.url))
        return page

    def _complain(self, text: str, matters: bool) -> None:
        if matters and not any(known in text for known in self.expected):
            self.troubles.append(text)

    def _check_host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != urlsplit(self.server).netloc:
            self.troubles.append(f"foreign request: {url}")

    def sign_in(self, login: str, password: str, to: str = "/") -> Page:
        self.page.goto(f"{self.server}{to}")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", password)
        self.page.click("form[action='/accounts/login/'] button[type=submit]")
        self.page.wait_for_url(f"{self.server}{to}")
        return self.page

    def picture(self, name: str, *, whole: bool = False) -> Path:
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        # Asked again of the next document, should this one go just now.
        self.page.wait_for_function("document.fonts.status === 'loaded'")
        self.page.screenshot(path=path, full_page=whole)
        return path


@pytest.fixture
def visit(browser: Browser, server: str) -> Iterator[Callable[..., Visitor]]:
    """`visit(language="en", size=WIDE, dark=False)` gives a `Visitor`."""
    visitors: list[Visitor] = []

    def start(
        *,
        language: str = "en",
        size: dict[str, int] | None = None,
        dark: bool = False,
        server: str = server,
    ) -> Visitor:
        context = browser.new_context(
            viewport=size or WIDE,
            locale={"en": "en-GB", "id": "id-ID"}[language],
            color_scheme="dark" if dark else "light",
            timezone_id="Asia/Jakarta",
        )
        context.set_default_timeout(10_000)
        visitors.append(Visitor(context, server))
        return visitors[-1]

    yield start
    for visitor in visitors:
        visitor.context.close()
    assert [trouble for visitor in visitors for trouble in visitor.troubles] == []
