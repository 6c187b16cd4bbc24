"""Addresses that strangers name for us to call: only such as anybody in the world may call.

Without this a tenant could read what only our own machines reach: a cloud's metadata, an admin
page on loopback (server-side request forgery). The name is resolved once, every address that it
has is checked, and the connection goes to a checked address, so an answer that changes between
the check and the call (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext as _

from unievp.lib.errors import InvalidError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_LONGEST = 500
# IPv4 inside IPv6 (RFC 6052 §2.1): a translator on the way would unpack it.
_NAT64: Final = (
    ipaddress.IPv6Network("64:ff9b::/96"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
)
_RESOLVE_S: Final = 5.0


class RefusedTargetError(Exception):
    """A name that has no address, or one that nobody outside may call."""


def check_url(url: str, *, allow_loopback: bool, field: str = "url") -> str:
    """`url` as it is called: https to a public host; http to loopback where that is allowed.

    Raises InvalidError. What a name resolves to is checked at each call (`resolve`).
    """
    parts = _split(url.strip(), field)
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None:
        raise InvalidError(_("An address without a name and password, please."), field=field)
    if parts.fragment:
        raise InvalidError(_("An address without “#”, please."), field=field)
    loopback = allow_loopback and _is_loopback_name(host)
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        raise InvalidError(_("The address has to begin with https://."), field=field)
    if not loopback and not _may_be_public(host):
        raise InvalidError(_("This address cannot be reached from the internet."), field=field)
    return parts.geturl()


async def resolve(host: str, port: int, *, allow_loopback: bool) -> list[str]:
    """The addresses of `host`, each fit to be called. Raises RefusedTargetError.

    One bad address refuses the name: who mixes public and private ones tries something.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_RESOLVE_S):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as error:
        message = f"{host} has no address"
        raise RefusedTargetError(message) from error
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    for address in addresses:
        if not is_callable(address, allow_loopback=allow_loopback):
            message = f"{host} is not a public address"
            raise RefusedTargetError(message)
    return addresses


def is_callable(text: str, *, allow_loopback: bool = False) -> bool:
    """Whether an address literal is public, also where an IPv4 address hides in an IPv6 one."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    inner = _unwrapped(address)
    if allow_loopback and inner.is_loopback:
        return True
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


def _unwrapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo or address.scope_id:
        # Nobody's receiver lives there: as good as private.
        return ipaddress.IPv6Address("::")
    if any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _split(url: str, field: str) -> SplitResult:
    plain = len(url) <= _LONGEST and url.isascii() and url.isprintable() and " " not in url
    try:
        parts = urlsplit(url)
        usable = plain and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise InvalidError(_("This is no address of the web."), field=field)
    return parts


def _is_loopback_name(host: str) -> bool:
    return host == "localhost" or is_loopback(host)


def is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def _may_be_public(host: str) -> bool:
    """What can be said without asking for its addresses."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        name = host.rstrip(".").lower()
        # "127.1" and "0x7f000001" are addresses for some resolvers.
        last = name.rpartition(".")[2]
        local = name == "localhost" or last in {"localhost", "local", "internal"}
        return "." in name and not local and not last[:1].isdigit()
    return is_callable(host)
