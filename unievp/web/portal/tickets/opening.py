"""Somebody of the company writes down what has to be dealt with."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from chargers.models import Charger, ChargingSession
from cpo.access import Right, visible
from cpo.models import CPO
from tickets.models import Ticket, TicketCategory, TicketPriority, TicketVia
from tickets.services.opening import Report, open_ticket
from tickets.services.texts import LONGEST_SUBJECT, LONGEST_TEXT
from unievp.lib.errors import DomainError
from unievp.web.portal.company import Desk, portal_page
from unievp.web.portal.tickets.common import files_of

_MOST_NUMBER: Final = 2**63 - 1
_Row = TypeVar("_Row", Charger, ChargingSession)


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Drawn and blamed like a field; the service judges what was sent, by its bytes."""

    widget = FilesInput

    def clean(self, _data: Any, _initial: Any = None) -> None:
        return None


class TicketForm(forms.Form):
    """`charger` by its id, `session` by its number; the files are read past the form."""

    cpo = forms.ModelChoiceField(CPO.objects.none(), label=gettext_lazy("Company"))
    subject = forms.CharField(
        label=gettext_lazy("What is it about?"), max_length=LONGEST_SUBJECT, strip=True
    )
    category = forms.ChoiceField(label=gettext_lazy("Category"), choices=TicketCategory.choices)
    priority = forms.ChoiceField(
        label=gettext_lazy("Priority"),
        choices=TicketPriority.choices,
        initial=TicketPriority.NORMAL,
    )
    description = forms.CharField(
        label=gettext_lazy("Details"),
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.Textarea({"rows": 5}),
    )
    charger = forms.CharField(
        label=gettext_lazy("Charger id"),
        max_length=255,
        required=False,
        help_text=gettext_lazy("If it is about one."),
    )
    session = forms.IntegerField(
        label=gettext_lazy("Number of the session"),
        min_value=1,
        max_value=_MOST_NUMBER,
        required=False,
        help_text=gettext_lazy("If it is about one."),
    )
    file = FilesField(
        label=gettext_lazy("Files"),
        required=False,
        help_text=gettext_lazy("PDF, PNG or JPEG, at most 10 MB each."),
        widget=FilesInput({"multiple": True, "accept": ".pdf,.png,.jpg,.jpeg"}),
    )

    def __init__(self, *args: Any, desk: Desk, cpos: list[CPO], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.desk = desk
        companies = CPO.objects.filter(pk__in=[cpo.pk for cpo in cpos])
        self.fields["cpo"].queryset = companies  # type: ignore[attr-defined]  # a model choice
        self.fields["cpo"].initial = desk.cpo if desk.cpo in cpos else cpos[0]
        if len(cpos) == 1:
            self.fields["cpo"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        cpo = values.get("cpo")
        if cpo is None:
            return values
        if identity := values.get("charger"):
            chargers = Charger.objects.filter(cpo=cpo, identity__iexact=identity)
            values["charger"] = self._one("charger", chargers)
        if number := values.get("session"):
            sessions = ChargingSession.objects.select_related("charger", "connector", "cpo")
            sessions = sessions.filter(cpo=cpo, transaction_id=number)
            values["session"] = self._one("session", sessions)
        return values

    def _one(self, field: str, rows: QuerySet[_Row]) -> _Row | None:
        found = visible(self.desk.user, rows).first()
        if found is None:
            self.add_error(field, _("This company has none like that."))
        return found


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page
def new_ticket(request: HttpRequest, desk: Desk) -> HttpResponse:
    """`?charger=` (its id) and `?session=` (its number) fill the form in."""
    cpos = desk.cpos_with(Right.OPERATE)
    if not cpos:
        raise PermissionDenied
    if request.method == "POST":
        form = TicketForm(request.POST, request.FILES, desk=desk, cpos=cpos)
        ticket = _open(request, desk, form) if form.is_valid() else None
        if ticket is not None:
            return redirect("portal:ticket", ticket.number)
    else:
        form = TicketForm(initial=_initial(request, desk), desk=desk, cpos=cpos)
    context: dict[str, Any] = {"desk": desk, "nav": "tickets", "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "portal/tickets/new.html", context, status=status)


def _open(request: HttpRequest, desk: Desk, form: TicketForm) -> Ticket | None:
    """None where it was refused; the form then says why."""
    values = form.cleaned_data
    report = Report(
        category=values["category"],
        subject=values["subject"],
        description=values["description"],
        priority=values["priority"],
        charger=values["charger"] or None,
        session=values["session"],
        files=files_of(request),
    )
    try:
        return open_ticket(report, cpo=values["cpo"], actor=desk.user, via=TicketVia.PORTAL)
    except DomainError as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return None


def _initial(request: HttpRequest, desk: Desk) -> dict[str, Any]:
    """What the page that sent us here was about, as far as it is the visitor's own."""
    number = request.GET.get("session", "")
    if number.isascii() and number.isdecimal() and int(number[:20]) <= _MOST_NUMBER:
        sessions = ChargingSession.objects.select_related("charger")
        session = visible(desk.user, sessions.filter(transaction_id=int(number))).first()
        if session is not None:
            return {
                "cpo": session.cpo_id,
                "charger": session.charger.identity,
                "session": session.transaction_id,
                "category": TicketCategory.SESSION,
            }
    identity = request.GET.get("charger", "").replace("\x00", "")[:255]
    charger = visible(desk.user, Charger.objects.filter(identity__iexact=identity)).first()
    if charger is None:
        return {}
    return {
        "cpo": charger.cpo_id,
        "charger": charger.identity,
        "category": TicketCategory.CHARGER,
    }
