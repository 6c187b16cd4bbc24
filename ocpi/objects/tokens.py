"""Tokens (OCPI 2.2.1 §12.3.2): those that partners send, checked, and our drivers'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ocpi.models import OwnToken, TokenType, Whitelist
from ocpi.wire.json import without_none
from ocpi.wire.reading import Reader


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


def read_token(reader: Reader) -> TokenFields:
    """Raises OcpiError 2001, naming the field."""
    return TokenFields(
        country_code=reader.code("country_code", 2).upper(),
        party_id=reader.code("party_id", 3).upper(),
        uid=reader.code("uid", 36),
        type=reader.choice("type", TokenType.values),
        contract_id=reader.code("contract_id", 36),
        visual_number=reader.optional_text("visual_number", 64),
        issuer=reader.text("issuer", 64),
        group_id=reader.optional_code("group_id", 36),
        valid=reader.boolean("valid"),
        whitelist=reader.choice("whitelist", Whitelist.values),
        last_updated=reader.moment("last_updated"),
    )


def cdr_token(of: Any) -> Mapping[str, str]:
    """The CdrToken of whatever carries its columns: the partner's own words."""
    return {
        "country_code": of.country_code,
        "party_id": of.party_id,
        "uid": of.uid,
        "type": of.type,
        "contract_id": of.contract_id,
    }


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
