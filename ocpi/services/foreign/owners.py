"""Whose an object of another operator may be, and which token of ours it is about."""

from __future__ import annotations

from typing import Any

from ocpi.models import OwnToken, Partner, PartnerParty, Party, PartyRole
from ocpi.objects.foreign.sessions import TokenUsed
from ocpi.wire import json
from ocpi.wire.codes import Code, OcpiError
from ocpi.wire.reading import Reader


def check_operator(partner: Partner, country_code: str, party_id: str) -> None:
    """Raises OcpiError unless `partner` may speak for this operator: one of its own parties, or
    for a hub one that nobody is connected as, and never one of ours.
    """
    name = f"{country_code.upper()}-{party_id.upper()}"
    party = {"country_code__iexact": country_code, "party_id__iexact": party_id}
    if Party.objects.filter(role=PartyRole.CPO, **party).exists():
        raise OcpiError(Code.INVALID, f"{name} is ours", http=404)
    if partner.parties.filter(role=PartyRole.CPO, **party).exists():
        return
    others = PartnerParty.objects.filter(role=PartyRole.CPO, **party).exclude(partner=partner)
    if partner.parties.filter(role=PartyRole.HUB).exists() and not others.exists():
        return
    raise OcpiError(Code.INVALID, f"{name} is none of your parties", http=404)


def token_used(token: TokenUsed) -> OwnToken | None:
    """Ours; found by its contract where an operator tells another uid."""
    rows = OwnToken.objects.select_related("contract__driver")
    found = rows.filter(uid__iexact=token.uid, type=token.type).first()
    if found is None and token.contract_id:
        found = rows.filter(contract__contract_id__iexact=token.contract_id).order_by("pk").first()
    return found


def stored(reader: Reader) -> str:
    """The object as text, as it came; what is null is absent."""
    return json.dumps(json.without_none(reader.raw)).decode()


def owned(partner: Partner, country_code: str, party_id: str, ocpi_id: str) -> dict[str, Any]:
    """The filter for one object of a partner's party; OCPI's ids know no case."""
    return {
        "partner": partner,
        "country_code__iexact": country_code,
        "party_id__iexact": party_id,
        "ocpi_id__iexact": ocpi_id,
    }
