"""By which door a connection came, and what a proxy in front of it vouches for.

Each listener of the ocpp process has an application of its own, so nothing that a client sends can
move it to another one. Only the TLS listeners believe what nginx says of the peer; they listen on
loopback (or where OCPP_TLS_BIND says) and no charger reaches them but through nginx.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.x509.oid import NameOID

from chargers.ocpp.frames import clean_text

_KEY: Final = "uniev.listener"
# Set by deploy/nginx.conf; whatever a client sends under these names is replaced there.
VERIFY_HEADER: Final = b"x-client-verify"
CERTIFICATE_HEADER: Final = b"x-client-certificate"
ADDRESS_HEADER: Final = b"x-client-address"


class Listener(StrEnum):
    PLAIN = "plain"
    TLS = "tls"
    MTLS = "mtls"


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """Of a certificate that nginx has verified against our authority. `serial` as in the rows."""

    serial: str
    common_names: tuple[str, ...]
    organisations: tuple[str, ...]


def behind(application: Callable[..., Awaitable[None]], listener: Listener) -> Any:
    """`application` as served by `listener`."""

    async def served(scope: Any, receive: Any, send: Any) -> None:
        await application({**scope, _KEY: listener}, receive, send)

    return served


def listener_of(scope: dict[str, Any]) -> Listener:
    return Listener(scope.get(_KEY, Listener.PLAIN))


def address_of(scope: dict[str, Any]) -> str:
    """The charger's own address; from a header only where nginx has set it."""
    if listener_of(scope) != Listener.PLAIN:
        told = _only(scope, ADDRESS_HEADER)
        if told:
            return clean_text(told.decode("latin-1"))[:64]
    client = scope.get("client")
    return str(client[0]) if client else ""


def certificate_of(scope: dict[str, Any]) -> ClientCertificate | None:
    """The verified client certificate; None anywhere but on the mTLS listener."""
    if listener_of(scope) != Listener.MTLS or _only(scope, VERIFY_HEADER) != b"SUCCESS":
        return None
    try:
        pem = unquote_to_bytes(_only(scope, CERTIFICATE_HEADER) or b"")
        certificate = x509.load_pem_x509_certificate(pem)
        subject = certificate.subject
        return ClientCertificate(
            serial=f"{certificate.serial_number:x}",
            common_names=_names(subject, NameOID.COMMON_NAME),
            organisations=_names(subject, NameOID.ORGANIZATION_NAME),
        )
    except ValueError:
        return None


def _names(subject: x509.Name, oid: x509.ObjectIdentifier) -> tuple[str, ...]:
    return tuple(str(item.value) for item in subject.get_attributes_for_oid(oid))


def _only(scope: dict[str, Any], name: bytes) -> bytes | None:
    """The header's value if it came exactly once."""
    values = [value for key, value in scope["headers"] if key == name]
    return bytes(values[0]) if len(values) == 1 else None
