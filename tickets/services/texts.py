"""What people write, judged before it is kept."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from unievp.lib.errors import InvalidError

LONGEST_SUBJECT: Final = 200
LONGEST_TEXT: Final = 10_000


def cleaned(text: str, *, field: str, longest: int = LONGEST_TEXT, needed: bool = True) -> str:
    """Without what PostgreSQL cannot hold. Raises InvalidError for none, or too much."""
    kept = text.replace("\0", "").encode("utf-8", "replace").decode().strip()
    if needed and not kept:
        raise InvalidError(_("Write something."), field=field)
    if len(kept) > longest:
        raise InvalidError(_("At most %(most)d characters.") % {"most": longest}, field=field)
    return kept
