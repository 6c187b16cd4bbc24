"""From the limits in force to the limits wanted, without a moment above the budget.

A limit counts with the most that the charger may be obeying: the confirmed one, or the one on its
way, whichever is higher. So a lowering frees its current when the charger has confirmed it, and a
raise takes its current when it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grant:
    """`confirmed_ma` and `pending_ma` (None: none under way) are limits in mA per phase.

    `takes_ma` is what it counts with where that is not its limit: an offline charger's fallback,
    the full current of a charger that refuses. It gets no new limit then. Above `ceiling_ma` no
    limit stays, however small the step down.
    """

    key: int
    confirmed_ma: int
    target_ma: int
    pending_ma: int | None = None
    takes_ma: int | None = None
    ceiling_ma: int | None = None

    @property
    def counts_ma(self) -> int:
        if self.takes_ma is not None:
            return self.takes_ma
        return max(self.confirmed_ma, self.pending_ma or 0)


def next_limits(
    grants: Sequence[Grant], *, budget_ma: int, threshold_ma: int, minimum_ma: int
) -> dict[int, int]:
    """The limits to send now, by key: lowerings, and raises that fit beside all that counts.

    A change below `threshold_ma` is left out, unless the budget, somebody's larger raise or a
    ceiling needs it. A raise that does not fit whole is made in part if the part is worth it.
    """
    free = [grant for grant in grants if grant.takes_ma is None and grant.pending_ma is None]
    matters = _over_budget(grants, budget_ma) or any(
        abs(grant.target_ma - grant.confirmed_ma) >= threshold_ma
        or (grant.target_ma == 0) != (grant.confirmed_ma == 0)
        or (grant.ceiling_ma is not None and grant.confirmed_ma > grant.ceiling_ma)
        for grant in free
    )
    if not matters:
        return {}
    sent = {grant.key: grant.target_ma for grant in free if grant.target_ma < grant.confirmed_ma}
    headroom = budget_ma - sum(grant.counts_ma for grant in grants)
    for grant in sorted(free, key=lambda grant: (grant.confirmed_ma, grant.key)):
        limit = min(grant.target_ma, grant.confirmed_ma + max(headroom, 0))
        limit -= limit % 100
        gain = limit - grant.confirmed_ma
        starts = grant.confirmed_ma == 0
        if gain <= 0 or (gain < threshold_ma and not starts) or limit < minimum_ma:
            continue
        sent[grant.key] = limit
        headroom -= gain
    return sent


def _over_budget(grants: Sequence[Grant], budget_ma: int) -> bool:
    return sum(grant.counts_ma for grant in grants) > budget_ma


def counted(grants: Sequence[Grant]) -> Mapping[int, int]:
    return {grant.key: grant.counts_ma for grant in grants}
