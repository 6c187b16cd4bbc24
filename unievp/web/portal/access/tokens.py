"""Id tokens of a company: the list, new ones one by one or by the file, and what was seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from chargers.models import IdToken, TokenSighting
from chargers.services.id_tokens import managing
from chargers.services.id_tokens.importing import COLUMNS, MOST_BYTES, decode_file, import_tokens
from cpo.access import Right, visible
from cpo.models import CPO
from unievp.lib import clock
from unievp.lib.errors import InvalidError
from unievp.web.portal.company import Desk, company_with, portal_page
from unievp.web.portal.posting import do_and_return

_PER_PAGE: Final = 50
_SIGHTINGS: Final = 10
_SEEN_WITHIN: Final = timedelta(days=30)
_MOST_PK: Final = 2**63 - 1
_VIEW: Final = "portal:tokens"


@require_GET
@portal_page
def tokens(request: HttpRequest, desk: Desk) -> HttpResponse:
    company = company_with(desk, Right.VIEW, request.GET.get("cpo", ""))
    text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    page = Paginator(_found(desk, company, text), _PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context: dict[str, Any] = {
        "desk": desk,
        "nav": "tokens",
        "company": company,
        "companies": desk.cpos_with(Right.VIEW),
        "may_operate": company in desk.cpos_with(Right.OPERATE),
        "page": page,
        "text": text,
        "query": query.urlencode(),
        "sightings": _strangers(desk, company),
        "columns": ", ".join(COLUMNS),
        "now": clock.now(),
    }
    return render(request, "portal/access/tokens.html", context)


@require_POST
@portal_page
def add_token(request: HttpRequest, desk: Desk) -> HttpResponse:
    company = _operated(request, desk)

    def act() -> None:
        managing.create_token(
            company,
            token=request.POST.get("token", ""),
            label=request.POST.get("label", ""),
            group=request.POST.get("group", ""),
            actor=desk.user,
        )

    return do_and_return(request, act, _("Issued."), _VIEW, query={"cpo": company.pk})


@require_POST
@portal_page
def change_token(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """`do`: block or unblock."""
    company = _operated(request, desk)
    rows = visible(desk.user, IdToken.objects.filter(cpo=company))
    token = rows.filter(pk=pk).first() if pk <= _MOST_PK else None
    if token is None:
        raise Http404

    def act() -> None:
        if request.POST.get("do") == "unblock":
            managing.unblock_token(token, actor=desk.user)
        else:
            managing.block_token(token, actor=desk.user)

    return do_and_return(request, act, _("Changed."), _VIEW, query={"cpo": company.pk})


@require_POST
@portal_page
def adopt(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Issue a tag that an unknown driver presented."""
    company = _operated(request, desk)
    rows = visible(desk.user, TokenSighting.objects.filter(cpo=company, id_token=None))
    sighting = rows.filter(pk=pk).first() if pk <= _MOST_PK else None
    if sighting is None:
        raise Http404

    def act() -> None:
        managing.adopt_sighting(sighting, actor=desk.user)

    return do_and_return(request, act, _("Issued."), _VIEW, query={"cpo": company.pk})


@require_POST
@portal_page
def import_file(request: HttpRequest, desk: Desk) -> HttpResponse:
    """A CSV file; with one bad line nothing is stored, and the first is named."""
    company = _operated(request, desk)

    def act() -> str:
        file = request.FILES.get("file")
        if file is None:
            raise InvalidError(_("Choose a file."), field="file")
        text = decode_file(file.read(MOST_BYTES + 1))
        count = import_tokens(company, text, actor=desk.user)
        told = ngettext("%(count)d token issued.", "%(count)d tokens issued.", count)
        return told % {"count": count}

    return do_and_return(request, act, _("Issued."), _VIEW, query={"cpo": company.pk})


def _operated(request: HttpRequest, desk: Desk) -> CPO:
    """The company of the form. Raises Http404 for another's, PermissionDenied for a viewer."""
    company = company_with(desk, Right.VIEW, request.POST.get("cpo", ""))
    if company not in desk.cpos_with(Right.OPERATE):
        raise PermissionDenied
    return company


def _found(desk: Desk, company: CPO, text: str) -> QuerySet[IdToken]:
    rows = visible(desk.user, IdToken.objects.filter(cpo=company, charger=None))
    if text:
        rows = rows.filter(
            Q(token__icontains=text) | Q(label__icontains=text) | Q(group__icontains=text)
        )
    return rows.select_related("driver").order_by("-created_at", "-pk")


def _strangers(desk: Desk, company: CPO) -> QuerySet[TokenSighting]:
    """Tags nobody issued that were presented lately, the newest first."""
    rows = TokenSighting.objects.filter(
        cpo=company, id_token=None, last_seen_at__gte=clock.now() - _SEEN_WITHIN
    )
    newest = visible(desk.user, rows).select_related("charger").order_by("-last_seen_at")
    return newest[:_SIGHTINGS]
