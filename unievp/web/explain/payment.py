"""The payment in advance of a session: what the driver paid, how, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from payments.models import PaymentEvent, PaymentIntent
from unievp.web.explain.story import Story

# A payment has a dozen; one that was retried for hours is cut.
MOST: Final = 100

WORDS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        "created": gettext_lazy("Payment made"),
        "moved": gettext_lazy("The gateway said"),
        "paid": pgettext_lazy("payment", "Money received"),
        "settled": gettext_lazy("Settled by the gateway, less its fee"),
        "paid_again": gettext_lazy("Money received a second time"),
        "review": gettext_lazy("A person has to look"),
        "resolved": gettext_lazy("A person has decided"),
        "refused": gettext_lazy("Refused by the gateway"),
        "canceled": gettext_lazy("Cancelled"),
        "expired": gettext_lazy("Expired"),
        "start_asked": gettext_lazy("The charger was asked to start"),
        "not_started": gettext_lazy("Nothing started"),
        "charging": gettext_lazy("Charging began"),
        "stop_asked": gettext_lazy("The charger was asked to stop"),
        "charge_ended": gettext_lazy("Charging ended"),
        "refund_started": gettext_lazy("Refund sent"),
        "refund_returned": gettext_lazy("Refund came back"),
        "refunded": gettext_lazy("Refund arrived"),
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    what: Promise | str
    detail: str
    amount: int | None
    booking_id: int | None


def payment(story: Story) -> dict[str, Any] | None:
    """None for a session on account."""
    intent = story.payment
    if intent is None:
        return None
    attempts = intent.attempts.select_related("config").order_by("number")
    return {
        "intent": intent,
        "currency": intent.currency,
        "attempts": list(attempts),
        "steps": [_step(event) for event in steps_of(intent, story)],
        "rest": max(0, intent.paid - (story.bill.total if story.bill else 0)),
    }


def steps_of(intent: PaymentIntent, story: Story) -> list[PaymentEvent]:
    """A gateway's settlement touches no account of the company or the driver (payments.chart): it
    is told to whom the gateway belongs.
    """
    events = intent.events.select_related("booking", "attempt__config").order_by("at", "id")
    return [event for event in events[:MOST] if event.kind != "settled" or _owns(story, event)]


def _owns(story: Story, event: PaymentEvent) -> bool:
    is_own = event.attempt is not None and event.attempt.config.cpo_id == event.intent.cpo_id
    return story.for_platform or is_own


def _step(event: PaymentEvent) -> Step:
    return Step(
        event.at,
        WORDS.get(event.kind, event.kind),
        _(event.detail) if event.detail else "",
        event.amount,
        event.booking_id,
    )
