"""What another platform offers: its versions, and the modules of the one we both speak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from ocpi.models import InterfaceRole
from ocpi.objects.editions import VERSIONS
from ocpi.services.calling.client import Call, CallError, Peer, call
from ocpi.wire.codes import Code, OcpiError
from ocpi.wire.reading import Reader
from unievp.lib.errors import InvalidError
from unievp.lib.targets import check_url


@dataclass(frozen=True, slots=True)
class Endpoint:
    identifier: str
    role: str
    url: str


@dataclass(frozen=True, slots=True)
class Offer:
    version: str
    endpoints: tuple[Endpoint, ...]

    def url_of(self, identifier: str) -> str | None:
        found = (one.url for one in self.endpoints if one.identifier == identifier)
        return next(found, None)


def discover(peer: Peer, versions_url: str, versions: Sequence[str] = VERSIONS) -> Offer:
    """The first of `versions` that they speak; two requests.

    Raises OcpiError: 3001 it cannot be called, 3002 it speaks none of them, 3003 it has no
    credentials module.
    """
    listed = _ask(peer, versions_url)
    known: dict[str, str] = {
        str(one.get("version")): one["url"]
        for one in listed
        if isinstance(one, dict) and isinstance(one.get("url"), str)
    }
    version = next((one for one in versions if one in known), None)
    if version is None:
        raise OcpiError(
            Code.UNSUPPORTED_VERSION,
            f"We speak OCPI {' and '.join(versions)}; yours: {', '.join(sorted(known)) or 'none'}",
        )
    details = Reader(_ask(peer, known[version]))
    endpoints = tuple(_read(reader) for reader in details.each("endpoints"))
    offer = Offer(version, tuple({(one.identifier, one.role): one for one in endpoints}.values()))
    if offer.url_of("credentials") is None:
        raise OcpiError(Code.NO_ENDPOINTS, "Your version details name no credentials module")
    return offer


def _ask(peer: Peer, url: str) -> Any:
    try:
        data = call(peer, Call("GET", url, module="versions")).data
    except CallError as error:
        raise OcpiError(Code.CANNOT_CALL_BACK, f"GET {url}: {error}") from error
    if not isinstance(data, dict | list):
        raise OcpiError(Code.CANNOT_CALL_BACK, f"GET {url}: no data")
    return data


def _read(reader: Reader) -> Endpoint:
    url = reader.url("url")
    try:
        check_url(url, allow_loopback=settings.OCPI_ALLOW_LOOPBACK)
    except InvalidError as error:
        raise OcpiError(Code.NO_ENDPOINTS, f"{url}: {error}") from error
    role = reader.raw.get("role") or InterfaceRole.SENDER
    if role not in InterfaceRole.values:
        raise reader.fault("role", "SENDER or RECEIVER, please")
    return Endpoint(reader.code("identifier", 64).lower(), role, url)
