"""Who is behind a hub, as the hub tells and lists it (OCPI 2.2.1 §15)."""

from __future__ import annotations

import logging
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from ocpi.models import (
    ConnectionStatus,
    HubClient,
    InterfaceRole,
    Partner,
    PartnerStatus,
    PartyRole,
)
from ocpi.services.calling.client import CallError
from ocpi.services.calling.pages import pull
from ocpi.wire.codes import Code, OcpiError, not_found
from ocpi.wire.reading import Reader
from unievp.lib import clock

logger = logging.getLogger(__name__)

# The specification's own example has the second (§15, trap 8).
MODULES: Final = ("hubclientinfo", "clientinfo")


def put_client(partner: Partner, country_code: str, party_id: str, body: Any) -> bool:
    """Keep a ClientInfo; whether it is new. An older one than is known changes nothing.

    Raises OcpiError: 2001 for a field, 2000 for a partner that is no hub.
    """
    if not is_hub(partner):
        raise OcpiError(Code.CLIENT_ERROR, "Only a hub tells who is behind it")
    reader = Reader(body)
    for name, there in (("country_code", country_code), ("party_id", party_id)):
        if reader.code(name, 3).upper() != there.upper():
            raise reader.fault(name, "another one than in the address")
    return _keep(partner, reader)


def find_client(partner: Partner, country_code: str, party_id: str) -> HubClient:
    """Raises OcpiError (404)."""
    found = _named(partner, country_code, party_id).first()
    if found is None:
        raise not_found("Nobody of this name is behind you", Code.CLIENT_ERROR)
    return found


def client_info(row: HubClient) -> dict[str, Any]:
    return {
        "party_id": row.party_id,
        "country_code": row.country_code,
        "role": row.role,
        "status": row.status,
        "last_updated": row.last_updated,
    }


def is_hub(partner: Partner) -> bool:
    return partner.parties.filter(role=PartyRole.HUB).exists()


def is_away(partner_id: int, country_code: str, party_id: str) -> bool:
    """Behind a hub that says it does not reach them: nothing is sent, they fetch it later."""
    rows = HubClient.objects.filter(
        partner=partner_id, country_code__iexact=country_code, party_id__iexact=party_id
    )
    statuses = set(rows.values_list("status", flat=True))
    return bool(statuses) and ConnectionStatus.CONNECTED not in statuses


def pull_clients(partner_ids: list[int] | None = None) -> int:
    """Read the lists of all hubs (or of these partners); how many parties."""
    found = hubs() if partner_ids is None else hubs().filter(pk__in=partner_ids)
    return sum(_pull(hub) for hub in found)


def hubs() -> QuerySet[Partner]:
    return Partner.objects.filter(
        status=PartnerStatus.REGISTERED, parties__role=PartyRole.HUB
    ).distinct()


def _pull(hub: Partner) -> int:
    """One hub's fault is its own; what cannot be read is left out."""
    endpoint = hub.endpoints.filter(identifier__in=MODULES, role=InterfaceRole.SENDER).first()
    if endpoint is None:
        return 0
    count = 0
    try:
        for each in pull(hub, endpoint.url, module="hubclientinfo"):
            try:
                _keep(hub, Reader(each))
                count += 1
            except OcpiError as error:
                logger.warning("Hub %d lists what is no ClientInfo: %s", hub.pk, error.message)
    except CallError as error:
        logger.info("The list of hub %d broke off: %s", hub.pk, error)
    return count


def _keep(hub: Partner, reader: Reader) -> bool:
    country_code, party_id = reader.code("country_code", 2), reader.code("party_id", 3)
    role = reader.choice("role", PartyRole.values)
    status = reader.choice("status", ConnectionStatus.values)
    # Hubs are known that leave the time out, as the specification's example does.
    at = reader.moment("last_updated") if reader.has("last_updated") else clock.now()
    with transaction.atomic():
        # Told and listed at the same moment: the second one finds the first.
        Partner.objects.select_for_update(of=("self",), no_key=True).get(pk=hub.pk)
        known = _named(hub, country_code, party_id).filter(role=role).select_for_update().first()
        if known is None:
            HubClient.objects.create(
                partner=hub,
                country_code=country_code.upper(),
                party_id=party_id.upper(),
                role=role,
                status=status,
                last_updated=at,
            )
            return True
        if known.last_updated <= at:
            known.status, known.last_updated = status, at
            known.save(update_fields=["status", "last_updated"])
    return False


def _named(partner: Partner, country_code: str, party_id: str) -> QuerySet[HubClient]:
    return HubClient.objects.filter(
        partner=partner, country_code__iexact=country_code, party_id__iexact=party_id
    ).order_by("pk")
