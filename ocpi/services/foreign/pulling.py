"""Reading operators' lists: whole once connected, then what changed, for whatever a push lost.

A page at a time is in memory. What cannot be read is counted and left out; a list that breaks off
is asked for again from where it was known to be whole. A partner's fault stays its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q

from ocpi.models import (
    ForeignLocation,
    ForeignTariff,
    InterfaceRole,
    Partner,
    PartnerEndpoint,
    PartnerStatus,
    PartyRole,
    PulledList,
)
from ocpi.objects.editions import heard
from ocpi.selectors.parties import emsp_party_for
from ocpi.services.calling.client import CallError
from ocpi.services.calling.pages import pull
from ocpi.services.foreign import locations, tariffs
from ocpi.services.foreign.cdrs import receive_cdr
from ocpi.services.foreign.owners import owned
from ocpi.services.foreign.sessions import put_session
from ocpi.wire.codes import OcpiError
from unievp.lib import clock

logger = logging.getLogger(__name__)

# Tariffs before what is priced by them, sessions before their CDRs.
MODULES: Final = ("locations", "tariffs", "sessions", "cdrs")
# Clocks differ, and a change may be told a moment before it is in the list.
_OVERLAP: Final = timedelta(minutes=10)
# A first read of sessions and CDRs goes this far back: `date_from` is required there.
_FIRST_DAYS: Final = timedelta(days=30)
# Now and then whole again, so that what vanished without a word is noticed.
_WHOLE_EVERY: Final = timedelta(days=7)
_Put = Callable[[Partner, Any], object]


def _put_cdr(partner: Partner, body: Any) -> object:
    return receive_cdr(partner, body)


_PUT: Final[dict[str, _Put]] = {
    "locations": locations.put_location,
    "tariffs": tariffs.put_tariff,
    "sessions": put_session,
    "cdrs": _put_cdr,
}
_WITHDRAW: Final[dict[str, Callable[..., int]]] = {
    "locations": locations.withdraw_unlisted,
    "tariffs": tariffs.withdraw_unlisted,
}
_LISTED: Final[dict[str, type[ForeignLocation | ForeignTariff]]] = {
    "locations": ForeignLocation,
    "tariffs": ForeignTariff,
}


def pull_partners(partner_pks: list[int] | None = None) -> int:
    """Every connected operator's lists (or these partners'); how many objects were read."""
    rows = operators()
    if partner_pks is not None:
        rows = [one for one in rows if one.pk in partner_pks]
    return sum(pull_partner(partner) for partner in rows)


def operators() -> list[Partner]:
    """Connected partners with chargers, and hubs, to whom we are a mobility provider."""
    rows = Partner.objects.filter(
        Q(parties__role=PartyRole.CPO) | Q(parties__role=PartyRole.HUB),
        status=PartnerStatus.REGISTERED,
    ).distinct()
    return [one for one in rows.order_by("pk") if emsp_party_for(one) is not None]


def pull_partner(partner: Partner) -> int:
    """Its lists, one after another; one that fails is noted and keeps no other back."""
    urls = dict(
        PartnerEndpoint.objects.filter(
            partner=partner, role=InterfaceRole.SENDER, identifier__in=MODULES
        ).values_list("identifier", "url")
    )
    return sum(pull_list(partner, name, urls[name]) for name in MODULES if name in urls)


def pull_list(partner: Partner, module: str, url: str) -> int:
    """One list, since it was last read to its end; how many objects could be read."""
    now = clock.now()
    began = now.replace(microsecond=0)
    state, _new = PulledList.objects.get_or_create(
        partner=partner, module=module, defaults={"tried_at": began}
    )
    is_whole = module in _WITHDRAW and (
        state.whole_at is None or state.whole_at < began - _WHOLE_EVERY
    )
    since = None if is_whole else _since(state, began)
    read = _Read(partner, module)
    try:
        for item in pull(partner, url, module=module, since=since):
            read.take(item)
    except CallError as error:
        _note(state, began, read, error=str(error)[:300])
        return read.count
    if is_whole:
        _WITHDRAW[module](partner, read.listed, began=now)
        state.whole_at = began
    state.until = began
    _note(state, began, read)
    return read.count


class _Read:
    """What was read of one list so far."""

    def __init__(self, partner: Partner, module: str) -> None:
        self.partner, self.module = partner, module
        self.count = self.refused = 0
        self.listed: set[int] = set()
        self.problem = ""

    def take(self, item: Any) -> None:
        try:
            _PUT[self.module](self.partner, heard(self.module, item, self.partner.version))
        except OcpiError as error:
            self.refused += 1
            self.problem = self.problem or error.message
            logger.warning("One of %s's %s is left out: %s", self.partner, self.module, error)
        else:
            self.count += 1
        # Listed is listed, readable or not.
        self._remember(item)

    def _remember(self, item: Any) -> None:
        model = _LISTED.get(self.module)
        if model is None or not isinstance(item, dict):
            return
        name = [str(item.get(key, "")) for key in ("country_code", "party_id", "id")]
        found = model._default_manager.filter(**owned(self.partner, name[0], name[1], name[2]))
        self.listed.update(found.values_list("pk", flat=True))


def _since(state: PulledList, now: datetime) -> datetime | None:
    if state.until is not None:
        return state.until - _OVERLAP
    return None if state.module in _WITHDRAW else now - _FIRST_DAYS


def _note(state: PulledList, began: datetime, read: _Read, *, error: str = "") -> None:
    state.tried_at = began
    state.objects_read, state.objects_refused = read.count, read.refused
    state.error = error or read.problem[:300]
    state.save()
