"""“Something went wrong?”: a driver tells, in a minute and without an account."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from django import forms
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from chargers.models import Charger, ChargingSession, Connector, SessionStatus
from chargers.selectors.outlets import find_connector
from cpo.models import CPO
from cpo.services.idempotency import Answer, once
from payments.models import PaymentIntent
from tickets.models import Ticket, TicketCategory, TicketPriority
from tickets.services.opening import Contact, Report, open_by_driver
from tickets.services.replying import reply_token
from unievp.lib.errors import DomainError
from unievp.lib.secrets import new_token
from unievp.lib.throttle import Rate, client_address
from unievp.web.pay.pages import driver_page, too_many
from unievp.web.pay.payment import find_payment, unknown_payment
from unievp.web.pay.scan import unknown_charger

# Whole networks of phones share one address.
_REPORTS: Final = Rate("pay-report", 20, 3600)
_LONGEST: Final = 2_000
_FIELDS: Final = ("kind", "text", "email", "phone")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{20,64}")


class Kind(StrEnum):
    CABLE_STUCK = "cable_stuck"
    DOES_NOT_START = "does_not_start"
    PAID_NO_CHARGE = "paid_no_charge"
    WRONG_PRICE = "wrong_price"
    OTHER = "other"


class Meaning(NamedTuple):
    """`name` is what the driver chooses, and what the ticket is called."""

    name: Promise
    category: TicketCategory
    priority: TicketPriority


MEANINGS: Final[Mapping[Kind, Meaning]] = MappingProxyType(
    {
        Kind.CABLE_STUCK: Meaning(
            gettext_lazy("The cable is stuck"), TicketCategory.CHARGER, TicketPriority.HIGH
        ),
        Kind.DOES_NOT_START: Meaning(
            gettext_lazy("It does not start charging"),
            TicketCategory.SESSION,
            TicketPriority.NORMAL,
        ),
        Kind.PAID_NO_CHARGE: Meaning(
            gettext_lazy("I paid, but got no charge"), TicketCategory.PAYMENT, TicketPriority.HIGH
        ),
        Kind.WRONG_PRICE: Meaning(
            gettext_lazy("The price is wrong"), TicketCategory.PAYMENT, TicketPriority.NORMAL
        ),
        Kind.OTHER: Meaning(
            gettext_lazy("Something else"), TicketCategory.OTHER, TicketPriority.NORMAL
        ),
    }
)


class ReportForm(forms.Form):
    """`fax` is no question: programs fill in whatever they find."""

    kind = forms.ChoiceField(
        choices=[(kind.value, meaning.name) for kind, meaning in MEANINGS.items()],
        error_messages={
            "required": gettext_lazy("Choose what went wrong."),
            "invalid_choice": gettext_lazy("Choose what went wrong."),
        },
    )
    text = forms.CharField(max_length=_LONGEST, required=False)
    email = forms.EmailField(
        max_length=254,
        required=False,
        error_messages={"invalid": gettext_lazy("This is no e-mail address.")},
    )
    phone = forms.RegexField(
        r"^\+?(?:[ ()./-]*\d){6,15}\Z",
        max_length=32,
        required=False,
        error_messages={"invalid": gettext_lazy("This is no phone number.")},
    )
    fax = forms.CharField(required=False)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("fax"):
            self.add_error(None, _("Please leave the field “Leave this empty” empty."))
        if values.get("kind") == Kind.OTHER and not values.get("text"):
            self.add_error("text", _("Tell us in a few words."))
        return values


@dataclass(frozen=True, slots=True)
class About:
    """What the page that led here was about; `back` leads there again."""

    back: str
    charger: Charger | None = None
    connector: Connector | None = None
    session: ChargingSession | None = None
    payment: PaymentIntent | None = None

    @property
    def company(self) -> CPO | None:
        owned = self.payment or self.charger
        return owned.cpo if owned else None


@require_http_methods(["GET", "HEAD", "POST"])
@driver_page
def report_connector(request: HttpRequest, identity: str, number: str) -> HttpResponseBase:
    connector = find_connector(identity, int(number))
    if connector is None:
        return unknown_charger(request)
    running = ChargingSession.objects.filter(connector=connector, status=SessionStatus.ACTIVE)
    about = About(
        back=reverse("pay:connector", args=(connector.charger.identity, connector.number)),
        charger=connector.charger,
        connector=connector,
        session=running.select_related("charger", "connector", "cpo").first(),
    )
    return _report(request, about)


@require_http_methods(["GET", "HEAD", "POST"])
@driver_page
def report_payment(request: HttpRequest, secret: str) -> HttpResponseBase:
    intent = find_payment(secret)
    if intent is None:
        return unknown_payment(request)
    about = About(
        back=reverse("pay:payment", args=(secret,)),
        charger=intent.charger,
        connector=intent.connector,
        session=intent.session,
        payment=intent,
    )
    return _report(request, about)


def _report(request: HttpRequest, about: About) -> HttpResponseBase:
    if request.method != "POST":
        return _show(request, about, ReportForm())
    form = ReportForm(request.POST)
    if not form.is_valid():
        return _show(request, about, form)
    if wait := _REPORTS.retry_after(client_address(request)):
        return too_many(request, wait)
    try:
        ticket = _open_once(about, form)
    except DomainError as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return _show(request, about, form)
    return _thank(request, ticket)


def _open_once(about: About, form: ReportForm) -> Ticket:
    """An impatient finger sends the same form twice."""
    token = form.data.get("token", "")
    said = "\0".join([about.back, *(str(form.cleaned_data[name]) for name in _FIELDS)])
    answer = once(
        AnonymousUser(),
        key=token if _TOKEN.fullmatch(token) else "",
        request=said.encode("utf-8", "replace"),
        write=lambda: Answer(201, {"ticket": _open(about, form).pk}),
    )
    return Ticket.objects.get(pk=answer.body["ticket"])


def _open(about: About, form: ReportForm) -> Ticket:
    values, meaning = form.cleaned_data, MEANINGS[Kind(form.cleaned_data["kind"])]
    report = Report(
        category=meaning.category,
        priority=meaning.priority,
        subject=str(meaning.name),
        description=values["text"],
        charger=about.charger,
        connector=about.connector,
        session=about.session,
        payment=about.payment,
    )
    contact = Contact(
        email=values["email"],
        phone=values["phone"],
        language=translation.get_language() or "id",
    )
    return open_by_driver(report, contact=contact)


def _thank(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """On the page of the report: its address is the driver's key to it."""
    thanks = _("Thank you. Your report has the number %(number)s.") % {"number": ticket.number}
    messages.success(request, thanks, extra_tags="good")
    return redirect("ticket_reply", reply_token(ticket))


def _show(request: HttpRequest, about: About, form: ReportForm) -> HttpResponse:
    sent = {name: str(form.data.get(name, ""))[:_LONGEST] for name in _FIELDS}
    if not form.is_bound and about.payment is not None:
        sent["email"] = about.payment.email
    context: dict[str, Any] = {
        "about": about,
        "charger": about.charger,
        "connector": about.connector,
        "company": about.company,
        "form": form,
        "sent": sent,
        # Of a form that was refused: another one, for what was mended is another report.
        "token": new_token(18),
        "kinds": [(kind.value, meaning.name) for kind, meaning in MEANINGS.items()],
        "longest": _LONGEST,
    }
    status = 422 if form.is_bound else 200
    return render(request, "pay/tickets/report.html", context, status=status)
