"""API keys: made and shown once, listed masked, revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from cpo.access import visible
from cpo.models import CPO, ApiKey, Scope
from cpo.services.api_keys import create_api_key, revoke_api_key
from unievp.lib import clock
from unievp.lib.errors import DomainError, InvalidError
from unievp.web.portal.company import Desk, early_page
from unievp.web.portal.office.common import back, office_of, page_of
from unievp.web.portal.posting import do_and_return

_MOST_PK: Final = 2**63 - 1
# Days that a new key counts; 0: until it is revoked.
LIFETIMES: Final = (90, 365, 0)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@early_page
def keys(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The list; after a POST with the new key's text, this once."""
    company = office_of(request, desk)
    made = _create(request, desk, company) if request.method == "POST" else ""
    rows = visible(desk.user, ApiKey.objects.filter(cpo=company)).order_by("-created_at", "-pk")
    context: dict[str, Any] = page_of(desk, company, "keys") | {
        "made": made,
        "keys": rows,
        "scopes": [(value, text) for value, text in Scope.choices if value != Scope.ALL],
        "lifetimes": LIFETIMES,
        "now": clock.now(),
    }
    return render(request, "portal/office/keys.html", context)


@require_POST
@early_page
def revoke(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    company = office_of(request, desk)
    rows = visible(desk.user, ApiKey.objects.filter(cpo=company))
    key = rows.filter(pk=pk).first() if pk <= _MOST_PK else None
    if key is None:
        raise Http404

    def act() -> None:
        revoke_api_key(key, actor=desk.user)

    return do_and_return(
        request, act, _("Revoked. It opens nothing now."), "portal:keys", query=back(company)
    )


def _create(request: HttpRequest, desk: Desk, company: CPO) -> str:
    """The text of the new key; "" where it was refused, and the page says why."""
    scopes = request.POST.getlist("scopes")
    try:
        if not scopes:
            raise InvalidError(_("Choose what the key may do."), field="scopes")
        days = _days(request.POST.get("days", ""))
        _key, text = create_api_key(
            name=request.POST.get("name", ""),
            cpo=company,
            scopes=scopes,
            expires_at=clock.now() + timedelta(days=days) if days else None,
            actor=desk.user,
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return ""
    return text


def _days(text: str) -> int:
    if text not in {str(days) for days in LIFETIMES}:
        raise InvalidError(_("Choose how long the key counts."), field="days")
    return int(text)
