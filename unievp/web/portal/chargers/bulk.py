"""One thing asked of many chargers at once: chosen from a list, each asked for itself."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from chargers.selectors.board import board_chargers, with_parts
from cpo.access import Right
from unievp.lib.errors import DomainError
from unievp.web.portal.board import filter_of
from unievp.web.portal.chargers.actions import ACTIONS
from unievp.web.portal.company import Desk, portal_page

MOST: Final = 200
_MOST_REFUSALS: Final = 10
# What is asked → the action of one charger's page, and what its form would say.
ASKED: Final[Mapping[str, tuple[str | Promise, str, str]]] = MappingProxyType(
    {
        "restart": (gettext_lazy("Restart"), "restart", "kind=Soft"),
        "in-service": (gettext_lazy("Put in service"), "availability", "status=Available"),
        "out-of-service": (
            gettext_lazy("Take out of service"),
            "availability",
            "status=Unavailable",
        ),
        "read-configuration": (gettext_lazy("Read the configuration"), "read-configuration", ""),
    }
)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page
def bulk(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The chargers of the board's filter to choose from; a POST asks those that were ticked."""
    wanted = filter_of(request, desk)
    chargers = board_chargers(desk.user, wanted).filter(cpo__in=desk.cpos_with(Right.OPERATE))
    if request.method == "POST":
        _ask(request, desk, chargers)
        query = urlencode({name: request.GET.getlist(name) for name in request.GET}, doseq=True)
        return redirect(f"{reverse('portal:bulk')}?{query}" if query else "portal:bulk")
    context: dict[str, Any] = {
        "desk": desk,
        "nav": "board",
        "rows": with_parts(chargers[:MOST]),
        "has_more": chargers[MOST : MOST + 1].exists(),
        "most": MOST,
        "asked": [(name, words) for name, (words, _action, _form) in ASKED.items()],
        "query": request.GET.urlencode(),
    }
    return render(request, "portal/charger/bulk.html", context)


def _ask(request: HttpRequest, desk: Desk, chargers: Any) -> None:
    """Each charger for itself: one that refuses keeps no other back. Raises Http404."""
    name = request.POST.get("ask", "")
    if name not in ASKED:
        raise Http404
    _words, action, form = ASKED[name]
    ticked = {text for text in request.POST.getlist("charger") if _is_number(text)}
    rows = with_parts(chargers.filter(pk__in=[int(text) for text in ticked])[:MOST])
    if not rows:
        messages.error(request, _("Tick the chargers that are meant."))
        return
    refused = []
    for row in rows:
        try:
            ACTIONS[action](row, QueryDict(form), desk.user)
        except DomainError as error:
            refused.append((row.charger, error))
    count = len(rows) - len(refused)
    if count:
        said = ngettext("%(count)d charger was asked.", "%(count)d chargers were asked.", count)
        messages.success(request, said % {"count": count})
    for charger, refusal in refused[:_MOST_REFUSALS]:
        messages.error(request, f"{charger.identity}: {refusal}")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
