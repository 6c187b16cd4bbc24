"""The demo's payment providers: both point at the bundled fake gateway (`simulator.gateway`).

The addresses of the webhooks are fixed, so that the gateway's process knows them before any row is
made. No secret here opens anything: the fake takes every key of a sandbox's shape.
"""

from __future__ import annotations

from typing import Final, NamedTuple

XENDIT_SLUG: Final = "00000000-0000-4000-8000-0000000000d1"
MIDTRANS_SLUG: Final = "00000000-0000-4000-8000-0000000000d2"
CALLBACK_TOKEN: Final = "demo-callback-token"  # noqa: S105 (of the fake)
IRIS_KEY: Final = "demo-iris-merchant-key"


class DemoProvider(NamedTuple):
    provider: str
    name: str
    slug: str
    priority: int
    secrets: dict[str, str]
    for_payouts: bool = False
    # As `simulator.gateway.books.OPENING_BALANCE`; the simulator is foreign to us.
    opening_balance: int = 0


PROVIDERS: Final = (
    DemoProvider(
        "xendit",
        "Fake Xendit",
        XENDIT_SLUG,
        10,
        {"api_key": "xnd_development_demo", "webhook_secret": CALLBACK_TOKEN},
        for_payouts=True,
        opening_balance=100_000_000,
    ),
    DemoProvider(
        "midtrans",
        "Fake Midtrans",
        MIDTRANS_SLUG,
        20,
        {
            "api_key": "SB-Mid-server-demo",
            "payout_key": "demo-iris-creator",
            "approver_key": "demo-iris-approver",
            "webhook_secret": IRIS_KEY,
        },
    ),
)


def webhook_path(provider: str, slug: str) -> str:
    """As `payments.urls` has it; known here before Django is loaded."""
    return f"/api/payments/webhooks/{provider}/{slug}"
