"""What a new company does until it has charged its first car: steps, each with its page."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from chargers.models import Charger, ChargingSession, TariffAssignment, TariffDefault
from chargers.selectors.board import in_service
from cpo.access import Right, visible
from cpo.models import CPO
from tariffs.models import TariffTemplate
from unievp.web.portal.company import Desk


class Step(NamedTuple):
    title: str
    advice: str
    link: str
    is_done: bool


def first_steps(desk: Desk) -> list[Step]:
    """Nothing once a car was charged, nor for those whose work it is not."""
    cpo = desk.cpo or (desk.cpos[0] if len(desk.cpos) == 1 else None)
    if desk.is_staff or cpo is None or cpo not in desk.cpos_with(Right.OPERATE):
        return []
    if visible(desk.user, ChargingSession.objects.filter(cpo=cpo)).exists():
        return []
    charger = in_service(desk.user, cpo.pk).select_related("presence").order_by("pk").first()
    steps = [_charger(charger), *_selling(desk, cpo), *_charging(charger)]
    return [_company(cpo), *steps] if cpo in desk.managed_cpos else steps


def _company(cpo: CPO) -> Step:
    return Step(
        _("Complete your company's data"),
        _("Drivers see whom to call for help; the bank account is where your money goes."),
        reverse("portal:company"),
        bool(cpo.contact_phone and cpo.bank_account_number),
    )


def _charger(charger: Charger | None) -> Step:
    return Step(
        _("Add a charger"),
        _("You get the address and the password to enter there, with the menu of its make."),
        _page_of(charger) or reverse("portal:add_charger"),
        charger is not None,
    )


def _selling(desk: Desk, cpo: CPO) -> list[Step]:
    template = visible(desk.user, TariffTemplate.objects.filter(cpo=cpo, archived_at=None)).first()
    sold = Q(template__cpo=cpo)
    is_sold = template is not None and (
        visible(desk.user, TariffAssignment.objects.filter(sold)).exists()
        or visible(desk.user, TariffDefault.objects.filter(sold)).exists()
    )
    link = (
        reverse("portal:tariff", args=[template.pk]) if template else reverse("portal:new_tariff")
    )
    advice = _("Say what a kWh costs, and at which chargers. Without a price nothing is sold.")
    return [Step(_("Make a tariff and sell it"), advice, link, is_sold)]


def _charging(charger: Charger | None) -> list[Step]:
    presence = getattr(charger, "presence", None)
    return [
        Step(
            _("Connect the charger"),
            _("It shows here by itself as soon as it calls for the first time."),
            _page_of(charger) or reverse("portal:add_charger"),
            presence is not None and presence.last_seen_at is not None,
        ),
        Step(
            _("Charge a first car"),
            _("Start it at the charger, or see a whole charge with a virtual one first."),
            _page_of(charger) or reverse("portal:simulator"),
            is_done=False,
        ),
    ]


def _page_of(charger: Charger | None) -> str:
    return reverse("portal:charger", args=[charger.pk]) if charger else ""
