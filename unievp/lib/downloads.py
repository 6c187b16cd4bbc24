"""Stored files as HTTP answers: streamed without a thread held, never run or shown by a browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

if TYPE_CHECKING:
    from django.core.files import File

CHUNK: Final = 256 * 1024
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def attachment(
    content: File[bytes], *, name: str, size: int, range_header: str = "", head: bool = False
) -> HttpResponseBase:
    """All of `content` (200), the one range of bytes that is asked for (206), or 416.

    `name` must be harmless (`unievp.lib.files.safe_name`). A range that is not understood is
    ignored (RFC 9110 §14.2). `content` is closed when the answer ends.
    """
    first, last, partial = 0, size - 1, False
    match = _RANGE.fullmatch(range_header.strip())
    if match and (match[1] or match[2]):
        first, last = _bounds(match[1], match[2], size)
        if first > last:
            content.close()
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        partial = True
    length = last - first + 1
    response: HttpResponseBase
    if head:
        content.close()
        response = HttpResponse()
    else:
        response = StreamingHttpResponse(_pieces(content, first, length))
    response.status_code = 206 if partial else 200
    response["Content-Type"] = "application/octet-stream"
    response["Content-Length"] = str(length)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-store"
    if partial:
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        # The last so many bytes.
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


async def _pieces(content: File[bytes], first: int, length: int) -> AsyncIterator[bytes]:
    try:
        await asyncio.to_thread(content.seek, first)
        while length > 0:
            piece = await asyncio.to_thread(content.read, min(CHUNK, length))
            if not piece:
                return
            length -= len(piece)
            yield piece
    finally:
        content.close()
