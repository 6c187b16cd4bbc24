"""Which gateway a configuration means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import httpx

from payments.gateways.base import Credentials, Gateway, Method
from payments.gateways.midtrans import Midtrans
from payments.gateways.xendit import Xendit

GATEWAYS: Final[Mapping[str, Callable[..., Gateway]]] = MappingProxyType(
    {"xendit": Xendit, "midtrans": Midtrans}
)
# What each can do, for who does not mean to call it.
METHODS: Final[Mapping[str, frozenset[Method]]] = MappingProxyType(
    {"xendit": Xendit.methods, "midtrans": Midtrans.methods}
)


def gateway(
    provider: str, credentials: Credentials, *, transport: httpx.BaseTransport | None = None
) -> Gateway:
    """Raises KeyError for a provider that does not exist; `transport` is for tests."""
    return GATEWAYS[provider](credentials, transport=transport)
