"""Begin with a budget, change it, and leave the chargers without a trace of it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from chargers.models import (
    ChargingProfile,
    Connector,
    ProfileSource,
    ProfileState,
    SiteAllocation,
    SiteBudget,
    SiteCharger,
)
from chargers.services.site_power.capacity import least_budget
from chargers.services.smart_charging.installing import clear_profiles
from cpo.models import User
from unievp.lib import clock
from unievp.lib.errors import RefusedError

_HELD = (ProfileState.PENDING, ProfileState.INSTALLED, ProfileState.UNSURE)
_CLEAR_DEADLINE_S = 24 * 3600


def check_budget(budget: SiteBudget) -> None:
    """Raises RefusedError where the fallbacks of all connectors exceed the smallest budget."""
    if budget.fallback_ma is None:
        return
    connectors = Connector.objects.filter(
        charger__location_id=budget.location_id, charger__retired_at__isnull=True
    ).exclude(site_connector__counted=False)
    count = connectors.count()
    windows = list(budget.windows.all()) if budget.pk else []
    least = least_budget(budget, windows)
    if budget.fallback_ma * count > least:
        raise RefusedError(
            _(
                "%(count)d connectors at %(fallback)d mA are more than the smallest budget,"
                " %(least)d mA: use at most %(most)d mA, or leave it empty."
            )
            % {
                "count": count,
                "fallback": budget.fallback_ma,
                "least": least,
                "most": least // max(count, 1) // 100 * 100,
            },
            field="fallback_ma",
            code="fallback_exceeds_budget",
        )


def apply_budget(budget: SiteBudget, *, actor: User | str) -> None:
    """A budget was added or changed: compute it now, or take it off the chargers."""
    with transaction.atomic():
        check_budget(budget)
        if budget.enabled:
            SiteBudget.objects.filter(pk=budget.pk).update(next_at=clock.now())
        else:
            withdraw_budget(budget, actor=actor)


def withdraw_budget(budget: SiteBudget, *, actor: User | str) -> int:
    """Clear the budget's profiles from every charger of the location; how many clears were sent."""
    with transaction.atomic():
        rows = ChargingProfile.objects.filter(
            charger__location_id=budget.location_id,
            charger__retired_at__isnull=True,
            source__in=(ProfileSource.BUDGET, ProfileSource.FALLBACK),
            state__in=_HELD,
        ).select_related("charger", "charger__cpo")
        wanted = {(row.charger_id, row.profile_id): row.charger for row in rows}
        for (_charger, profile_id), charger in sorted(wanted.items(), key=lambda item: item[0]):
            clear_profiles(
                charger, actor=actor, profile_id=profile_id, deadline_s=_CLEAR_DEADLINE_S
            )
        SiteAllocation.objects.filter(budget=budget).delete()
        SiteCharger.objects.filter(budget=budget).delete()
    return len(wanted)
