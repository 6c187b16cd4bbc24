"""A site's budget is set by people who know its connection, not its program."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from chargers.models import Location, SiteBudget
from chargers.services.site_power.switching import apply_budget, check_budget
from cpo.models import User
from cpo.services import audit
from unievp.lib.errors import InvalidError


def set_budget(
    location: Location,
    *,
    actor: User | str,
    enabled: bool,
    power_w: int,
    reserve_w: int = 0,
    phases: int = 3,
) -> SiteBudget:
    """Make or change the budget of `location`; how it is shared stays as it is.

    Raises InvalidError (no power is left), RefusedError (the fallbacks exceed it).
    """
    if power_w < 1_000:
        raise InvalidError(_("At least 1 kW."), field="power_w")
    if reserve_w >= power_w:
        raise InvalidError(_("The reserve must be less than the power."), field="reserve_w")
    if phases not in (1, 3):
        raise InvalidError(_("One or three phases."), field="phases")
    wanted = {"enabled": enabled, "power_w": power_w, "reserve_w": reserve_w, "phases": phases}
    with transaction.atomic():
        Location.objects.select_for_update(no_key=True).get(pk=location.pk)
        found = SiteBudget.objects.select_for_update().filter(location=location).first()
        budget = found or SiteBudget(location=location)
        before = {name: getattr(budget, name) for name in wanted} if found else {}
        for name, value in wanted.items():
            setattr(budget, name, value)
        check_budget(budget)
        budget.save(update_fields=list(wanted) if found else None)
        audit.record(
            actor=actor,
            action="sitebudget.set",
            subject=budget,
            before=before,
            after=wanted,
            cpo=location.cpo,
        )
        apply_budget(budget, actor=actor)
    return budget
