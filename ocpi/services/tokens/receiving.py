"""Tokens that a partner pushes, or that we fetch (OCPI 2.2.1 §12.2)."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from ocpi.models import Partner, PartnerParty, PartnerStatus, Party, RoamingToken
from ocpi.objects.editions import OLDER
from ocpi.objects.tokens import TokenFields, check_type, read_token
from ocpi.services.tokens.tags import follow_token
from ocpi.wire import json
from ocpi.wire.codes import Code, OcpiError, invalid, not_found
from ocpi.wire.reading import Reader
from unievp.lib import clock

_EMSP_ROLES = ("EMSP", "HUB", "NSP", "OTHER", "SCSP")


def put_token(
    partner: Partner,
    *,
    country_code: str,
    party_id: str,
    uid: str,
    type_: str,
    body: Any,
    version: str = OLDER,
) -> bool:
    """Store it as it is; whether it is new. An older one than we have changes nothing.

    Raises OcpiError 2001: a field, a body that is not the address's, a party of somebody else.
    """
    fields = read_token(Reader(body), version)
    named = (country_code.upper(), party_id.upper(), uid.upper(), type_)
    told = (fields.country_code, fields.party_id, fields.uid.upper(), fields.type)
    for name, in_address, in_body in zip(
        ("country_code", "party_id", "uid", "type"), named, told, strict=True
    ):
        if in_address != in_body:
            raise invalid(f"{name}: {in_address} in the address, {in_body} in the body")
    check_owner(partner, fields.country_code, fields.party_id)
    with transaction.atomic():
        _lock_connection(partner)
        return _store(partner, fields, body)


def patch_token(partner: Partner, token: RoamingToken, body: Any, *, version: str = OLDER) -> None:
    """Only what is given changes; `last_updated` must be. Raises OcpiError 2001."""
    reader = Reader(body)
    reader.moment("last_updated")
    with transaction.atomic():
        _lock_connection(partner)
        locked = RoamingToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
        merged = {**json.loads(locked.body), **reader.raw}
        put_token(
            partner,
            country_code=token.country_code,
            party_id=token.party_id,
            uid=token.uid,
            type_=token.type,
            body=merged,
            version=version,
        )


def find_token(
    partner: Partner,
    *,
    country_code: str,
    party_id: str,
    uid: str,
    type_: str,
    version: str = OLDER,
) -> RoamingToken:
    """Raises OcpiError: 404 and 2004."""
    check_type(type_, version)
    found = RoamingToken.objects.filter(
        partner=partner,
        country_code__iexact=country_code,
        party_id__iexact=party_id,
        uid__iexact=uid,
        type=type_,
    ).first()
    if found is None:
        raise not_found("Unknown token", Code.UNKNOWN_TOKEN)
    return found


def check_owner(partner: Partner, country_code: str, party_id: str) -> None:
    """Raises OcpiError unless the party is one of the partner's roles, or it is a hub; never is it
    one of ours, whose tokens we know ourselves.
    """
    ours = Party.objects.filter(country_code=country_code.upper(), party_id=party_id.upper())
    if ours.filter(role__in=_EMSP_ROLES).exists():
        raise OcpiError(Code.INVALID, f"{country_code}-{party_id} is ours", http=404)
    named = {"country_code__iexact": country_code, "party_id__iexact": party_id}
    if partner.parties.filter(role__in=_EMSP_ROLES, **named).exists():
        return
    # A hub speaks for whoever is not connected otherwise.
    others = PartnerParty.objects.filter(role__in=_EMSP_ROLES, **named)
    if others.exists() or not partner.parties.filter(role="HUB").exists():
        raise OcpiError(
            Code.INVALID, f"{country_code}-{party_id} is none of your parties", http=404
        )


def _lock_connection(partner: Partner) -> None:
    """Raises OcpiError where the partner left or was paused meanwhile: its tokens are void then,
    and a list that is still being read must not bring them back.
    """
    row = Partner.objects.select_for_update(of=("self",), no_key=True).get(pk=partner.pk)
    if row.status != PartnerStatus.REGISTERED:
        raise OcpiError(Code.CLIENT_ERROR, "This connection is paused or over", http=403)


def _store(partner: Partner, fields: TokenFields, body: Any) -> bool:
    known = RoamingToken.objects.select_for_update(of=("self",)).filter(
        partner=partner,
        country_code__iexact=fields.country_code,
        party_id__iexact=fields.party_id,
        uid__iexact=fields.uid,
        type=fields.type,
    )
    row = known.first()
    if row is not None and row.last_updated > fields.last_updated:
        return False
    is_new = row is None
    row = row or RoamingToken(
        partner=partner,
        country_code=fields.country_code,
        party_id=fields.party_id,
        uid=fields.uid,
        type=fields.type,
    )
    for name in (
        "contract_id",
        "visual_number",
        "issuer",
        "group_id",
        "valid",
        "whitelist",
        "last_updated",
    ):
        setattr(row, name, getattr(fields, name))
    plain = Reader(body).raw
    row.body = json.dumps(
        {name: value for name, value in plain.items() if value is not None}
    ).decode()
    row.received_at = clock.now()
    row.save()
    follow_token(row)
    return is_new
