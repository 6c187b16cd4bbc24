"""What a partner is sent of an object: as it is now, or what differs from what the partner has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chargers.models import SessionStatus
from ocpi.models import (
    Cdr,
    OwnToken,
    PartnerEndpoint,
    PartnerStatus,
    Party,
    PartyRole,
    PublishedLocation,
    PublishedTariff,
    Push,
    RoamingSession,
)
from ocpi.objects.editions import told
from ocpi.objects.tokens import token_type_of
from ocpi.services.calling.client import Call, below, routing
from ocpi.services.hubs import is_away
from ocpi.services.profiles.active import profile_text
from ocpi.services.pushing.marking import listening_side
from ocpi.wire import json

# Beyond that one PUT is less than its patches.
_MOST_PATCHES: Final = 8


@dataclass(frozen=True, slots=True)
class Parcel:
    """Calls in order, `fallback` where a patch met nothing; `known`: what they have then."""

    calls: tuple[Call, ...]
    known: str = ""
    fallback: Call | None = None


def compose(push: Push) -> Parcel | None:
    """None where there is nothing to send any more. Reads rows, calls nobody."""
    url = (
        PartnerEndpoint.objects.filter(
            partner=push.partner_id,
            # Somebody may have ended or paused the connection since the line began.
            partner__status=PartnerStatus.REGISTERED,
            identifier=push.module,
            role=listening_side(push.module),
        )
        .values_list("url", flat=True)
        .first()
    )
    return None if url is None else _COMPOSERS[push.module](push, url)


def _location(push: Push, url: str) -> Parcel | None:
    row = (
        PublishedLocation.objects.select_related("party")
        .filter(location_id=int(push.object_id[1:]))
        .exclude(body="")
        .first()
    )
    if row is None:
        return None
    heads = _to_everybody(push, row.party)
    address = below(url, row.party.country_code, row.party.party_id, push.object_id)
    whole = Call("PUT", address, "locations", json.Fragment(row.body), heads)
    patches = _status_changes(push.known, row.body)
    if patches is None:
        return Parcel((whole,), row.body)
    calls = tuple(
        Call("PATCH", below(address, uid), "locations", patch, heads)
        for uid, patch in patches.items()
    )
    return Parcel(calls, row.body, fallback=whole)


def _status_changes(known: str, body: str) -> Mapping[str, dict[str, Any]] | None:
    """EVSE uid → patch where nothing but statuses moved; None where the whole must be sent."""
    if not known:
        return None
    old, new = json.loads(known), json.loads(body)
    if _frame(old) != _frame(new):
        return None
    before = {one["uid"]: one for one in old["evses"]}
    changed = {
        one["uid"]: {"status": one["status"], "last_updated": one["last_updated"]}
        for one in new["evses"]
        if one != before[one["uid"]]
    }
    return changed if len(changed) <= _MOST_PATCHES else None


def _frame(location: Mapping[str, Any]) -> dict[str, Any]:
    """Everything but the statuses of EVSEs and the times that follow them."""
    moving = {"status", "last_updated"}
    evses = [
        {name: value for name, value in one.items() if name not in moving}
        for one in location["evses"]
    ]
    return {**{n: v for n, v in location.items() if n != "last_updated"}, "evses": evses}


def _tariff(push: Push, url: str) -> Parcel | None:
    row = PublishedTariff.objects.select_related("party").filter(ocpi_id=push.object_id).first()
    if row is None:
        return None
    heads = _to_everybody(push, row.party)
    address = below(url, row.party.country_code, row.party.party_id, row.ocpi_id)
    if row.removed_at is None:
        return Parcel((Call("PUT", address, "tariffs", _told(push, row), heads),), row.body)
    if not push.known:
        return None
    return Parcel((Call("DELETE", address, "tariffs", routing=heads),))


def _session(push: Push, url: str) -> Parcel | None:
    row = (
        RoamingSession.objects.select_related("our_party")
        .filter(ocpi_id=push.object_id, partner_id=push.partner_id)
        .first()
    )
    if row is None:
        return None
    if is_away(push.partner_id, row.country_code, row.party_id):
        return None
    party = row.our_party
    heads = routing(party, row.country_code, row.party_id)
    address = below(url, party.country_code, party.party_id, row.ocpi_id)
    return Parcel((Call("PUT", address, "sessions", _told(push, row), heads),))


def _cdr(push: Push, url: str) -> Parcel | None:
    row = (
        Cdr.objects.select_related("roaming_session__our_party")
        .filter(ocpi_id=push.object_id, partner_id=push.partner_id)
        .first()
    )
    if row is None:
        return None
    session = row.roaming_session
    if is_away(push.partner_id, session.country_code, session.party_id):
        return None
    heads = routing(session.our_party, session.country_code, session.party_id)
    return Parcel((Call("POST", url, "cdrs", _told(push, row), heads),))


def _token(push: Push, url: str) -> Parcel | None:
    kind, _slash, uid = push.object_id.partition("/")
    row = OwnToken.objects.select_related("contract__party").filter(type=kind, uid=uid).first()
    if row is None:
        return None
    party = row.contract.party
    heads = _to_everybody(push, party, PartyRole.CPO)
    address = f"{below(url, party.country_code, party.party_id, uid)}?type={kind}"
    return Parcel((Call("PUT", address, "tokens", json.Fragment(row.body), heads),), row.body)


def _profile(push: Push, url: str) -> Parcel | None:
    row = (
        RoamingSession.objects.select_related("our_party", "session__charger", "session__connector")
        .filter(ocpi_id=push.object_id, partner_id=push.partner_id)
        .first()
    )
    if row is None or row.session is None or row.session.status == SessionStatus.ENDED:
        return None
    body = profile_text(row)
    if is_away(push.partner_id, row.country_code, row.party_id):
        return None
    heads = routing(row.our_party, row.country_code, row.party_id)
    call = Call("PUT", below(url, row.ocpi_id), "chargingprofiles", json.Fragment(body), heads)
    return Parcel((call,), body)


def _told(push: Push, row: PublishedTariff | RoamingSession | Cdr) -> json.Fragment:
    return told(push.module, row.body, push.partner.version, token_type=token_type_of(row))


def _to_everybody(push: Push, ours: Party, role: PartyRole = PartyRole.EMSP) -> dict[str, str]:
    """What is meant for all goes to the partner's hub party, else to one in `role`, else any."""
    order = (PartyRole.HUB, role)
    theirs = sorted(
        push.partner.parties.all(), key=lambda one: (*(one.role != wish for wish in order), one.pk)
    )
    if not theirs:
        return {}
    return routing(ours, theirs[0].country_code, theirs[0].party_id)


_COMPOSERS: Final = {
    "locations": _location,
    "tariffs": _tariff,
    "sessions": _session,
    "cdrs": _cdr,
    "tokens": _token,
    "chargingprofiles": _profile,
}
