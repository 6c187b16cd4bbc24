"""Whose trouble opens tickets: chargers that are in use, of companies that sell."""

from __future__ import annotations

from django.db.models import Q

from chargers.models import ForcedStatus, Registration
from cpo.models import CPOStatus


def in_use(prefix: str = "") -> Q:
    """Not retired, accepted, not taken out of service, of a verified company.

    `prefix` leads to the charger ("charger__").
    """
    return Q(
        **{
            f"{prefix}retired_at": None,
            f"{prefix}registration": Registration.ACCEPTED,
            f"{prefix}cpo__status": CPOStatus.VERIFIED,
        }
    ) & ~Q(**{f"{prefix}forced_status": ForcedStatus.UNAVAILABLE})
