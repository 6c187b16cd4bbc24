"""Roaming in the portal: partners of the company, how each is doing, and what was said."""

from __future__ import annotations

from typing import Any, Final

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cpo.access import Right, visible
from cpo.models import CPO
from ocpi.addresses import versions_url
from ocpi.models import (
    Exchange,
    Partner,
    PartnerStatus,
    Party,
    PartyRole,
    PublishedLocation,
    Push,
    PushStatus,
)
from ocpi.selectors.parties import platform_partners
from unievp.web.portal.company import Desk, company_with, portal_page

_PER_PAGE: Final = 25
_MOST_PUSHES: Final = 50


@never_cache
@require_GET
@portal_page
def roaming(request: HttpRequest, desk: Desk) -> HttpResponse:
    return roaming_page(request, desk, company_of(request, desk))


def roaming_page(
    request: HttpRequest, desk: Desk, company: CPO, *, token: str = "", partner: str = ""
) -> HttpResponse:
    """`token`: of a new `partner`, this once."""
    counted = partners_of(desk, company).annotate(
        waiting=Count("pushes", Q(pushes__status=PushStatus.WAITING)),
        dead=Count("pushes", Q(pushes__status=PushStatus.DEAD)),
    )
    party = Party.objects.filter(cpo=company, role=PartyRole.CPO).first()
    places = visible(desk.user, PublishedLocation.objects.filter(location__cpo=company))
    context = _context(desk, company) | {
        "partners": counted.order_by("name", "pk"),
        "platform_partners": platform_partners(),
        "party": party,
        "places": places.select_related("location").order_by("location__name")[:200],
        "token": token,
        "new_partner": partner,
        "versions_url": versions_url(),
        "feed": request.build_absolute_uri(
            reverse("open_data", args=(f"{party.country_code}-{party.party_id}",))
        )
        if party
        else "",
    }
    return render(request, "portal/roaming/list.html", context)


@never_cache
@require_GET
@portal_page
def partner_page(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """State of the modules, what waits or was given up, and the log without tokens."""
    company = company_of(request, desk)
    partner = partner_of(desk, company, pk)
    pushes = visible(desk.user, Push.objects.filter(partner=partner))
    exchanges = visible(desk.user, Exchange.objects.filter(partner=partner))
    if request.GET.get("only") == "failed":
        exchanges = exchanges.exclude(error="")
    page = Paginator(exchanges.order_by("-pk"), _PER_PAGE).get_page(request.GET.get("page"))
    context = _context(desk, company) | {
        "partner": partner,
        "modules": partner.endpoints.order_by("identifier", "role"),
        "parties": partner.parties.all(),
        "pushes": pushes.exclude(status=PushStatus.SENT).order_by("-marked_at")[:_MOST_PUSHES],
        "given_up": pushes.filter(status=PushStatus.DEAD).count(),
        "page": page,
        "only": request.GET.get("only", ""),
        "query": f"cpo={company.pk}&only={request.GET.get('only', '')[:8]}",
        "is_connected": partner.status in (PartnerStatus.REGISTERED, PartnerStatus.SUSPENDED),
    }
    return render(request, "portal/roaming/partner.html", context)


def company_of(request: HttpRequest, desk: Desk, right: Right = Right.VIEW) -> CPO:
    """The company of `?cpo=` (or of the posted form) where the visitor has `right`; else 404."""
    return company_with(desk, right, request.POST.get("cpo") or request.GET.get("cpo", ""))


def partners_of(desk: Desk, company: CPO) -> QuerySet[Partner]:
    return visible(desk.user, Partner.objects.filter(cpo=company))


def partner_of(desk: Desk, company: CPO, pk: int) -> Partner:
    partner = partners_of(desk, company).filter(pk=pk).first()
    if partner is None:
        raise Http404
    return partner


def _context(desk: Desk, company: CPO) -> dict[str, Any]:
    return {
        "desk": desk,
        "nav": "roaming",
        "company": company,
        "companies": desk.cpos_with(Right.VIEW),
        "may_manage": company in desk.managed_cpos,
        "may_operate": company in desk.cpos_with(Right.OPERATE),
    }
