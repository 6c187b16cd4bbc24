"""Real-time authorisation of our drivers (OCPI 2.2.1 §12.2.2): a partner asks, we say yes or no.

The driver stands at the charger meanwhile: three short queries and one row.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _

from chargers.models import IdToken, IdTokenStatus
from ocpi.models import (
    Allowed,
    ContractStatus,
    GivenAuthorization,
    OwnToken,
    Partner,
    RoamingContract,
    TokenType,
)
from ocpi.selectors.debts import credits_of
from ocpi.selectors.parties import emsp_party_for
from ocpi.wire import codes, json
from ocpi.wire.reading import Reader
from unievp.lib import clock

_MOST_EVSES: Final = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where the driver stands, as far as the partner says."""

    location_id: str = ""
    evse_uids: tuple[str, ...] = ()


def authorize(partner: Partner, *, uid: str, type_: str, body: Any) -> dict[str, Any]:
    """AuthorizationInfo. Raises OcpiError: 404 and 2004 for an unknown token, 2001 for a field."""
    place = read_place(body)
    party = emsp_party_for(partner)
    token = (
        OwnToken.objects.select_related("contract__party", "id_token")
        .filter(contract__party=party, uid__iexact=uid, type=type_)
        .first()
    )
    if token is None or party is None:
        raise codes.not_found("Unknown token", codes.Code.UNKNOWN_TOKEN)
    now = clock.now()
    said = verdict(token, now)
    row = GivenAuthorization.objects.create(
        token=token,
        partner=partner,
        allowed=said,
        reference=str(uuid.uuid4()) if said == Allowed.ALLOWED else "",
        location_id=place.location_id,
        evse_uids=list(place.evse_uids),
        at=now,
    )
    return _info(row, place, body)


def verdict(token: OwnToken, now: datetime) -> Allowed:
    """What a partner is told of the token now; the card's own state counts, not what was pushed."""
    contract = token.contract
    if contract.status != ContractStatus.ACTIVE:
        return Allowed.BLOCKED
    if token.type != TokenType.APP_USER:
        said = _of_card(token.id_token, contract, now)
        if said != Allowed.ALLOWED:
            return said
    return Allowed.ALLOWED if has_credit(contract) else Allowed.NO_CREDIT


def has_credit(contract: RoamingContract) -> bool:
    """Whether the driver owes less than the contract allows."""
    (credit,) = credits_of([contract])
    return credit.has_credit


def forget_refusals() -> int:
    """Drop the noes with the log; a yes is named by a CDR. How many."""
    before = clock.now() - timedelta(days=settings.OCPI_LOG_DAYS)
    old = GivenAuthorization.objects.filter(at__lt=before).exclude(allowed=Allowed.ALLOWED)
    return old.delete()[0]


def read_place(body: Any) -> Place:
    """LocationReferences; a partner may leave them out. Raises OcpiError 2001."""
    if body is None:
        return Place()
    reader = Reader(body)
    uids = reader.raw.get("evse_uids") or []
    if not isinstance(uids, list) or len(uids) > _MOST_EVSES:
        raise reader.fault("evse_uids", f"a list of at most {_MOST_EVSES}, please")
    if not all(isinstance(uid, str) and 0 < len(uid) <= 36 for uid in uids):
        raise reader.fault("evse_uids", "texts of 1 to 36 characters, please")
    return Place(reader.code("location_id", 36), tuple(uids))


def _of_card(card: IdToken | None, contract: RoamingContract, now: datetime) -> Allowed:
    if card is None or card.driver_id != contract.driver_id:
        return Allowed.NOT_ALLOWED
    if card.status != IdTokenStatus.ACTIVE:
        return Allowed.BLOCKED
    if card.expires_at is not None and card.expires_at <= now:
        return Allowed.EXPIRED
    return Allowed.ALLOWED


def _info(row: GivenAuthorization, place: Place, body: Any) -> dict[str, Any]:
    info: dict[str, Any] = {"allowed": row.allowed, "token": json.Fragment(row.token.body)}
    if row.reference:
        info["authorization_reference"] = row.reference
        if body is not None:
            info["location"] = {
                "location_id": place.location_id,
                "evse_uids": list(place.evse_uids),
            }
    if row.allowed == Allowed.NO_CREDIT:
        text = _("Pay what is open, please.")
        info["info"] = {"language": "en", "text": text}
    return info
