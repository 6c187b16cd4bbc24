"""A settlement's papers, and the rhythm in which a company's money is asked for by itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from payments.documents.files import KINDS, statement_file
from payments.models import Settlement
from payments.services.settling.schedules import set_schedule
from unievp.lib.errors import DomainError
from unievp.web.portal.company import Desk, portal_page
from unievp.web.portal.wallet import back_to_wallet, chosen_company, whole_rupiah

_MAX_ID = 2**63 - 1


@require_GET
@portal_page
def statement(_request: HttpRequest, desk: Desk, settlement_id: int, kind: str) -> HttpResponseBase:
    """`kind`: "pdf" or "csv", in the visitor's language. For people who may see the money."""
    rows = Settlement.objects.filter(cpo__in=desk.money_cpos).select_related("cpo")
    settlement = rows.filter(pk=settlement_id).first() if settlement_id <= _MAX_ID else None
    if settlement is None or kind not in KINDS:
        raise Http404
    return statement_file(settlement, kind)


@require_POST
@portal_page
def schedule(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    cpo = chosen_company(desk, request.POST.get("cpo", ""))
    weekday = request.POST.get("weekday", "0")
    try:
        set_schedule(
            cpo,
            actor=desk.user,
            frequency=request.POST.get("frequency", ""),
            weekday=int(weekday) if weekday in "0123456" and weekday else -1,
            threshold=whole_rupiah(request.POST.get("threshold", "")),
            time_zone=request.POST.get("time_zone") or "Asia/Jakarta",
        )
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Kept. Your money is asked for in this rhythm."))
    return back_to_wallet(cpo.pk)
