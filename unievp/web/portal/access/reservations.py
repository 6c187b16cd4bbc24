"""Reservations of a company's connectors: what is held, asking for one, cancelling."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from chargers.models import OPEN_RESERVATIONS, Reservation
from chargers.selectors.board import in_service
from chargers.services.reservations.asking import reserve
from chargers.services.reservations.cancelling import cancel_reservation
from cpo.access import Right, visible
from unievp.lib import clock
from unievp.lib.errors import InvalidError
from unievp.web.portal.company import Desk, portal_page
from unievp.web.portal.numbers import whole_number
from unievp.web.portal.posting import do_and_return

_OPEN_SHOWN: Final = 100
_PAST_SHOWN: Final = 20
_SUGGESTED: Final = 100
_MOST_MINUTES: Final = 7 * 24 * 60
_MOST_PK: Final = 2**63 - 1
_VIEW: Final = "portal:reservations"


@require_GET
@portal_page
def reservations(request: HttpRequest, desk: Desk) -> HttpResponse:
    rows = visible(desk.user, Reservation.objects.select_related("charger", "charger__location"))
    if desk.cpo_id:
        rows = rows.filter(charger__cpo=desk.cpo_id)
    past = rows.exclude(status__in=OPEN_RESERVATIONS)
    chargers = in_service(desk.user, desk.cpo_id).order_by("identity")
    context: dict[str, Any] = {
        "desk": desk,
        "nav": "reservations",
        "open": rows.filter(status__in=OPEN_RESERVATIONS).order_by("expires_at")[:_OPEN_SHOWN],
        "past": past.order_by("-created_at", "-pk")[:_PAST_SHOWN],
        "suggestions": chargers.values_list("identity", flat=True)[:_SUGGESTED],
        "may_operate": bool(desk.cpos_with(Right.OPERATE)),
    }
    return render(request, "portal/access/reservations.html", context)


@require_POST
@portal_page
def ask(request: HttpRequest, desk: Desk) -> HttpResponse:
    """`charger`, `connector` (empty: any), `id_tag`, `minutes` from now."""
    operated = desk.cpos_with(Right.OPERATE)
    if not operated:
        raise PermissionDenied
    asked = request.POST

    def act() -> None:
        identity = asked.get("charger", "").replace("\x00", "").strip()
        chargers = in_service(desk.user).filter(cpo__in=operated)
        charger = chargers.filter(identity__lower=identity.lower()).first()
        if charger is None:
            raise InvalidError(_("There is no charger with this id."), field="charger")
        minutes = whole_number(asked.get("minutes", ""), field="minutes")
        if not 1 <= minutes <= _MOST_MINUTES:
            raise InvalidError(_("From a minute to seven days."), field="minutes")
        reserve(
            charger,
            connector_number=whole_number(asked.get("connector") or "0", field="connector"),
            id_tag=asked.get("id_tag", "").strip(),
            expires_at=clock.now() + timedelta(minutes=minutes),
            actor=desk.user,
        )

    return do_and_return(request, act, _("Asked. The charger decides."), _VIEW)


@require_POST
@portal_page
def cancel(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    rows = visible(desk.user, Reservation.objects.select_related("charger", "charger__cpo"))
    reservation = rows.filter(pk=pk).first() if pk <= _MOST_PK else None
    if reservation is None:
        raise Http404
    if reservation.charger.cpo not in desk.cpos_with(Right.OPERATE):
        raise PermissionDenied

    def act() -> None:
        cancel_reservation(reservation, actor=desk.user)

    return do_and_return(request, act, _("Cancelling: the charger is asked."), _VIEW)
