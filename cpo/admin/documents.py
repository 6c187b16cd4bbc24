"""A company's papers on its page, for staff alone to download."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from cpo.models import CompanyDocument
from unievp.lib.admin import column
from unievp.lib.admin.bases import ReadOnlyInline
from unievp.lib.admin.links import link
from unievp.lib.downloads import attachment

DOWNLOAD = "cpo_document_download"


class CompanyDocumentInline(ReadOnlyInline):
    model = CompanyDocument
    show_change_link = False
    fields = ("kind", "download", "uploaded_at", "uploaded_by")
    readonly_fields = fields

    @column(_("file"))
    def download(self, document: CompanyDocument) -> SafeString | str:
        url = reverse(f"admin:{DOWNLOAD}", args=(document.pk,))
        return link(url, f"{document.name} ({filesizeformat(document.size)})")


def download_document(request: HttpRequest, document_id: UUID) -> HttpResponseBase:
    """Named by us: what its name was outside is only shown."""
    if not request.user.has_perm("cpo.view_companydocument"):
        raise Http404
    document = CompanyDocument.objects.filter(pk=document_id).first()
    if document is None:
        raise Http404
    name = f"{document.kind}-{str(document.pk)[:8]}.{document.extension}"
    return attachment(document.file.open("rb"), name=name, size=document.size)
