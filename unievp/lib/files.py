"""Files that strangers send: harmless names, and bytes that are measured while they stream."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

from django.core.files import File
from django.utils.translation import gettext_lazy as _

from unievp.lib.errors import InvalidError

if TYPE_CHECKING:
    BytesFile = File[bytes]
else:
    BytesFile = File

LONGEST_NAME: Final = 100
CHUNK: Final = 64 * 1024
_HARMLESS: Final = re.compile(r"[^A-Za-z0-9._+-]+")


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class TooLargeError(InvalidError):
    status = 413
    title = _("Too large")


def safe_name(name: str, *, fallback: str) -> str:
    """The last part of `name` in letters, digits and `._+-`, at most 100 characters long.

    No path, no hidden file, no control character, no quote survives; `fallback` stands in for a
    name of which nothing is left.
    """
    last = re.split(r"[/\\]", name)[-1]
    plain = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode()
    cleaned = _HARMLESS.sub("_", plain).strip("._")
    if len(cleaned) > LONGEST_NAME:
        stem, dot, ending = cleaned.rpartition(".")
        keep = len(ending) + 1 if dot and len(ending) < 10 else 0
        cleaned = (stem[: LONGEST_NAME - keep] + "." + ending) if keep else cleaned[:LONGEST_NAME]
    return cleaned or fallback


class MeteredFile(BytesFile):
    """A stream as a file for a storage: counted, hashed, and refused beyond `limit` bytes.

    After it was stored `total` and `sha256` tell what came. Raises TooLargeError while it is read.
    """

    def __init__(self, stream: Readable, *, limit: int) -> None:
        super().__init__(None)
        self._stream = stream
        self._limit = limit
        self._hash = hashlib.sha256()
        self.total = 0

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        while piece := self._stream.read(chunk_size or CHUNK):
            self.total += len(piece)
            if self.total > self._limit:
                raise TooLargeError(_("The file is larger than is accepted here."))
            self._hash.update(piece)
            yield piece

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def __bool__(self) -> bool:
        return True

    def open(self, *_args: Any, **_kwargs: Any) -> MeteredFile:
        return self
