"""A settlement's papers for staff: its statement, and the bank's proof of a transfer by hand."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest, HttpResponseBase

from payments.documents.files import KINDS, statement_file
from payments.models import Settlement, SettlementProof
from unievp.lib.downloads import attachment

PROOF: Final = "payments_settlement_proof"
STATEMENT: Final = "payments_settlement_statement"


def download_statement(request: HttpRequest, settlement_id: int, kind: str) -> HttpResponseBase:
    settlement = _settlement(request, settlement_id)
    if kind not in KINDS:
        raise Http404
    return statement_file(settlement, kind)


def download_proof(request: HttpRequest, settlement_id: int) -> HttpResponseBase:
    settlement = _settlement(request, settlement_id)
    proof = SettlementProof.objects.filter(settlement=settlement).first()
    if proof is None:
        raise Http404
    name = f"{settlement}-proof.{proof.extension}"
    return attachment(proof.file.open("rb"), name=name, size=proof.size)


def _settlement(request: HttpRequest, settlement_id: int) -> Settlement:
    if not request.user.has_perm("payments.view_settlement"):
        raise Http404
    rows = Settlement.objects.select_related("cpo")
    settlement = rows.filter(pk=settlement_id).first() if settlement_id < 2**63 else None
    if settlement is None:
        raise Http404
    return settlement
