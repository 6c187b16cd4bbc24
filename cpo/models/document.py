from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from cpo.models.company import CPO
from unievp.lib.constraints import choice_check
from unievp.lib.storage import private_storage


class DocumentKind(models.TextChoices):
    """What Indonesian companies prove themselves with."""

    NIB = "nib", _("Business licence (NIB)")
    NPWP = "npwp", _("Tax card (NPWP)")
    DEED = "deed", _("Deed of establishment")
    BANK = "bank", _("Proof of the bank account")
    IDENTITY = "identity", _("Identity card of the director")
    OTHER = "other", _("Other")


def document_path(document: CompanyDocument, _name: str) -> str:
    """Ours, not the visitor's: a name from outside is shown, never used as a path."""
    return f"companies/{document.cpo_id}/{document.pk}.{document.extension}"


class CompanyDocument(models.Model):
    """A paper that a company handed in for its verification; never changed, never public."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cpo = models.ForeignKey(
        CPO, on_delete=models.PROTECT, related_name="documents", verbose_name=_("CPO")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=DocumentKind)
    name = models.CharField(_("file name"), max_length=120)
    media_type = models.CharField(_("type"), max_length=40)
    extension = models.CharField(max_length=4, editable=False)
    size = models.PositiveIntegerField(_("size (bytes)"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    file = models.FileField(
        _("file"), storage=private_storage, upload_to=document_path, max_length=200
    )
    uploaded_at = models.DateTimeField(_("handed in"))
    uploaded_by = models.CharField(_("by whom"), max_length=150)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ("kind", "uploaded_at")
        constraints: ClassVar = [
            choice_check("kind", DocumentKind, name="company_document_kind_is_known"),
            models.UniqueConstraint(fields=["cpo", "sha256"], name="company_document_is_kept_once"),
        ]

    def __str__(self) -> str:
        return self.name
