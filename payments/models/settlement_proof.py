from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.settlement import Settlement
from unievp.lib.storage import private_storage


def proof_path(proof: SettlementProof, _name: str) -> str:
    return f"settlements/{proof.settlement_id}.{proof.extension}"


class SettlementProof(models.Model):
    """The bank's paper about a transfer that was made by hand; never changed, never public."""

    settlement = models.OneToOneField(
        Settlement,
        on_delete=models.PROTECT,
        related_name="proof_document",
        verbose_name=_("settlement"),
    )
    name = models.CharField(_("file name"), max_length=120)
    media_type = models.CharField(_("type"), max_length=40)
    extension = models.CharField(max_length=4, editable=False)
    size = models.PositiveIntegerField(_("size (bytes)"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    file = models.FileField(
        _("file"), storage=private_storage, upload_to=proof_path, max_length=200
    )
    uploaded_at = models.DateTimeField(_("handed in"))
    uploaded_by = models.CharField(_("by whom"), max_length=150)

    tenant_path: ClassVar[str] = "settlement__cpo"

    class Meta:
        verbose_name = _("proof of a transfer")
        verbose_name_plural = _("proofs of transfers")

    def __str__(self) -> str:
        return self.name
