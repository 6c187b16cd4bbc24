"""Long answers, sent while they are made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
from django.http import StreamingHttpResponse

from unievp.lib.db import in_db

# Lines per step: one step holds a thread and a database connection, the pauses between do not.
_STEP = 200


def json_lines(lines: Iterator[dict[str, Any]], *, name: str) -> StreamingHttpResponse:
    """One JSON object per line, as a file; never more than a few lines in memory."""
    response = StreamingHttpResponse(_streamed(lines), content_type="application/x-ndjson")
    response["Content-Disposition"] = f'attachment; filename="{name}.jsonl"'
    response["Cache-Control"] = "private, no-store"
    return response


async def _streamed(lines: Iterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    while part := await in_db(_some, lines):
        yield part


def _some(lines: Iterator[dict[str, Any]]) -> bytes:
    part = bytearray()
    for _number, line in zip(range(_STEP), lines, strict=False):
        part += orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
    return bytes(part)
