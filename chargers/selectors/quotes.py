"""What a session costs so far: the same `price()` that makes its bill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chargers.models import BillingStatus, ChargingSession
from chargers.selectors.usage import usages_of
from tariffs.pricing import PriceResult, Usage, price, snapshot_from_json
from unievp.lib.money import exponent


@dataclass(frozen=True, slots=True)
class Quote:
    """`total` in minor units of `currency`, tax included. Computed, not owed: that is the bill."""

    total: int
    currency: str
    energy_wh: int
    result: PriceResult


def quote_of(session: ChargingSession, *, now: datetime | None = None) -> Quote | None:
    """The cost until now, or until its end; None for a session without a tariff."""
    return quotes_of([session], now=now).get(session.pk)


def quotes_of(
    sessions: Sequence[ChargingSession], *, now: datetime | None = None
) -> dict[int, Quote]:
    """Quotes by session id, by one query; sessions without a tariff are left out."""
    priced = [session for session in sessions if session.tariff_snapshot is not None]
    usages = usages_of(priced, now=now)
    return {session.pk: _quote(session, usages[session.pk]) for session in priced}


def costs_of(sessions: Sequence[ChargingSession], *, now: datetime | None = None) -> dict[int, int]:
    """What to show as the cost of each session: its bill's total, or else its quote's."""
    billed = {
        session.pk: session.cost
        for session in sessions
        if session.billing_status == BillingStatus.BILLED and session.cost is not None
    }
    quotes = quotes_of([session for session in sessions if session.pk not in billed], now=now)
    return billed | {pk: quote.total for pk, quote in quotes.items()}


def _quote(session: ChargingSession, usage: Usage) -> Quote:
    result = price(snapshot_from_json(session.tariff_snapshot or {}), usage)
    total = result.rounded(exponent(result.currency)).total
    return Quote(total, result.currency, session.energy_wh, result)
