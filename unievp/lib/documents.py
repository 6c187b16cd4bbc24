"""Papers that people hand in: judged by their bytes, never by the name or type they come with."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from unievp.lib.errors import InvalidError

MOST_BYTES: Final = 10 * 1024 * 1024
_MAGIC: Final = (
    (b"%PDF-", "application/pdf", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
)


def check_document(content: bytes, *, field: str, most_bytes: int = MOST_BYTES) -> tuple[str, str]:
    """Its media type and the extension to store it under: PDF, PNG or JPEG.

    Raises InvalidError for an empty file, one that is too large, or another kind.
    """
    if not content:
        raise InvalidError(_("The file is empty."), field=field)
    if len(content) > most_bytes:
        megabytes = most_bytes // (1024 * 1024)
        raise InvalidError(_("At most %(size)d MB.") % {"size": megabytes}, field=field)
    for magic, media_type, extension in _MAGIC:
        if content.startswith(magic):
            return media_type, extension
    raise InvalidError(_("A PDF, PNG or JPEG file, please."), field=field)
