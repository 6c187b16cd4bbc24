"""A company's papers: taken once each, judged by their bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cpo.models import CPO, CompanyDocument, DocumentKind, User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.documents import check_document
from unievp.lib.errors import InvalidError

MOST_DOCUMENTS: Final = 20


@dataclass(frozen=True, slots=True)
class Paper:
    """A file as it was handed in; `field` names it in a refusal."""

    kind: str
    name: str
    content: bytes
    field: str = "file"


def add_document(cpo: CPO, paper: Paper, *, actor: User | str) -> CompanyDocument:
    """Keep a paper; the same bytes again: the row that is there.

    Raises InvalidError for another kind of file, one that is too large, or one too many.
    """
    if paper.kind not in DocumentKind.values:
        known = ", ".join(DocumentKind.values)
        raise InvalidError(_("One of: %(known)s.") % {"known": known}, field=f"{paper.field}.kind")
    media_type, extension = check_document(paper.content, field=paper.field)
    digest = hashlib.sha256(paper.content).hexdigest()
    with transaction.atomic():
        # Two uploads at once count one after the other.
        CPO.objects.select_for_update(no_key=True).get(pk=cpo.pk)
        kept = cpo.documents.filter(sha256=digest).first()
        if kept is not None:
            return kept
        if cpo.documents.count() >= MOST_DOCUMENTS:
            raise InvalidError(
                _("At most %(most)d documents.") % {"most": MOST_DOCUMENTS}, field=paper.field
            )
        document = CompanyDocument(
            cpo=cpo,
            kind=paper.kind,
            name=paper.name.replace("\0", "")[:120] or paper.kind,
            media_type=media_type,
            extension=extension,
            size=len(paper.content),
            sha256=digest,
            uploaded_at=clock.now(),
            uploaded_by=str(actor)[:150],
        )
        document.file.save("", ContentFile(paper.content), save=False)
        document.save(force_insert=True)
        audit.record(
            actor=actor,
            action="cpo.add_document",
            subject=document,
            after={"kind": paper.kind, "name": document.name, "sha256": digest},
            cpo=cpo,
        )
    return document
