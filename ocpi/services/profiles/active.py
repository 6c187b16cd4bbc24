"""What a session may draw, told to the partner that has limited it (OCPI 2.2.1 §14.2.2)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Q

from chargers.models import SessionStatus
from chargers.selectors.charging_profiles import composite
from chargers.selectors.session_caps import capped_schedule
from ocpi.models import CommandRequest, Push, RequestKind, RoamingSession
from ocpi.objects.profiles import active_profile
from ocpi.services.pushing.marking import listeners_of, mark_for
from ocpi.wire import json

MODULE: Final = "chargingprofiles"
_OUTLOOK: Final = timedelta(days=1)
_PER_SWEEP: Final = 500


def sweep_profiles() -> int:
    """Mark the sessions whose profile is another one than the partner has; how many."""
    limited = (
        RoamingSession.objects.filter(session__status=SessionStatus.ACTIVE)
        .filter(pk__in=_limited())
        .order_by("pk")
    )
    return sum(mark_profile(row) for row in limited.select_related(*_PARTS)[:_PER_SWEEP])


def mark_profile(row: RoamingSession) -> bool:
    """Whether the partner has to hear: never before a profile of its own was accepted."""
    if not listeners_of(MODULE).filter(pk=row.partner_id).exists():
        return False
    if not _limited().filter(roaming_session=row.pk).exists():
        return False
    known = (
        Push.objects.filter(partner=row.partner_id, module=MODULE, object_id=row.ocpi_id)
        .values_list("known", flat=True)
        .first()
    )
    if known == profile_text(row):
        return False
    mark_for([row.partner_id], MODULE, row.ocpi_id)
    return True


def profile_text(row: RoamingSession) -> str:
    """The ActiveChargingProfile as JSON. It begins with the session, so that it stays the same
    while nothing changes.
    """
    return json.dumps(_profile(row)).decode()


def _profile(row: RoamingSession) -> dict[str, Any]:
    session, connector = row.charging, row.charging.connector
    begin = session.started_at.replace(microsecond=0)
    slots = capped_schedule(session, begin=begin, duration=_OUTLOOK) or composite(
        session.charger, connector.number, now=begin, unit="A", duration=_OUTLOOK
    )
    return active_profile(slots, unit="A", most=Decimal(connector.max_current_a))


def _limited() -> Any:
    """The roaming sessions with a profile that a partner set and the charger accepted."""
    accepted = Q(type=RequestKind.SET_PROFILE, result="ACCEPTED")
    return CommandRequest.objects.filter(accepted).values("roaming_session")


_PARTS: Final = ("session__charger", "session__connector", "partner", "our_party")
