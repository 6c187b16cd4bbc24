"""Calling a partner from synchronous code: send, log, judge. Never with a transaction open."""

from __future__ import annotations

from urllib.parse import quote

from asgiref.sync import async_to_sync
from django.db import transaction

from ocpi.models import InterfaceRole, Partner, PartnerEndpoint, Party
from ocpi.services.calling.log import log_reply
from ocpi.services.calling.transport import Call, CallError, Peer, Reply, send

__all__ = [
    "Call",
    "CallError",
    "Peer",
    "Reply",
    "below",
    "call",
    "call_partner",
    "endpoint_of",
    "routing",
    "try_call",
]


def call(peer: Peer, request: Call) -> Reply:
    """Send and log. Raises CallError unless the partner said success."""
    return try_call(peer, request).checked()


def try_call(peer: Peer, request: Call) -> Reply:
    """Send and log; a failure is in the reply."""
    # A partner that takes its time must hold no lock of ours: RuntimeError inside a transaction.
    with transaction.atomic(durable=True):
        pass
    reply = async_to_sync(send)(peer, request)
    log_reply(peer.partner_id, reply)
    return reply


def call_partner(partner: Partner, request: Call) -> Reply:
    return call(Peer.of(partner), request)


def endpoint_of(partner: Partner, identifier: str, role: InterfaceRole | None = None) -> str:
    """Where the partner serves a module; without `role` on either side (credentials: peers differ).

    Raises CallError where it does not.
    """
    found = PartnerEndpoint.objects.filter(partner=partner, identifier=identifier)
    if role is not None:
        found = found.filter(role=role)
    url = found.values_list("url", flat=True).first()
    if url is None:
        message = f"{partner} offers no {identifier} ({role or 'any role'})"
        raise CallError(message)
    return url


def below(url: str, *parts: str) -> str:
    """`url` with path segments behind it, exactly one slash between."""
    return "/".join([url.rstrip("/"), *(quote(part, safe="*") for part in parts)])


def routing(ours: Party, country_code: str, party_id: str) -> dict[str, str]:
    """Headers of functional modules: from a party of ours to one of theirs."""
    return {
        "OCPI-from-country-code": ours.country_code,
        "OCPI-from-party-id": ours.party_id,
        "OCPI-to-country-code": country_code,
        "OCPI-to-party-id": party_id,
    }
