"""Long answers as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from django.http import StreamingHttpResponse

from unievp.lib.streams import streamed
from unievp.lib.tables import Cell, CsvStyle


def json_lines(lines: Iterator[dict[str, Any]], *, name: str) -> StreamingHttpResponse:
    """One JSON object per line, as a file; never more than a few lines in memory."""
    response = StreamingHttpResponse(streamed(lines, _render), content_type="application/x-ndjson")
    return _named(response, f"{name}.jsonl")


def csv_file(
    rows: Iterator[Sequence[Cell]], *, columns: Sequence[str], name: str
) -> StreamingHttpResponse:
    """A table as CSV that spreadsheets open; never more than a few rows in memory."""
    style = CsvStyle()
    lines = streamed(rows, style.lines, head=style.head(columns))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    return _named(response, f"{name}.csv")


def _named(response: StreamingHttpResponse, name: str) -> StreamingHttpResponse:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


def _render(lines: list[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
