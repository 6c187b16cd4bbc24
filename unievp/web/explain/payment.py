"""The payment in advance of a session: what the driver paid, how, and what came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from payments.models import EventKind, PaymentEvent, PaymentIntent
from unievp.web.explain.story import Story

# A payment has a dozen; one that was retried for hours is cut.
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    what: str
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
    return [
        event for event in events[:MOST] if event.kind != EventKind.SETTLED or _owns(story, event)
    ]


def _owns(story: Story, event: PaymentEvent) -> bool:
    is_own = event.attempt is not None and event.attempt.config.cpo_id == event.intent.cpo_id
    return story.for_platform or is_own


def _step(event: PaymentEvent) -> Step:
    return Step(
        event.at,
        event.get_kind_display(),
        event.about,
        event.amount,
        event.booking_id,
    )
