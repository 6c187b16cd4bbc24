"""What Unfold's own templates say is Indonesian, too: after an upgrade this names what is new."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import unfold
from babel.messages.extract import extract
from django.utils.translation import trans_real
from django.utils.translation.template import templatize

from unievp.devtools import messages
from unievp.lib.admin.unfold_words import UNFOLD_WORDS

TEMPLATES = Path(unfold.__file__).parent / "templates"
# The command palette's count, and crispy forms, which we do not use.
UNUSED = ("unfold_crispy", "command_results.html")


def strings():
    for path in sorted(TEMPLATES.rglob("*.html")):
        if not any(part in UNUSED for part in path.relative_to(TEMPLATES).parts):
            lines = templatize(path.read_text(encoding="utf-8")).splitlines()
            code = "\n".join(line.strip() for line in lines)
            for _line, text, _comments, _context in extract(
                "python", BytesIO(code.encode()), keywords=messages.KEYWORDS
            ):
                yield text if isinstance(text, str) else text[0]


def test_every_string_of_unfold_has_indonesian_words():
    known = trans_real.translation("id")
    found = set(strings())
    assert "Apply Filters" in found
    lacking = {
        text
        for text in found - set(UNFOLD_WORDS)
        if known._catalog.get(text) is None and known._catalog.get((text, 0)) is None
    }
    assert lacking == set()
