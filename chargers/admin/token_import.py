"""Importing tokens: choose a file, see what is wrong with it line by line, then import."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from chargers.services.id_tokens.importing import (
    COLUMNS,
    MOST_BYTES,
    decode_file,
    import_tokens,
    preview_import,
)
from cpo.access import visible
from cpo.models import CPO, User
from unievp.lib.admin import DeskAdmin
from unievp.lib.errors import DomainError, InvalidError

_SHOWN_FAULTS = 200


class ImportForm(forms.Form):
    """A file first; then its text, which the page carries from the preview to the import."""

    cpo = forms.ModelChoiceField(
        label=_("CPO"), queryset=CPO.objects.none(), widget=UnfoldAdminSelectWidget
    )
    file = forms.FileField(label=_("CSV file"), required=False, widget=UnfoldAdminFileFieldWidget)
    text = forms.CharField(
        label=_("or paste its lines"),
        required=False,
        strip=False,
        max_length=MOST_BYTES,
        widget=UnfoldAdminTextareaWidget({"rows": 8}),
    )

    def csv_text(self) -> str:
        file = self.cleaned_data["file"]
        text = decode_file(file.read(MOST_BYTES + 1)) if file else self.cleaned_data["text"]
        if not text.strip():
            raise InvalidError(_("Choose a file, or paste its lines."), field="file")
        return str(text)


def import_view(model_admin: DeskAdmin, request: HttpRequest) -> HttpResponse:
    form = ImportForm(request.POST or None, request.FILES or None)
    field = cast("forms.ModelChoiceField[CPO]", form.fields["cpo"])
    field.queryset = visible(request.user, CPO.objects.order_by("name"))
    context: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        try:
            text = form.csv_text()
            wanted = request.POST.get("do")
            if wanted in ("all", "good"):
                return _import(model_admin, request, form, text, good_only=wanted == "good")
            context = _preview(form.cleaned_data["cpo"], text)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
    return _page(model_admin, request, form, context)


def _preview(cpo: CPO, text: str) -> dict[str, Any]:
    preview = preview_import(cpo, text)
    return {
        "preview": preview,
        "faults": preview.bad[:_SHOWN_FAULTS],
        "more": max(0, len(preview.bad) - _SHOWN_FAULTS),
        "csv_text": text,
        "cpo": cpo,
    }


def _import(
    model_admin: DeskAdmin, request: HttpRequest, form: ImportForm, text: str, *, good_only: bool
) -> HttpResponse:
    actor = cast("User", request.user)
    count = import_tokens(form.cleaned_data["cpo"], text, actor=actor, good_only=good_only)
    message = _text("%(count)d tokens imported.") % {"count": count}
    model_admin.message_user(request, message, messages.SUCCESS)
    return HttpResponseRedirect(reverse("admin:chargers_idtoken_changelist"))


def _page(
    model_admin: DeskAdmin, request: HttpRequest, form: ImportForm, context: dict[str, Any]
) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Import id tokens"),
        "columns": ", ".join(COLUMNS),
        "form": form,
        "back": reverse("admin:chargers_idtoken_changelist"),
        "opts": model_admin.opts,
        **context,
    }
    return TemplateResponse(request, "admin/chargers/idtoken/import.html", context)
