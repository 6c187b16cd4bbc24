"""Long answers as files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from django.http import StreamingHttpResponse

from unievp.lib.streams import streamed


def json_lines(lines: Iterator[dict[str, Any]], *, name: str) -> StreamingHttpResponse:
    """One JSON object per line, as a file; never more than a few lines in memory."""
    response = StreamingHttpResponse(streamed(lines, _render), content_type="application/x-ndjson")
    response["Content-Disposition"] = f'attachment; filename="{name}.jsonl"'
    response["Cache-Control"] = "private, no-store"
    return response


def _render(lines: list[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
