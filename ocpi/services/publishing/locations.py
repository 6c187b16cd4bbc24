"""Locations as partners see them: rendered anew from the field's rows, stamped where they changed.

Events of the field ask for one at once; the sweep looks at each every few minutes, so that a lost
event, a new tariff or a corrected address is found, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q

from chargers.models import Charger, ConfigurationKey, Connector, Location
from chargers.selectors.tariffs import Outlet, effective_tariffs
from cpo.access import may_trade
from cpo.models import CPOStatus
from ocpi.models import Party, PartyRole, PublishedLocation
from ocpi.objects.evses import evse_object
from ocpi.objects.locations import location_id, location_object, missing_fields, stamp
from ocpi.services.publishing.tariffs import Wanted, publish_tariffs
from ocpi.services.pushing.marking import mark
from ocpi.wire import json
from unievp.lib import clock

CHECK_EVERY: Final = timedelta(minutes=5)
_PER_SWEEP: Final = 200
_ALWAYS: Final = ("REMOTE_START_STOP_CAPABLE", "RFID_READER", "UNLOCK_CAPABLE")
_BY_PROFILE: Final = {
    "Reservation": "RESERVABLE",
    "SmartCharging": "CHARGING_PROFILE_CAPABLE",
    "LocalAuthListManagement": "TOKEN_GROUP_CAPABLE",
}


def refresh_locations(location_pks: Iterable[int]) -> int:
    """Render each again; how many have changed."""
    return sum(refresh_location(pk) for pk in sorted(set(location_pks)))


def refresh_chargers(charger_pks: Iterable[int]) -> int:
    """The same for the locations of these chargers."""
    chargers = Charger.objects.filter(pk__in=set(charger_pks))
    return refresh_locations(chargers.values_list("location_id", flat=True))


def sweep_locations(now: datetime | None = None) -> int:
    """Rows for new locations, and another look at those that were looked at longest ago."""
    now = now or clock.now()
    _add_rows()
    due = PublishedLocation.objects.filter(
        Q(checked_at__isnull=True) | Q(checked_at__lte=now - CHECK_EVERY)
    ).order_by(F("checked_at").asc(nulls_first=True))
    return refresh_locations(due.values_list("location_id", flat=True)[:_PER_SWEEP])


def refresh_location(location_pk: int) -> bool:
    """Whether anything that partners see has changed. Nothing for a CPO without a party."""
    now = clock.now()
    with transaction.atomic():
        row = (
            PublishedLocation.objects.select_for_update(of=("self",))
            .select_related("location__cpo", "party")
            .prefetch_related("opening_hours", "exceptional_hours", "images")
            .filter(location_id=location_pk)
            .first()
        )
        if row is None:
            return _add_row(location_pk) and refresh_location(location_pk)
        missing = missing_fields(row.location)
        row.checked_at, row.missing = now, ", ".join(missing)[:200]
        body = "" if missing and not row.body else _render(row, now, hidden=bool(missing))
        changed = body != row.body
        if changed:
            row.body, row.last_updated = body, now.replace(microsecond=0)
            mark("locations", location_id(row.location), party=row.party)
        row.save(update_fields=["checked_at", "missing", "body", "last_updated"])
    return changed


def _render(row: PublishedLocation, now: datetime, *, hidden: bool) -> str:
    """JSON of the Location, as stored. Hidden: what partners had, with every EVSE removed."""
    old: dict[str, Any] = json.loads(row.body) if row.body else {}
    if hidden or not row.is_published:
        if not old:
            return ""
        new = {name: value for name, value in old.items() if name != "last_updated"}
        new["evses"] = []
        new["publish"] = row.is_published
    else:
        new = location_object(row, row.party, _evses(row, now))
    return json.dumps(stamp(json.loads(json.dumps(new)), old, now)).decode()


def _evses(row: PublishedLocation, now: datetime) -> list[dict[str, Any]]:
    connectors = list(
        Connector.objects.filter(charger__location_id=row.location_id)
        .select_related("charger__presence")
        .order_by("charger__identity", "number")
    )
    owner = (row.party.country_code, row.party.party_id)
    tariffs = _tariff_ids(row.party, connectors, now)
    capabilities = _capabilities({one.charger_id for one in connectors})
    found = []
    for one in connectors:
        evse = evse_object(
            one,
            owner=owner,
            online=_is_online(one.charger),
            trading=may_trade(row.location.cpo),
            capabilities=capabilities.get(one.charger_id, _ALWAYS),
            tariff_ids=tariffs.get(one.pk, ()),
        )
        found.append(evse)
    return found


def _tariff_ids(
    party: Party, connectors: Sequence[Connector], now: datetime
) -> dict[int, tuple[str, ...]]:
    """By connector; one that sells nothing names none."""
    sold = effective_tariffs([Outlet(one.charger_id, one.pk) for one in connectors], at=now)
    wanted = {
        outlet.connector_pk: Wanted(tariff.template_id, _plain(tariff.pbjt_percent))
        for outlet, tariff in sold.items()
        if outlet.connector_pk is not None
    }
    ids = publish_tariffs(party, wanted.values(), now=now)
    return {pk: (ids[one],) for pk, one in wanted.items() if one in ids}


def _plain(percent: Decimal) -> Decimal:
    """Equal numbers of different scales are one key."""
    return percent.quantize(Decimal("0.0001"))


def _capabilities(charger_pks: set[int]) -> dict[int, tuple[str, ...]]:
    """By charger: what its SupportedFeatureProfiles say beside what every charger can."""
    rows = ConfigurationKey.objects.filter(
        charger_id__in=charger_pks, key__iexact="SupportedFeatureProfiles", known=True
    )
    found = {}
    for row in rows:
        words = {word.strip() for word in row.value.split(",")}
        extra = [name for profile, name in _BY_PROFILE.items() if profile in words]
        found[row.charger_id] = tuple(sorted([*_ALWAYS, *extra]))
    return found


def _is_online(charger: Charger) -> bool:
    presence = getattr(charger, "presence", None)
    return presence is not None and presence.online


def _add_row(location_pk: int) -> bool:
    location = Location.objects.filter(pk=location_pk).first()
    if location is None:
        return False
    party = Party.objects.filter(
        cpo_id=location.cpo_id, role=PartyRole.CPO, cpo__status=CPOStatus.VERIFIED
    ).first()
    if party is None:
        return False
    PublishedLocation.objects.get_or_create(location=location, defaults={"party": party})
    return True


def _add_rows() -> None:
    new = Location.objects.filter(
        published__isnull=True,
        cpo__ocpi_parties__role=PartyRole.CPO,
        cpo__status=CPOStatus.VERIFIED,
    )
    for pk in new.values_list("pk", flat=True):
        _add_row(pk)
