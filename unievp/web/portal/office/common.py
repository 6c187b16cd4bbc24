"""What the office pages (company, team, keys, log) share: whose office it is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from cpo.access import Right
from cpo.models import CPO
from unievp.web.portal.company import Desk, company_with


def office_of(request: HttpRequest, desk: Desk) -> CPO:
    """The company of `?cpo=` (or of the posted form) that the visitor manages; else Http404."""
    wanted = request.POST.get("cpo") or request.GET.get("cpo", "")
    return company_with(desk, Right.MANAGE, wanted)


def page_of(desk: Desk, company: CPO, tab: str) -> dict[str, Any]:
    """What the tabs of the office need."""
    return {
        "desk": desk,
        "nav": "office",
        "tab": tab,
        "company": company,
        "companies": desk.cpos_with(Right.MANAGE),
    }


def back(company: CPO) -> dict[str, Any]:
    """The query that keeps the chosen company."""
    return {"cpo": company.pk}
