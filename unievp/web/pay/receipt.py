"""The receipt as a page and as a paper, and the explained bill behind its signed link."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from chargers.models import ChargingSession
from payments.documents.receipt import receipt_pdf as make_pdf
from payments.documents.words import unit_word
from payments.selectors.receipts import receipt_of
from payments.services.links import bill_token, find_bill
from unievp.web.explain.money import price
from unievp.web.explain.story import Story
from unievp.web.pay.methods import method_name
from unievp.web.pay.pages import driver_page, not_found
from unievp.web.pay.payment import find_payment, unknown_payment

_ELEMENT: Final = re.compile(r"element (\d{1,6})")
_STEP: Final = re.compile(r"rounded up to steps of (\d+ \w+)")
_KNOWN: Final = frozenset(
    {
        gettext_noop("reserved time"),
        gettext_noop("least price"),
        gettext_noop("highest price"),
    }
)


@require_safe
@driver_page
def receipt_page(request: HttpRequest, secret: str) -> HttpResponseBase:
    intent = find_payment(secret)
    if intent is None:
        return unknown_payment(request)
    receipt = receipt_of(intent)
    if receipt is None:
        return redirect("pay:payment", secret)
    context: dict[str, Any] = {
        "receipt": receipt,
        "intent": intent,
        "method": method_name(intent.method),
        "bill_token": bill_token(receipt.bill) if receipt.bill else "",
    }
    return render(request, "pay/receipt.html", context)


@require_safe
@driver_page
def receipt_pdf(request: HttpRequest, secret: str) -> HttpResponseBase:
    intent = find_payment(secret)
    if intent is None:
        return unknown_payment(request)
    receipt = receipt_of(intent)
    if receipt is None:
        return redirect("pay:payment", secret)
    paper = make_pdf(receipt, language=translation.get_language() or intent.language)
    response = HttpResponse(paper, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{receipt.number}.pdf"'
    return response


@require_safe
@driver_page
def bill_page(request: HttpRequest, token: str) -> HttpResponseBase:
    """How a price came about: the tariff in words, the meter, each line with its reason.

    For whoever has the link. Nothing of the driver's token, payment or account, nothing of the
    operator's books.
    """
    bill = find_bill(token)
    if bill is None:
        return not_found(
            request,
            _("This bill is not known"),
            _("The address is incomplete. Open it again from where you saved it."),
        )
    session = ChargingSession.objects.select_related("charger__location", "connector", "cpo").get(
        pk=bill.session_id
    )
    story = Story.of(session)
    told = price(story)
    told["lines"] = [
        replace(line, why=_why(line.why), unit=unit_word(line.unit)) for line in told["lines"]
    ]
    context = {
        "bill": bill,
        "session": session,
        "charger": session.charger,
        "connector": session.connector,
        "zone": story.zone,
        "price": told,
    }
    return render(request, "pay/bill.html", context)


def _why(reason: str) -> str:
    """The engine's short reasons as sentences: it knows no language."""
    return ", ".join(_told(part) for part in reason.split(", ")) if reason else ""


def _told(part: str) -> str:
    element, step = _ELEMENT.fullmatch(part), _STEP.fullmatch(part)
    if element is not None:
        return _("Element %(number)d of the tariff") % {"number": int(element[1])}
    if step is not None:
        return _("rounded up to steps of %(step)s") % {"step": step[1]}
    return _(part) if part in _KNOWN else part
