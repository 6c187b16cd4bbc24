"""What the office pages (company, team, keys, log) share: whose office, and a form's answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from cpo.access import Right
from cpo.models import CPO
from unievp.lib.errors import DomainError
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


def do_and_return(
    request: HttpRequest, company: CPO, view: str, act: Callable[[], object], done: str
) -> HttpResponse:
    """Call `act`, say `done` or why not, and go back to `view`."""
    try:
        act()
    except DomainError as refusal:
        messages.error(request, str(refusal))
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, done)
    return redirect(f"{reverse(view)}?{urlencode({'cpo': company.pk})}")
