"""What became of a partner's limit that a site's power budget carries."""

from __future__ import annotations

from datetime import datetime

from chargers.services.site_power.capping import CapState, cap_state, lift_cap
from ocpi.models import CommandRequest, RequestKind
from ocpi.services.commands.answers import ACCEPTED, REJECTED


def capped_result(row: CommandRequest, now: datetime) -> str:
    """The ChargingProfileResultType; "" while the charger has not confirmed a limit below it.

    What it does not confirm in time is kept no longer: the partner is told no.
    """
    if row.roaming_session is None:
        return REJECTED
    session = row.roaming_session.charging
    state = cap_state(session, now)
    if state == CapState.KEPT:
        return ACCEPTED
    if state == CapState.WAITS and row.deadline_at > now:
        return ""
    if _is_newest(row):
        lift_cap(session, actor=f"ocpi: {row.partner.name}"[:150])
    return REJECTED


def _is_newest(row: CommandRequest) -> bool:
    """Another one since may have set the cap that is in force."""
    later = CommandRequest.objects.filter(
        roaming_session=row.roaming_session, type=RequestKind.SET_PROFILE, pk__gt=row.pk
    )
    return not later.exists()
