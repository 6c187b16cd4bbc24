"""What needs somebody today: each a count, a sentence, and the page where it is dealt with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chargers.selectors import history
from chargers.selectors.board import FAULTED, OFFLINE, Kpis
from cpo.models import CPO
from payments.services.settling.policy import check_bank_account
from tickets.selectors.tickets import counts_for
from unievp.lib.errors import DomainError
from unievp.web.portal.company import Desk
from unievp.web.selectors.tickets import Show

_MOST_COMPANIES: Final = 5


class Item(NamedTuple):
    text: str
    link: str
    colour: str
    icon: str


def attention(desk: Desk, kpis: Kpis) -> list[Item]:
    """The worst first; nothing: all is well."""
    return [*_chargers(desk, kpis), *_tickets(desk), *_sessions(desk), *_money(desk)]


def _chargers(desk: Desk, kpis: Kpis) -> Iterator[Item]:
    if kpis.faulted:
        text = ngettext(
            "%(count)d charger is faulted", "%(count)d chargers are faulted", kpis.faulted
        )
        yield Item(text % {"count": kpis.faulted}, _board(desk, FAULTED), "red", "alert-triangle")
    if kpis.offline:
        text = ngettext(
            "%(count)d charger is offline", "%(count)d chargers are offline", kpis.offline
        )
        yield Item(text % {"count": kpis.offline}, _board(desk, OFFLINE), "yellow", "wifi-off")
    if not kpis.total:
        yield Item(
            _("Add your first charger"), reverse("portal:add_charger"), "blue", "charging-pile"
        )


def _tickets(desk: Desk) -> Iterator[Item]:
    counts = counts_for(desk.user, desk.cpo)
    if counts.overdue:
        text = ngettext(
            "%(count)d ticket is overdue", "%(count)d tickets are overdue", counts.overdue
        )
        link = _with(desk, reverse("portal:tickets"), show=Show.OVERDUE)
        yield Item(text % {"count": counts.overdue}, link, "red", "ticket")
    if counts.unassigned:
        text = ngettext(
            "%(count)d ticket is with nobody",
            "%(count)d tickets are with nobody",
            counts.unassigned,
        )
        link = _with(desk, reverse("portal:tickets"), show=Show.UNASSIGNED)
        yield Item(text % {"count": counts.unassigned}, link, "yellow", "ticket")


def _sessions(desk: Desk) -> Iterator[Item]:
    held = history.sessions(desk.user, cpo_id=desk.cpo_id, state=history.HELD).count()
    if held:
        text = ngettext(
            "%(count)d session is held back from billing",
            "%(count)d sessions are held back from billing",
            held,
        )
        link = _with(desk, reverse("portal:sessions"), state=history.HELD)
        yield Item(text % {"count": held}, link, "yellow", "receipt")


def _money(desk: Desk) -> Iterator[Item]:
    """To those whose account it is: staff see what they verify in the admin."""
    if desk.is_staff:
        return
    companies = [cpo for cpo in desk.money_cpos if desk.cpo in (None, cpo)]
    for cpo in companies[:_MOST_COMPANIES]:
        if trouble := _bank_trouble(cpo):
            link = f"{reverse('portal:wallet')}?{urlencode({'cpo': cpo.pk})}"
            yield Item(f"{cpo.name}: {trouble}", link, "yellow", "wallet")


def _bank_trouble(cpo: CPO) -> str:
    try:
        check_bank_account(cpo)
    except DomainError as refusal:
        return str(refusal)
    return ""


def _board(desk: Desk, state: str) -> str:
    return _with(desk, reverse("portal:board"), state=state)


def _with(desk: Desk, address: str, **query: str) -> str:
    chosen = {"cpo": str(desk.cpo_id)} if desk.cpo_id else {}
    return f"{address}?{urlencode(query | chosen)}"
