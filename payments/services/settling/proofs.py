"""The bank's paper about a transfer by hand, judged by its bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.core.files.base import ContentFile

from cpo.models import User
from payments.models import Settlement, SettlementProof
from unievp.lib import clock
from unievp.lib.documents import check_document
from unievp.lib.files import safe_name


@dataclass(frozen=True, slots=True)
class ProofPaper:
    name: str
    content: bytes


def keep_proof(settlement: Settlement, paper: ProofPaper, *, actor: User) -> SettlementProof:
    """Raises InvalidError (`document`) for what is no PDF, PNG or JPEG."""
    media_type, extension = check_document(paper.content, field="document")
    proof = SettlementProof(
        settlement=settlement,
        name=safe_name(paper.name, fallback=f"{settlement}.{extension}"),
        media_type=media_type,
        extension=extension,
        size=len(paper.content),
        sha256=hashlib.sha256(paper.content).hexdigest(),
        uploaded_at=clock.now(),
        uploaded_by=actor.get_username()[:150],
    )
    proof.file.save("", ContentFile(paper.content), save=False)
    proof.save(force_insert=True)
    return proof
