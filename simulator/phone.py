"""A driver's phone: the page behind the code on a charger, and the wallet that pays.

Everything goes over HTTP, as with a real driver: the forms of the pages are filled in and sent, the
link of the e-wallet is followed to the fake gateway, and its button is pressed.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from random import Random
from typing import Final
from urllib.parse import quote, urljoin

import httpx

logger = logging.getLogger("simulator")

# E-wallets that open by a link, and take back a part; a picture of a QR code would need a camera.
WALLETS: Final = ("dana", "shopeepay")
LOOK_S: Final = 1.0
CHECKOUT_WITHIN_S: Final = 30.0
ANSWER_WITHIN_S: Final = 10.0

_INPUT = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_CHECKOUT = re.compile(r'data-part="pay".*?<a class="btn main" href="([^"]+)"', re.DOTALL)


class NotSoldError(Exception):
    """The page does not let this driver pay; the message says what it said."""


@dataclass(frozen=True)
class Paid:
    """`page` is the driver's own: its address opens the payment."""

    page: str
    amount: int


class Phone:
    """`web` is the platform's address; the gateway's comes with each link."""

    def __init__(
        self, web: str, rng: Random, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._web = web.rstrip("/")
        self._rng = rng
        self._transport = transport

    async def buy(self, charger_id: str, connector: int) -> Paid:
        """Choose an amount, pay it. Raises NotSoldError, httpx.HTTPError."""
        browser = httpx.AsyncClient(timeout=ANSWER_WITHIN_S, transport=self._transport)
        async with browser:
            page = f"{self._web}/pay/{quote(charger_id, safe='')}/{connector}"
            amount, payment = await self._order(browser, page)
            wallet = await self._checkout(browser, payment)
            answer = await browser.post(f"{wallet}/pay")
            if answer.status_code >= 400:
                message = f"the wallet said {answer.status_code}"
                raise NotSoldError(message)
        return Paid(payment, amount)

    async def _order(self, browser: httpx.AsyncClient, page: str) -> tuple[int, str]:
        """Fill in the form and send it; the amount and the address of the payment."""
        answer = await browser.get(page)
        fields = fields_of(answer.text)
        amounts = [int(value) for value in fields.get("rp", [])]
        wallets = [name for name in fields.get("method", []) if name in WALLETS]
        if answer.status_code != 200 or not amounts or not wallets:
            message = f"{page} sells nothing ({answer.status_code})"
            raise NotSoldError(message)
        amount = self._rng.choice(amounts)
        form = {
            "csrfmiddlewaretoken": fields["csrfmiddlewaretoken"][0],
            "token": fields["token"][0],
            "mode": "rp",
            "rp": str(amount),
            "method": self._rng.choice(wallets),
        }
        answer = await browser.post(page, data=form, headers={"Referer": page})
        if answer.status_code != 302:
            message = f"{page} took no order ({answer.status_code})"
            raise NotSoldError(message)
        return amount, urljoin(page, answer.headers["Location"])

    async def _checkout(self, browser: httpx.AsyncClient, payment: str) -> str:
        """The wallet's link, once the gateway has answered."""
        async with asyncio.timeout(CHECKOUT_WITHIN_S):
            while True:
                found = _CHECKOUT.search((await browser.get(payment)).text)
                if found is not None:
                    return urljoin(payment, str(found[1]))
                await asyncio.sleep(LOOK_S)


def fields_of(html: str) -> dict[str, list[str]]:
    """Name → values of a page's inputs, in their order."""
    fields: dict[str, list[str]] = {}
    for tag in _INPUT.findall(html):
        attributes = dict(_ATTRIBUTE.findall(tag))
        if "name" in attributes:
            fields.setdefault(attributes["name"], []).append(attributes.get("value", ""))
    return fields
