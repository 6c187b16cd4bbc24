"""A price that was promised before the session began, and holds for it."""

from __future__ import annotations

from chargers.models import BillingStatus, ChargingSession
from chargers.services.sessions.tariff import TariffAtStart


def keep_promise(session_id: int, promised: TariffAtStart) -> bool:
    """Price the session as its driver was told; False once it is billed."""
    changed = ChargingSession.objects.filter(pk=session_id).exclude(
        billing_status=BillingStatus.BILLED
    )
    return bool(
        changed.update(
            tariff_version_id=promised.version_id,
            tariff_snapshot=promised.snapshot,
            currency=promised.currency,
        )
    )
