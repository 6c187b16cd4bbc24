"""The page of one payment: pay it, watch what it buys, stop, get the rest back.

The secret in its address is the only key: whoever has it is its driver.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from payments.models import PaymentIntent
from payments.services.intents.creating import retry_intent
from payments.services.intents.ending import withdraw_intent
from payments.services.payouts.starting import pay_refund
from payments.services.prepaid.stopping import stop_charging
from payments.services.receipts import ask_for_receipt
from payments.states import RefundStatus
from payments.tasks import look_at_attempt
from unievp.lib.errors import DomainError
from unievp.lib.throttle import Rate
from unievp.web.pay.forms import AccountForm, MailForm, MethodForm
from unievp.web.pay.pages import driver_page, not_found
from unievp.web.pay.qr import qr_png
from unievp.web.pay.stages import Shown, show

ACTOR: Final = "driver"
_CHECKS: Final = Rate("pay-check", 6, 60)
_MAILS: Final = Rate("pay-mail", 3, 3600)
_TOKENS: Final = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')


@require_safe
@driver_page
def payment_page(request: HttpRequest, secret: str) -> HttpResponseBase:
    intent = find_payment(secret)
    return unknown_payment(request) if intent is None else _page(request, show(intent))


@require_safe
@driver_page
def part(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The changing part alone; 204 where the page has it already (`?v=`)."""
    intent = find_payment(secret)
    if intent is None:
        return HttpResponse(status=404)
    shown = show(intent)
    html, version = _part(request, shown)
    if request.GET.get("v") == version:
        return HttpResponse(status=204)
    response = HttpResponse(html)
    response["X-Stage"], response["X-Version"] = shown.stage, version
    response["X-Poll"] = str(shown.poll_s)
    return response


@require_POST
@driver_page
def check(request: HttpRequest, secret: str) -> HttpResponseBase:
    """“I have paid”: a worker asks the gateway now."""
    intent = _found(secret)
    attempt = intent.attempts.order_by("-number").first()
    if attempt is not None and not _CHECKS.retry_after(secret):
        look_at_attempt.apply_async((attempt.pk,), retry=False)
    messages.info(request, _("We are asking your bank. This page changes as soon as it answers."))
    return redirect("pay:payment", secret)


@require_POST
@driver_page
def change_method(request: HttpRequest, secret: str) -> HttpResponseBase:
    intent = _found(secret)
    form = MethodForm(request.POST)
    if form.is_valid():
        try:
            retry_intent(intent, method=form.cleaned_data["method"])
        except DomainError as error:
            messages.error(request, str(error))
    return redirect("pay:payment", secret)


@require_POST
@driver_page
def cancel(request: HttpRequest, secret: str) -> HttpResponseBase:
    try:
        withdraw_intent(_found(secret), source=ACTOR)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("pay:payment", secret)


@require_POST
@driver_page
def stop(request: HttpRequest, secret: str) -> HttpResponseBase:
    try:
        stop_charging(_found(secret), actor=ACTOR)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("pay:payment", secret)


@require_POST
@driver_page
def refund_account(request: HttpRequest, secret: str) -> HttpResponseBase:
    """All refunds of this payment that wait for an account go to the one that is named here."""
    intent = _found(secret)
    form = AccountForm(request.POST)
    if not form.is_valid():
        return _page(request, show(intent, account=form), status=422)
    try:
        for refund in intent.refunds.filter(status=RefundStatus.NEEDS_ACCOUNT):
            pay_refund(refund, **form.cleaned_data, actor=ACTOR)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("pay:payment", secret)


@require_POST
@driver_page
def mail(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The receipt by mail, also for who named no address before."""
    intent = _found(secret)
    form = MailForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This is no e-mail address."))
    elif _MAILS.retry_after(secret):
        messages.error(request, _("Enough mails for now. Please save the receipt from this page."))
    else:
        try:
            ask_for_receipt(intent, email=form.cleaned_data["email"])
        except DomainError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The receipt is on its way to your mailbox."))
    return redirect("pay:payment", secret)


@require_safe
@driver_page
def qr_picture(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The code as a picture: to keep, and to open in the bank's app on the same phone."""
    intent = find_payment(secret)
    attempt = intent.attempts.order_by("-number").first() if intent else None
    text = attempt.checkout.get("qr_string") if attempt else ""
    if intent is None or not text:
        return unknown_payment(request)
    response = HttpResponse(qr_png(text), content_type="image/png")
    response["Content-Disposition"] = f'attachment; filename="{intent}.png"'
    return response


def find_payment(secret: str) -> PaymentIntent | None:
    rows = PaymentIntent.objects.select_related(
        "cpo", "charger__location", "connector", "session", "charge"
    )
    return rows.filter(secret=secret).first()


def _found(secret: str) -> PaymentIntent:
    intent = find_payment(secret)
    if intent is None:
        raise Http404
    return intent


def unknown_payment(request: HttpRequest) -> HttpResponse:
    return not_found(
        request,
        _("This payment is not known"),
        _("The address is incomplete. Open it again from where you saved it."),
    )


def _page(request: HttpRequest, shown: Shown, *, status: int = 200) -> HttpResponse:
    html, version = _part(request, shown)
    context: dict[str, Any] = {
        "shown": shown,
        # A form that was refused has an address of its own that cannot be opened.
        "here": reverse("pay:payment", args=(shown.intent.secret,)),
        "intent": shown.intent,
        "charger": shown.intent.charger,
        "connector": shown.intent.connector,
        "part": html,
        "version": version,
    }
    return render(request, "pay/payment.html", context, status=status)


def _part(request: HttpRequest, shown: Shown) -> tuple[str, str]:
    """The HTML, and a word that changes with what it says (each page has its own CSRF tokens)."""
    context = {"shown": shown, "intent": shown.intent, "stage_template": shown.template}
    html = render_to_string("pay/part.html", context, request)
    said = _TOKENS.sub("", html).encode()
    return html, hashlib.sha256(said).hexdigest()[:16]
