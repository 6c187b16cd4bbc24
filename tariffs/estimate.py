"""What a charge that has not begun would cost: the same `price()` of an assumed usage."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from tariffs.pricing import Period, PriceResult, Snapshot, Usage, price
from unievp.lib.money import exponent

# Finer than anyone buys, and a whole search stays some ten prices.
_FINEST_WH: Final = 100


def estimate(snapshot: Snapshot, *, energy_wh: int, power_w: int, at: datetime) -> PriceResult:
    """The price of `energy_wh` that flows evenly at `power_w` from `at` on, without idling."""
    seconds = -(-energy_wh * 3600 // power_w)
    usage = Usage(at, at + timedelta(seconds=seconds), (Period(at, energy_wh),))
    return price(snapshot, usage)


def total_of(snapshot: Snapshot, *, energy_wh: int, power_w: int, at: datetime) -> int:
    """The same, rounded as a bill is: minor units, tax included."""
    result = estimate(snapshot, energy_wh=energy_wh, power_w=power_w, at=at)
    return result.rounded(exponent(result.currency)).total


def energy_for(
    snapshot: Snapshot, *, amount: int, power_w: int, at: datetime, most_wh: int
) -> int | None:
    """The most energy (Wh, in steps of 100) that costs `amount` (minor units) or less.

    None where even `most_wh` costs less: there is no telling by energy.
    """

    def cost(steps: int) -> int:
        return total_of(snapshot, energy_wh=steps * _FINEST_WH, power_w=power_w, at=at)

    low, high = 1, most_wh // _FINEST_WH
    cost_low, cost_high = cost(low), cost(high)
    if cost_high <= amount:
        return None
    if cost_low > amount:
        return 0
    tries = 0
    while high - low > 1:
        # Prices are nearly straight lines: a guess along the line hits at once. Every third time
        # the middle is taken, lest a curve make it crawl.
        tries += 1
        guess = (low + high) // 2
        if tries % 3:
            guess = low + (amount - cost_low) * (high - low) // (cost_high - cost_low)
            guess = min(max(guess, low + 1), high - 1)
        found = cost(guess)
        if found <= amount:
            low, cost_low = guess, found
        else:
            high, cost_high = guess, found
    return low * _FINEST_WH
