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

# A thousand connectors are 125 pages; who has more prints them by location.
MOST: Final = 1000


@require_safe
@login_required
def sheets(request: HttpRequest) -> HttpResponseBase:
    """`?charger=1&charger=2` (row ids): the labels of all their connectors. 404 for none of theirs.

    Without: every charger in service that the visitor may see.
    """
    user = request.user
    if not isinstance(user, User):
        raise Http404
    chargers = visible(user, Charger.objects.filter(retired_at=None))
    wanted = [
        text for text in request.GET.getlist("charger") if text.isdecimal() and len(text) < 19
    ]
    if "charger" in request.GET:
        chargers = chargers.filter(pk__in=wanted[:MOST])
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
