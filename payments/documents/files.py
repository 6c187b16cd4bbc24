"""A settlement's statement as an answer to whoever may read it."""

from __future__ import annotations

from typing import Final

from django.core.files.base import ContentFile
from django.http import HttpResponseBase
from django.utils import translation

from payments.documents.statement import statement_csv, statement_pdf
from payments.models import Settlement
from payments.selectors.statements import statement_of
from unievp.lib.downloads import attachment

KINDS: Final = {"pdf": statement_pdf, "csv": statement_csv}


def statement_file(settlement: Settlement, kind: str) -> HttpResponseBase:
    """In the reader's language; whoever calls has asked who reads."""
    language = translation.get_language() or "id"
    content = KINDS[kind](statement_of(settlement), language=language)
    return attachment(ContentFile(content), name=f"{settlement}.{kind}", size=len(content))
