"""Sheets of QR codes to print, for whoever may see the chargers: staff and the CPO's own people."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from chargers.models import Charger, Connector
from cpo.access import visible
from cpo.models import User
from unievp.web.pay.labels import label_of, sheets_pdf
from unievp.web.portal.company import desk_of

# A thousand connectors are 125 pages; who has more prints them by location.
MOST: Final = 1000


@require_safe
@login_required
def sheets(request: HttpRequest) -> HttpResponseBase:
    """The labels of all connectors of `?charger=1&charger=2` (row ids), or of the company `?cpo=…`.

    Without: of every charger in service that the visitor may see. 404 where there is none.
    """
    user = request.user
    if not isinstance(user, User):
        raise Http404
    chargers = visible(user, Charger.objects.filter(retired_at=None))
    if "charger" in request.GET:
        chargers = chargers.filter(pk__in=_ids(request.GET.getlist("charger")))
    if request.GET.get("cpo"):
        company = desk_of(user, request.GET["cpo"]).cpo
        chargers = chargers.filter(cpo=company) if company else chargers.none()
    connectors = (
        Connector.objects.filter(charger__in=chargers)
        .select_related("charger__location")
        .order_by("charger__location__name", "charger__identity", "number")[:MOST]
    )
    labels = [label_of(connector) for connector in connectors]
    if not labels:
        raise Http404
    response = HttpResponse(sheets_pdf(labels), content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="qr-codes.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


def _ids(words: list[str]) -> list[int]:
    known = (word for word in words if word.isascii() and word.isdecimal() and len(word) < 19)
    return [int(word) for word in known][:MOST]
