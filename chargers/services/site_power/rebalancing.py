"""One computation of a site's budget: what is so, what should be, what is sent, what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest, Least

from chargers.models import (
    AllocationReason,
    Charger,
    ChargingSession,
    Command,
    SiteAllocationChange,
    SiteBudget,
)
from chargers.services.site_power.capacity import next_change
from chargers.services.site_power.deciding import Decision, decide
from chargers.services.site_power.sending import send_defaults, send_limits
from chargers.services.site_power.settling import settle
from chargers.services.site_power.site import Outlet, Site, read_site
from chargers.smart_charging.caps import changes as changes_of
from unievp.lib import clock

# However quiet it is: limits are renewed, turns end, a lost event is found.
AT_LEAST_EVERY: Final = timedelta(seconds=60)
# While cars charge: what their meters say moves the shares.
WHILE_CHARGING: Final = timedelta(seconds=30)
_PROFILE_ACTIONS: Final = ("SetChargingProfile", "ClearChargingProfile")


def bring_forward(
    *,
    chargers: Iterable[int] = (),
    sessions: Iterable[int] = (),
    commands: Iterable[str] = (),
    now: datetime | None = None,
) -> dict[int, datetime]:
    """Something happened there: budgets that are computed sooner now, and when.

    Never sooner than `debounce_s` after the last computation.
    """
    now = now or clock.now()
    concerned = set(chargers)
    if sessions := list(sessions):
        rows = ChargingSession.objects.filter(pk__in=sessions)
        concerned.update(rows.values_list("charger_id", flat=True))
    if commands := list(commands):
        answers = Command.objects.filter(pk__in=commands, action__in=_PROFILE_ACTIONS)
        concerned.update(answers.values_list("charger_id", flat=True))
    if not concerned:
        return {}
    locations = Charger.objects.filter(pk__in=concerned).values("location_id")
    budgets = SiteBudget.objects.filter(location_id__in=locations, enabled=True)
    allowed = F("computed_at") + F("debounce_s") * timedelta(seconds=1)
    with transaction.atomic():
        sooner = Least("next_at", Greatest(Value(now), Coalesce(allowed, Value(now))))
        budgets.update(next_at=sooner)
        return dict(budgets.values_list("pk", "next_at"))


def due_budgets(now: datetime | None = None) -> list[int]:
    rows = SiteBudget.objects.filter(enabled=True, next_at__lte=now or clock.now())
    return list(rows.values_list("pk", flat=True))


def rebalance_site(budget_id: int, *, now: datetime | None = None) -> bool:
    """Compute a budget and send what follows; False when it is off or not due yet."""
    now = now or clock.now()
    with transaction.atomic():
        budget = (
            SiteBudget.objects.select_for_update(of=("self",))
            .select_related("location")
            .filter(pk=budget_id, enabled=True, next_at__lte=now)
            .first()
        )
        if budget is None:
            return False
        site = read_site(budget, now)
        settle(site)
        decisions = decide(site)
        send_limits(site, decisions)
        send_defaults(site)
        _keep(site, decisions)
    return True


def _keep(site: Site, decisions: Sequence[Decision]) -> None:
    budget = site.budget
    budget.version += 1
    budget.computed_at = site.now
    budget.limit_ma = site.limit_ma
    budget.next_at = _next_at(site)
    changes = []
    for decision in decisions:
        change = _keep_share(decision, site)
        if change is not None:
            changes.append(change)
    for outlet in site.outlets:
        if not outlet.counted:
            outlet.row.reason = AllocationReason.APART
            outlet.row.target_ma = outlet.row.counted_ma = 0
        outlet.row.version = budget.version
        outlet.row.save()
    for station in site.stations:
        station.row.save()
    SiteAllocationChange.objects.bulk_create(changes)
    budget.save(update_fields=["version", "computed_at", "limit_ma", "next_at"])


def _keep_share(decision: Decision, site: Site) -> SiteAllocationChange | None:
    outlet, grant, row = decision.outlet, decision.grant, decision.outlet.row
    before, reason_before, session_before = row.target_ma, row.reason, row.session_id
    row.session = outlet.session
    row.target_ma, row.reason = grant.target_ma, decision.reason
    # With what was sent just now: a raise counts from the moment at which it leaves.
    row.counted_ma = (
        grant.takes_ma if grant.takes_ma is not None else max(grant.confirmed_ma, row.sent_ma or 0)
    )
    _keep_turn(outlet, grant.target_ma, site.now, is_new=session_before != row.session_id)
    if (before, reason_before, session_before) == (row.target_ma, row.reason, row.session_id):
        return None
    return SiteAllocationChange(
        budget=site.budget,
        connector=outlet.connector,
        session=outlet.session,
        at=site.now,
        version=site.budget.version,
        before_ma=before,
        after_ma=row.target_ma,
        counted_ma=row.counted_ma,
        reason=row.reason,
    )


def _keep_turn(outlet: Outlet, target_ma: int, now: datetime, *, is_new: bool) -> None:
    row = outlet.row
    if is_new:
        row.served_since = row.waiting_since = row.demand_ma = None
    if outlet.session is None:
        row.served_since = row.waiting_since = row.demand_ma = row.measured_ma = None
    elif target_ma > 0:
        row.served_since, row.waiting_since = row.served_since or now, None
    else:
        row.served_since, row.waiting_since = None, row.waiting_since or now


def _next_at(site: Site) -> datetime:
    turn = timedelta(seconds=site.budget.turn_s)
    ends = [
        outlet.row.served_since + turn
        for outlet in site.outlets
        if outlet.row.served_since is not None and outlet.row.served_since + turn > site.now
    ]
    changes = next_change(site.budget, site.windows, site.now)
    charging = any(outlet.session for outlet in site.outlets)
    again = site.now + (WHILE_CHARGING if charging else AT_LEAST_EVERY)
    caps = [
        at
        for outlet in site.outlets
        if outlet.capped is not None
        for at in changes_of(outlet.capped, site.now, again)
    ]
    moments = [again, *ends, *caps, *([changes] if changes else [])]
    return min(moments)
