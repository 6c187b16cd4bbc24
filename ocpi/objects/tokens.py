"""Tokens (OCPI 2.2.1 §12.3.2): those that partners send, checked, and our drivers'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Model

from ocpi.models import Cdr, OwnToken, RoamingSession, TokenType, Whitelist
from ocpi.objects.editions import OLDER
from ocpi.wire.codes import invalid
from ocpi.wire.json import without_none
from ocpi.wire.reading import Reader

LONGEST_TYPE: Final = 36


@dataclass(frozen=True, slots=True)
class TokenFields:
    country_code: str
    party_id: str
    uid: str
    type: str
    contract_id: str
    visual_number: str
    issuer: str
    group_id: str
    valid: bool
    whitelist: str
    last_updated: datetime


def read_token(reader: Reader, version: str = OLDER) -> TokenFields:
    """Raises OcpiError 2001, naming the field. `version` is the sender's."""
    return TokenFields(
        country_code=reader.code("country_code", 2).upper(),
        party_id=reader.code("party_id", 3).upper(),
        uid=reader.code("uid", 36),
        type=check_type(reader.code("type", LONGEST_TYPE), version),
        contract_id=reader.code("contract_id", 36),
        visual_number=reader.optional_text("visual_number", 64),
        issuer=reader.text("issuer", 64),
        group_id=reader.optional_code("group_id", 36),
        valid=reader.boolean("valid"),
        whitelist=reader.choice("whitelist", Whitelist.values),
        last_updated=reader.moment("last_updated"),
    )


def check_type(kind: str, version: str) -> str:
    """Itself. Raises OcpiError 2001 for one that `version` does not know: since OCPI 2.3.0 the list
    is open (§13: EMAID, and whatever comes).
    """
    if version == OLDER and kind not in TokenType.values:
        raise invalid(f"type: one of {', '.join(TokenType.values)}, please")
    if not 0 < len(kind) <= LONGEST_TYPE:
        raise invalid(f"type: 1 to {LONGEST_TYPE} characters, please")
    return kind


def token_columns(of: Any) -> dict[str, str]:
    """Whose token it is, in the partner's own words, of whatever carries it."""
    return {
        "country_code": of.country_code,
        "party_id": of.party_id,
        "uid": of.uid,
        "type": of.type,
        "contract_id": of.contract_id,
    }


def cdr_token(of: Any) -> Mapping[str, str]:
    """The CdrToken of 2.2.1, which calls a type that it does not know OTHER."""
    known = of.type if of.type in TokenType.values else TokenType.OTHER.value
    return {**token_columns(of), "type": known}


def token_type_of(row: Model) -> str:
    """Of a session or CDR, as its partner told it; "" for what has no token."""
    if isinstance(row, Cdr):
        row = row.roaming_session
    return row.type if isinstance(row, RoamingSession) else ""


def token_object(
    token: OwnToken, *, issuer: str, group_id: str, language: str, last_updated: datetime
) -> dict[str, Any]:
    """A token of our driver (OCPI 2.2.1 §12.3.2). Tokens of one contract may stop each other's
    sessions, hence the group.
    """
    contract = token.contract
    return without_none(
        {
            "country_code": contract.party.country_code,
            "party_id": contract.party.party_id,
            "uid": token.uid,
            "type": token.type,
            "contract_id": contract.contract_id,
            "issuer": issuer[:64],
            "group_id": group_id,
            "valid": token.valid,
            "whitelist": token.whitelist,
            "language": language[:2].lower() or None,
            "last_updated": last_updated,
        }
    )
