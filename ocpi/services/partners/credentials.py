"""The credentials object (OCPI 2.2.1 §7.3): ours as a partner is told it, theirs as we read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ocpi.addresses import versions_url
from ocpi.models import Partner, Party, PartyRole
from ocpi.objects.editions import NEWER, OLDER
from ocpi.selectors.parties import parties_for
from ocpi.wire.codes import Code, OcpiError, invalid
from ocpi.wire.json import without_none
from ocpi.wire.reading import Reader
from ocpi.wire.tokens import is_token

# A hub of 2.3.0 lists whom it reaches.
_MOST_ROLES: Final = 1000


@dataclass(frozen=True, slots=True)
class TheirParty:
    role: str
    country_code: str
    party_id: str
    name: str
    website: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    token: str
    url: str
    parties: tuple[TheirParty, ...]


def our_credentials(partner: Partner, token: str, version: str = OLDER) -> dict[str, Any]:
    """What `partner` is told of us; `token` is what it shall call us with, or does already.

    Raises OcpiError 3000 where it may know nobody of us.
    """
    parties = list(parties_for(partner))
    told: dict[str, Any] = {"token": token, "url": versions_url()}
    if version == NEWER:
        # A hub is no role since 2.3.0: it names itself beside those that it reaches.
        hub = next((one for one in parties if one.role == PartyRole.HUB), None)
        parties = [one for one in parties if one.role != PartyRole.HUB]
        if hub is not None:
            told["hub_party_id"] = f"{hub.country_code}{hub.party_id}"
    if not parties:
        raise OcpiError(Code.SERVER_ERROR, "There is no company here that you could deal with yet")
    return {**told, "roles": [_role(party) for party in parties]}


def _role(party: Party) -> dict[str, Any]:
    logo = {"url": party.logo_url, "category": "OPERATOR", "type": _kind(party.logo_url)}
    return {
        "role": party.role,
        "country_code": party.country_code,
        "party_id": party.party_id,
        "business_details": without_none(
            {
                "name": party.name,
                "website": party.website or None,
                "logo": logo if party.logo_url else None,
            }
        ),
    }


def _kind(url: str) -> str:
    ending = url.rpartition(".")[2].lower()
    return {"jpg": "jpeg"}.get(ending, ending if len(ending) <= 4 and ending.isalnum() else "png")


def read_credentials(body: Any) -> Credentials:
    """Raises OcpiError 2001, naming the field."""
    reader = Reader(body)
    token = reader.text("token", 64)
    if not is_token(token):
        raise invalid("token: 1 to 64 characters from ! to ~, please")
    roles = reader.each("roles")
    if not 0 < len(roles) <= _MOST_ROLES:
        raise invalid(f"roles: one to {_MOST_ROLES}, please")
    parties = (*(_read_role(role) for role in roles), *_hub(reader))
    named = [(one.role, one.country_code, one.party_id) for one in parties]
    if len(set(named)) != len(named):
        raise invalid("roles: one of them stands there twice")
    return Credentials(token, reader.url("url"), parties)


def _hub(reader: Reader) -> list[TheirParty]:
    """In OCPI 2.3.0 a hub is no role: it names its own party beside those that it reaches."""
    if not reader.has("hub_party_id"):
        return []
    named = reader.code("hub_party_id", 5).upper()
    if len(named) != 5:
        raise reader.fault("hub_party_id", "two characters of the country and three, please")
    return [TheirParty(PartyRole.HUB, named[:2], named[2:], named)]


def _read_role(reader: Reader) -> TheirParty:
    details = reader.inner("business_details")
    return TheirParty(
        role=reader.choice("role", PartyRole.values),
        country_code=reader.code("country_code", 2).upper(),
        party_id=reader.code("party_id", 3).upper(),
        name=details.text("name", 100),
        website=details.optional_text("website", 255),
    )
