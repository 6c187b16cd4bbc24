"""`/healthz`: this process answers. `/readyz`: what it stands on answers too."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.asyncio import Redis

from unievp.lib.db import in_db

logger = logging.getLogger(__name__)
PATIENCE_S = 3


async def healthz(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})


async def readyz(_request: HttpRequest) -> JsonResponse:
    """200 `{"database": "ok", "valkey": "ok"}`; 503 with "failed" at what does not answer."""
    database, valkey = await asyncio.gather(
        _state("database", in_db(_ask_database)), _state("valkey", _ask_valkey())
    )
    checks = {"database": database, "valkey": valkey}
    status = 200 if all(state == "ok" for state in checks.values()) else 503
    return JsonResponse(checks, status=status, headers={"Cache-Control": "no-store"})


async def _state(name: str, answer: Awaitable[None]) -> str:
    """The reason goes to the log: a public page does not tell addresses."""
    try:
        await asyncio.wait_for(answer, PATIENCE_S)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is not ready)
        logger.warning("%s does not answer: %s: %s", name, type(error).__name__, error)
        return "failed"
    return "ok"


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def _ask_valkey() -> None:
    client = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=PATIENCE_S)
    try:
        await client.ping()
    finally:
        await client.aclose()
