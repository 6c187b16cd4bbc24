"""Behind the QR code on a charger: what it costs, whether it is free, how much, how to pay."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_safe

from chargers.models import Connector
from chargers.selectors.outlets import CAN_START, OutletState, find_charger, find_connector
from chargers.selectors.outlets import outlet_state as state_of
from chargers.services.offers import offer_of
from cpo.access import may_trade
from payments.services.orders import Goal, order_charging
from payments.services.providers import offered_methods
from tariffs.describe import price_text
from tariffs.pricing import SnapshotError
from unievp.lib import clock
from unievp.lib.errors import DomainError
from unievp.lib.secrets import new_token
from unievp.web.pay.choices import Choices, choices_of
from unievp.web.pay.forms import FindForm, OrderForm
from unievp.web.pay.methods import HINTS, NAMES
from unievp.web.pay.pages import driver_page, not_found

CREATED_BY: Final = "driver page"
# Ways to pay that are shown at once; the others are a tap away.
_SHOWN_WAYS: Final = 4
_FIELDS: Final = ("mode", "kwh", "kwh_own", "rp", "rp_own", "method", "email", "token")

WORDS: Final[dict[OutletState, tuple[str, Promise, Promise | str]]] = {
    OutletState.READY: ("good", _("Available"), ""),
    OutletState.PLUGGED_IN: ("good", _("Car plugged in"), ""),
    OutletState.STARTING: ("warn", _("Starting"), _("Somebody is about to charge here.")),
    OutletState.IN_USE: ("warn", _("In use"), _("Somebody is charging at this connector.")),
    OutletState.UNPLUG_FIRST: (
        "warn",
        _("Still plugged in"),
        _("The last charge has ended. Unplug the cable, then plug it in again."),
    ),
    OutletState.RESERVED: ("warn", _("Reserved"), _("Somebody has reserved this connector.")),
    OutletState.OUT_OF_ORDER: ("bad", _("Out of order"), _("Please use another connector.")),
    OutletState.OUT_OF_SERVICE: ("bad", _("Out of service"), _("Please use another connector.")),
    OutletState.OFFLINE: (
        "bad",
        _("No connection"),
        _("The charger cannot be reached right now. Please wait a moment or use another one."),
    ),
}


@require_safe
@driver_page
def find(request: HttpRequest) -> HttpResponseBase:
    """For people who type: the number on the charger leads to its page."""
    if "charger" not in request.GET:
        return render(request, "pay/find.html", {})
    form = FindForm(request.GET)
    if form.is_valid():
        # "SIM-0001/2", as it stands on the label, is understood as well.
        identity, _slash, number = form.cleaned_data["charger"].strip("/").partition("/")
        if number.isdecimal() and find_connector(identity, int(number[:6])):
            return redirect("pay:connector", identity, int(number[:6]))
        if find_charger(identity):
            return redirect("pay:charger", identity)
    typed = str(request.GET["charger"])[:48]
    return render(request, "pay/find.html", {"typed": typed, "unknown": True}, status=404)


@require_safe
@driver_page
def charger_page(request: HttpRequest, identity: str) -> HttpResponseBase:
    """Which of its connectors? A charger that has one needs no question."""
    charger = find_charger(identity)
    connectors = list(charger.connectors.order_by("number")) if charger else []
    if charger is None or not connectors or not may_trade(charger.cpo):
        return unknown_charger(request)
    if len(connectors) == 1:
        return redirect("pay:connector", charger.identity, connectors[0].number)
    for connector in connectors:
        connector.charger = charger
    rows = [(connector, *WORDS[state_of(connector)]) for connector in connectors]
    return render(request, "pay/charger.html", {"charger": charger, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@driver_page
@ensure_csrf_cookie
def connector_page(request: HttpRequest, identity: str, number: str) -> HttpResponseBase:
    connector = find_connector(identity, int(number))
    if connector is None or not may_trade(connector.charger.cpo):
        return unknown_charger(request)
    methods = offered_methods(connector.charger.cpo)
    if not methods:
        return not_found(
            request,
            _("Nothing to pay here"),
            _("This charger takes no payments by phone. Ask its operator how to charge here."),
        )
    if request.method != "POST":
        return _show(request, connector, OrderForm(methods=methods))
    form = OrderForm(request.POST, methods=methods)
    if not form.is_valid():
        return _show(request, connector, form)
    order = form.order(language=translation.get_language() or "id")
    try:
        intent = order_charging(connector, order, created_by=CREATED_BY)
    except DomainError as error:
        known = error.field if error.field in form.fields else None
        form.add_error(known, str(error))
        return _show(request, connector, form)
    return redirect("pay:payment", intent.secret)


def _show(request: HttpRequest, connector: Connector, form: OrderForm) -> HttpResponse:
    now = clock.now()
    state = state_of(connector)
    colour, word, advice = WORDS[state]
    try:
        snapshot = offer_of(connector, at=now)
    except (SnapshotError, ValueError):
        snapshot = None
    context: dict[str, Any] = {
        "connector": connector,
        "charger": connector.charger,
        "state": state,
        "colour": colour,
        "word": word,
        "advice": advice,
        "can_pay": state in CAN_START and snapshot is not None,
        "form": form,
    }
    if snapshot is not None:
        language = translation.get_language() or "id"
        choices = choices_of(connector, snapshot, at=now)
        context |= {
            "currency": snapshot.rules.currency,
            "prices": price_text(snapshot, language=language).lines,
            "choices": choices,
            "ways": _ways(form),
            "sent": _sent(form, choices),
        }
    return render(request, "pay/connector.html", context, status=422 if form.is_bound else 200)


def _sent(form: OrderForm, choices: Choices) -> dict[str, str]:
    """What is filled in: what was sent, or the second of what is offered."""
    if form.is_bound:
        return {name: str(form.data.get(name, ""))[:254] for name in _FIELDS}
    kwh, rp = (each[:2][-1:] for each in (choices.energy, choices.money))
    return {
        "mode": Goal.AMOUNT if rp else Goal.ENERGY,
        "kwh": str(kwh[0].value) if kwh else "",
        "rp": str(rp[0].value) if rp else "",
        "token": new_token(18),
    }


def _ways(form: OrderForm) -> dict[str, list[tuple[str, Any, Any]]]:
    field: Any = form.fields["method"]
    ways = [(name, NAMES[name], HINTS.get(name, "")) for name, _label in field.choices]
    wanted = form.data.get("method") if form.is_bound else None
    shown = _SHOWN_WAYS if len(ways) > _SHOWN_WAYS + 1 else len(ways)
    if wanted in [name for name, *_rest in ways[shown:]]:
        shown = len(ways)
    return {"first": ways[:shown], "more": ways[shown:]}


def unknown_charger(request: HttpRequest) -> HttpResponse:
    return not_found(
        request,
        _("This charger is not known"),
        _("Scan its QR code again, or enter the number that stands on the charger."),
    )
