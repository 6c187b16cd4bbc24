"""Long answers, sent while they are made: never more than a few rows in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from typing import Final, TypeVar

from unievp.lib.db import in_db

Row = TypeVar("Row")

# Rows per step: one step holds a thread and a database connection, the pauses between do not.
# So `rows` must not hold a cursor open between two of them: page by key instead.
STEP: Final = 200


async def streamed(
    rows: Iterator[Row], render: Callable[[list[Row]], bytes], *, head: bytes = b""
) -> AsyncIterator[bytes]:
    """`head`, then `render` of each few rows; an error in the middle ends the answer."""
    if head:
        yield head
    while part := await in_db(_some, rows):
        yield render(part)


def _some(rows: Iterator[Row]) -> list[Row]:
    return list(islice(rows, STEP))
