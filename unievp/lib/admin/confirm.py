"""A page that asks before something is done: a sentence, a small form, a button."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from unievp.lib.admin.bases import DeskAdmin
from unievp.lib.errors import DomainError

Text = str | Promise


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget({"rows": 3})
    )


@dataclass(frozen=True)
class Question:
    title: Text
    text: Text
    submit: Text
    danger: bool = False
    form_class: type[forms.Form] = forms.Form


def get_row(admin: DeskAdmin, request: HttpRequest, object_id: str) -> Any:
    """The row of a page of its own. Raises Http404, or PermissionDenied if it may not be seen."""
    row = admin.get_object(request, object_id)
    if row is None:
        raise Http404
    if not admin.has_view_permission(request, row):
        raise PermissionDenied
    return row


def change_page(row: Model) -> str:
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=(row.pk,))


def ask(
    admin: DeskAdmin,
    request: HttpRequest,
    row: Model,
    question: Question,
    run: Callable[[dict[str, Any]], HttpResponse | None],
) -> HttpResponse:
    """Show `question`; once it is answered, `run(cleaned_data)` and go back to the row's page.

    `run` may answer with a page of its own. A DomainError is shown on the form.
    """

    def act(values: dict[str, Any]) -> HttpResponse:
        response = run(values)
        if response is None:
            admin.message_user(request, _("Done."), messages.SUCCESS)
            response = HttpResponseRedirect(change_page(row))
        return response

    return _asked(admin, request, question, act, back=change_page(row), original=row)


def ask_for_new(
    admin: DeskAdmin,
    request: HttpRequest,
    question: Question,
    run: Callable[[dict[str, Any]], Model | None],
    *,
    done: Text | None,
) -> HttpResponse:
    """The same without a row: `run` makes one and its page follows, or else the list.

    `done` None: `run` has said what came of it.
    """
    listed = reverse(f"admin:{admin.opts.app_label}_{admin.opts.model_name}_changelist")

    def act(values: dict[str, Any]) -> HttpResponse:
        made = run(values)
        if done is not None:
            admin.message_user(request, str(done), messages.SUCCESS)
        return HttpResponseRedirect(listed if made is None else change_page(made))

    return _asked(admin, request, question, act, back=listed)


def _asked(
    admin: DeskAdmin,
    request: HttpRequest,
    question: Question,
    act: Callable[[dict[str, Any]], HttpResponse],
    *,
    back: str,
    original: Model | None = None,
) -> HttpResponse:
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = question.form_class(*given)
    if request.method == "POST" and form.is_valid():
        try:
            return act(form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
    context = {
        **admin.admin_site.each_context(request),
        "title": question.title,
        "question": question,
        "original": original,
        "back": back,
        "form": form,
        "opts": admin.opts,
    }
    return TemplateResponse(request, "admin/uniev/confirm.html", context)
