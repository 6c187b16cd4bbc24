"""The wallet: what is pending, available and on its way, and the request to be paid."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cpo.access import Right
from cpo.models import CPO
from payments.chart import CHART, Code
from payments.documents.words import booking_word
from payments.models import (
    Frequency,
    Settlement,
    SettlementSchedule,
    SettlementStatus,
    Weekday,
)
from payments.selectors.wallet import statement, wallet
from payments.services.settlements import cancel_settlement, request_settlement
from payments.services.settling.policy import check_bank_account
from payments.states import OPEN_SETTLEMENTS, SETTLEMENT_TRANSITIONS
from unievp.lib.errors import DomainError, InvalidError
from unievp.lib.secrets import mask
from unievp.web.portal.company import Desk, company_with, portal_page

_ENTRIES: Final = 20
_SETTLEMENTS: Final = 10
_DIGITS: Final = re.compile(r"[^0-9]")
_LONGEST_AMOUNT: Final = 15
_ZONES: Final = (
    ("Asia/Jakarta", "WIB"),
    ("Asia/Makassar", "WITA"),
    ("Asia/Jayapura", "WIT"),
)
_COLOURS: Final[dict[str, str]] = {
    SettlementStatus.PAID: "green",
    SettlementStatus.REQUESTED: "yellow",
    SettlementStatus.REJECTED: "red",
    SettlementStatus.FAILED: "red",
    SettlementStatus.REVERSED: "red",
    SettlementStatus.CANCELLED: "secondary",
}


@require_GET
@portal_page
def wallet_page(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Of the chosen company, or of the first whose money the visitor may see."""
    cpo = chosen_company(desk, request.GET.get("cpo", ""))
    settlements = list(cpo.settlements.order_by("-requested_at", "-pk")[:_SETTLEMENTS])
    context: dict[str, Any] = {
        "desk": desk,
        "nav": "wallet",
        "company": cpo,
        "wallet": wallet(cpo),
        "account": mask(cpo.bank_account_number),
        "bank_trouble": _bank_trouble(cpo),
        "schedule": SettlementSchedule.objects.filter(cpo=cpo).first(),
        "frequencies": Frequency.choices,
        "weekdays": Weekday.choices,
        "zones": _ZONES,
        "settlements": [_row(settlement) for settlement in settlements],
        "is_open": any(each.status in OPEN_SETTLEMENTS for each in settlements),
        "entries": [
            (entry, booking_word(entry.transaction.kind), CHART[Code(entry.account.code)].meaning)
            for entry in statement(cpo)[:_ENTRIES]
        ],
    }
    return render(request, "portal/wallet.html", context)


@require_POST
@portal_page
def ask_for_settlement(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """`amount` in rupiah as people write it; nothing: all that is available."""
    cpo = chosen_company(desk, request.POST.get("cpo", ""))
    try:
        amount = whole_rupiah(request.POST.get("amount", ""))
        request_settlement(cpo, actor=desk.user, amount=amount)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Asked for. The platform checks and pays it."))
    return back_to_wallet(cpo.pk)


@require_POST
@portal_page
def cancel(request: HttpRequest, desk: Desk, settlement_id: int) -> HttpResponseBase:
    allowed = Settlement.objects.filter(cpo__in=desk.money_cpos)
    settlement = allowed.filter(pk=settlement_id).first()
    if settlement is None:
        raise Http404
    try:
        cancel_settlement(settlement, actor=desk.user)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Taken back. The money is available again."))
    return back_to_wallet(settlement.cpo_id)


def whole_rupiah(text: str) -> int | None:
    """As people write it; None for nothing. Raises InvalidError."""
    digits = _DIGITS.sub("", text)
    if len(digits) > _LONGEST_AMOUNT:
        raise InvalidError(_("This is no amount."), field="amount")
    return int(digits) if digits else None


def chosen_company(desk: Desk, wanted: str) -> CPO:
    """Raises Http404 where the visitor may see no company's money, or not that one's."""
    return company_with(desk, Right.MONEY, wanted)


def _bank_trouble(cpo: CPO) -> str:
    """Why nothing is paid to a new bank account yet; "" where it is."""
    if not cpo.bank_account_number:
        return ""
    try:
        check_bank_account(cpo)
    except DomainError as error:
        return str(error)
    return ""


def _row(settlement: Settlement) -> dict[str, Any]:
    may_cancel = SETTLEMENT_TRANSITIONS.allows(settlement.status, SettlementStatus.CANCELLED)
    return {
        "settlement": settlement,
        "colour": _COLOURS.get(settlement.status, "blue"),
        "may_cancel": may_cancel and settlement.status == SettlementStatus.REQUESTED,
    }


def back_to_wallet(cpo_id: UUID) -> HttpResponse:
    return redirect(f"{reverse('portal:wallet')}?{urlencode({'cpo': cpo_id})}")
