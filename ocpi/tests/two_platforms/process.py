"""A platform's own process: its real web server, and a console on standard input.

A line in is `{"deed": name, "with": {…}}`, a line out its result or error. Deeds run here because
each platform has settings, a database and a broker of its own.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from importlib import import_module
from typing import Any

from daphne.server import Server  # type: ignore[import-untyped]  # it has none


def serve(port: int) -> None:
    # By name: apps import nothing from above.
    application = import_module("unievp.asgi").application
    threading.Thread(target=_listen, daemon=True).start()
    Server(
        application,
        endpoints=[f"tcp:port={port}:interface=127.0.0.1"],
        signal_handlers=True,
        verbosity=0,
    ).run()


def _listen() -> None:
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line)), default=str), flush=True)
    os._exit(0)  # The test is gone.


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    from django.db import connection

    from ocpi.tests.two_platforms import deeds

    try:
        return {"result": getattr(deeds, asked["deed"])(**asked["with"])}
    except Exception:  # noqa: BLE001 (the test is told, whatever it was)
        return {"error": traceback.format_exc()}
    finally:
        connection.close()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
