"""Whether the platform answers: web, ocpp and worker, each asked over its own wire."""

import http.client
from collections.abc import Callable

from celery import Celery

from unievp.devtools.platform import Configuration

TIMEOUT_S = 3.0


def missing(config: Configuration, redis_url: str) -> list[str]:
    """The names of the processes that do not answer yet. Blocks for seconds: for a thread."""
    checks: dict[str, Callable[[], bool]] = {
        "web": lambda: _http_status(config.own_host, config.port, "/readyz") == 200,
        # Any HTTP answer: without an upgrade it is not a charger, but the server is there.
        "ocpp": lambda: _http_status(config.own_host, config.ocpp_port, "/") is not None,
        "gateway": lambda: _http_status(config.own_host, config.gateway_port, "/healthz") == 200,
        "worker": lambda: _worker_answers(redis_url),
    }
    return [name for name, answers in checks.items() if not answers()]


def _http_status(host: str, port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _worker_answers(redis_url: str) -> bool:
    with Celery(broker=redis_url, set_as_current=False) as app:
        try:
            return bool(app.control.ping(timeout=1.0, limit=1))
        except app.connection().connection_errors:
            return False
