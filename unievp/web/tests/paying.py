"""A connector that sells, a gateway that takes payments, and drivers at the page behind the QR."""

from __future__ import annotations

import hashlib
import os
import re
from ipaddress import IPv6Address
from typing import Any
from uuid import uuid4

from django.test import Client

from chargers.models import Connector, Presence
from payments.models import PaymentIntent, ProviderConfig
from payments.tests.factories import make_paid_cpo
from payments.tests.prepaid import make_seller
from unievp.lib import clock

_RUN = uuid4().hex
METHODS = ["qris", "gopay", "dana", "shopeepay", "va_bca", "va_mandiri", "va_bri"]


def make_outlet(*, status: str = "Available", online: bool = True, **charger: Any) -> Connector:
    """Connector 1 of an online charger with a tariff, of a verified CPO."""
    cpo = charger.pop("cpo", None) or make_paid_cpo(name="Nusantara Charge")
    row = make_seller(cpo=cpo, **charger)
    Presence.objects.update_or_create(
        charger=row, defaults={"online": online, "last_seen_at": clock.now()}
    )
    row.status = "Available"
    row.save()
    connector = row.connectors.order_by("number")[0]
    connector.status = status
    connector.save()
    return connector


def make_config(**values: Any) -> ProviderConfig:
    """A gateway that nobody calls."""
    defaults = {
        "provider": "xendit",
        "environment": "sandbox",
        "name": "Nobody",
        "methods": METHODS,
        "api_key": "xnd_development_test",
        "webhook_secret": "token",
        "base_url": "http://127.0.0.1:1",
    }
    return ProviderConfig.objects.create(**{**defaults, **values})


def page_of(connector: Connector) -> str:
    return f"/pay/{connector.charger.identity}/{connector.number}"


def driver(language: str = "en", **options: Any) -> Client:
    """A phone; those of one test share an address that no other test has (throttles count it)."""
    options.setdefault("REMOTE_ADDR", _address())
    return Client(headers={"accept-language": language}, **options)


def _address() -> str:
    name = f"{_RUN}{os.environ['PYTEST_CURRENT_TEST']}".encode()
    return str(IPv6Address(hashlib.sha256(name).digest()[:16]))


def token_on(html: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', html)
    assert found, "no order form"
    return found[1]


def order(client: Client, connector: Connector, **fields: Any) -> Any:
    """Open the page, send its form; the answer of the POST."""
    page = client.get(page_of(connector))
    values = {
        "mode": "rp",
        "rp": "50000",
        "method": "qris",
        "token": token_on(page.content.decode()),
    }
    return client.post(page_of(connector), {**values, **fields})


def the_payment() -> PaymentIntent:
    return PaymentIntent.objects.get()
