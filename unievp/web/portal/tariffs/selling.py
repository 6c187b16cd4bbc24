"""Where a tariff is sold: on single chargers and connectors, or as the default of a place."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chargers.models import Charger, Connector, Location, TariffAssignment, TariffDefault
from chargers.selectors.board import in_service, locations
from chargers.services.assignments import assign_tariff, end_assignment
from chargers.services.tariff_defaults import set_default_tariff
from cpo.access import Right, visible
from tariffs.models import TariffTemplate
from unievp.lib import clock
from unievp.lib.errors import InvalidError, NotFoundError
from unievp.web.portal.company import Desk, portal_page
from unievp.web.portal.numbers import whole_number
from unievp.web.portal.posting import do_and_return

_MOST_SHOWN: Final = 100
# What a form says for "everywhere": no location has this id.
EVERYWHERE: Final = "everywhere"


def places_of(desk: Desk, template: TariffTemplate) -> dict[str, Any]:
    """What sells at it now or will; and what may be chosen."""
    now = clock.now()
    assignments = visible(desk.user, TariffAssignment.objects.filter(template=template))
    sites = list(locations(desk.user, template.cpo_id))
    chargers = in_service(desk.user, template.cpo_id).order_by("identity")
    return {
        "assignments": assignments.filter(Q(valid_to=None) | Q(valid_to__gt=now))
        .select_related("charger", "charger__location", "connector")
        .order_by("charger__identity", "valid_from")[:_MOST_SHOWN],
        "defaults": [
            default for default in _defaults_in_force(desk, template) if _is(default, template)
        ],
        "sites": sites,
        "suggestions": chargers.values_list("identity", flat=True)[:_MOST_SHOWN],
        "everywhere": EVERYWHERE,
        "now": now,
    }


@require_POST
@portal_page
def sell(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """`place`: everywhere, a location's id, or "" with `charger` (and `connector`)."""
    template = _sellable(desk, pk)
    asked = request.POST

    def act() -> None:
        place = asked.get("place", "")
        if not place:
            charger = _charger(desk, template, asked.get("charger", ""))
            connector = _connector(charger, asked.get("connector", ""))
            assign_tariff(charger, template=template, connector=connector, actor=desk.user)
            return
        location = None if place == EVERYWHERE else _location(desk, template, place)
        set_default_tariff(template.cpo, template=template, location=location, actor=desk.user)

    return do_and_return(request, act, _("Sold there from now on."), "portal:tariff", pk)


@require_POST
@portal_page
def stop_selling(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """`assignment` or `default`: which of the places ends."""
    template = _sellable(desk, pk)

    def act() -> None:
        number = whole_number(
            request.POST.get("assignment") or request.POST.get("default", ""), field="place"
        )
        if "assignment" in request.POST:
            rows = visible(desk.user, TariffAssignment.objects.filter(template=template))
            found = rows.filter(pk=number).first()
            if found is None:
                raise NotFoundError(_("It is not sold there any more."))
            end_assignment(found, actor=desk.user)
            return
        default = next(
            (each for each in _defaults_in_force(desk, template) if each.pk == number), None
        )
        if default is None or not _is(default, template):
            raise NotFoundError(_("It is not sold there any more."))
        set_default_tariff(template.cpo, template=None, location=default.location, actor=desk.user)

    return do_and_return(request, act, _("Not sold there any more."), "portal:tariff", pk)


def _sellable(desk: Desk, pk: int) -> TariffTemplate:
    rows = visible(desk.user, TariffTemplate.objects.select_related("cpo"))
    template = rows.filter(pk=pk).first() if pk < 2**63 else None
    if template is None:
        raise Http404
    if template.cpo not in desk.cpos_with(Right.PRICE):
        raise PermissionDenied
    return template


def _defaults_in_force(desk: Desk, template: TariffTemplate) -> QuerySet[TariffDefault]:
    """The newest one that has begun, of each place of the tariff's company."""
    rows = visible(desk.user, TariffDefault.objects.filter(cpo=template.cpo_id))
    begun = rows.filter(valid_from__lte=clock.now())
    return (
        begun.select_related("location")
        .order_by("location_id", "-valid_from", "-pk")
        .distinct("location_id")
    )


def _is(default: TariffDefault, template: TariffTemplate) -> bool:
    return default.template_id == template.pk


def _charger(desk: Desk, template: TariffTemplate, identity: str) -> Charger:
    text = identity.replace("\x00", "").strip()
    found = in_service(desk.user, template.cpo_id).filter(identity__lower=text.lower()).first()
    if found is None:
        raise InvalidError(_("There is no charger with this id."), field="charger")
    return found


def _connector(charger: Charger, text: str) -> Connector | None:
    if not text.strip():
        return None
    number = whole_number(text, field="place")
    found = charger.connectors.filter(number=number).first() if number < 2**15 else None
    if found is None:
        raise InvalidError(_("This charger has no such connector."), field="connector")
    return found


def _location(desk: Desk, template: TariffTemplate, text: str) -> Location:
    found = (
        locations(desk.user, template.cpo_id).filter(pk=whole_number(text, field="place")).first()
    )
    if found is None:
        raise InvalidError(_("There is no such location."), field="place")
    return found
