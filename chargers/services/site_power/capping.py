"""Somebody else limits a session at a site with a power budget: the lower of both counts.

Their profile never reaches the charger, where it would overrule the budget's or be overruled: the
budget takes it for the most that this car can have, and its own limits carry it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext as _

from chargers.models import (
    ChargingSession,
    SessionCap,
    SessionStatus,
    SiteAllocation,
    SiteBudget,
)
from chargers.selectors.session_caps import cap_of, profile_of, shares_out
from chargers.services.site_power.rebalancing import bring_forward
from chargers.services.site_power.site import supply_for
from chargers.services.smart_charging.limits import ChargerLimits
from chargers.services.smart_charging.rules import problems_of
from chargers.smart_charging.caps import most_at
from chargers.smart_charging.profiles import Profile
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError


class CapState(StrEnum):
    WAITS = "waits"  # the charger has not confirmed a limit that keeps it
    KEPT = "kept"
    OVER = "over"  # nothing keeps it any more


def cap_session(session: ChargingSession, *, profile: Profile, actor: User | str) -> SessionCap:
    """From the next computation on the session has no more than `profile`; it replaces an earlier.

    Raises ConflictError (over, or no budget decides here), InvalidError and RefusedError for a
    profile that says nothing, naming the field.
    """
    if not profile.periods:
        raise InvalidError(_("Give at least one period."), field="periods")
    problems = problems_of(profile, ChargerLimits())
    if problems:
        raise RefusedError(problems[0].text, field=problems[0].field, code="cap_makes_no_sense")
    with transaction.atomic():
        _hold_budget(session)
        locked = ChargingSession.objects.select_for_update(of=("self",), no_key=True).get(
            pk=session.pk
        )
        if locked.status != SessionStatus.ACTIVE or not shares_out(locked.connector):
            raise ConflictError(_("No power budget decides here."), code="no_budget")
        cap, _created = SessionCap.objects.update_or_create(
            session=locked,
            defaults={
                "rate_unit": profile.unit,
                "start_at": profile.start_at or locked.started_at,
                "duration_s": profile.duration_s,
                "periods": [[period.start_s, str(period.limit)] for period in profile.periods],
                "is_sent": False,
                "set_by": str(actor)[:150],
                "set_at": clock.now(),
            },
        )
        _note(locked, "session_cap.set", actor, {"periods": cap.periods, "unit": cap.rate_unit})
    return cap


def lift_cap(session: ChargingSession, *, actor: User | str) -> bool:
    """The budget alone decides again; False where nothing was capped."""
    with transaction.atomic():
        _hold_budget(session)
        cap = cap_of(session)
        if cap is None:
            return False
        cap.periods, cap.is_sent = [], False
        cap.set_by, cap.set_at = str(actor)[:150], clock.now()
        cap.save()
        _note(session, "session_cap.lift", actor, {})
    return True


def cap_state(session: ChargingSession, now: datetime | None = None) -> CapState:
    """Whether the charger has confirmed a limit that knows of the cap and keeps it now."""
    now = now or clock.now()
    cap = cap_of(session)
    if cap is None or session.status != SessionStatus.ACTIVE or not shares_out(session.connector):
        return CapState.OVER
    row = (
        SiteAllocation.objects.select_related("budget", "connector")
        .filter(session=session, sent_ma=None, limit_at__isnull=False, limit_until__gt=now)
        .first()
    )
    if row is None or row.limit_ma is None or not cap.is_sent:
        return CapState.WAITS
    most = most_at(profile_of(cap), now, supply_for(row.connector, row.budget))
    return CapState.KEPT if most is None or row.limit_ma <= most else CapState.WAITS


def _hold_budget(session: ChargingSession) -> None:
    """No computation meanwhile, which might send a limit that knows of the old cap alone."""
    budgets = SiteBudget.objects.select_for_update(of=("self",), no_key=True)
    list(budgets.filter(location__chargers=session.charger_id))


def _note(
    session: ChargingSession, action: str, actor: User | str, after: dict[str, object]
) -> None:
    audit.record(actor=actor, action=action, subject=session, after=after, cpo=session.cpo)
    bring_forward(chargers=[session.charger_id])
