"""What a person decides about a session that is held: bill it corrected, or write it off.

Billing it as it stands is `chargers.services.billing.release_session`.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.events import SessionEnded
from chargers.models import BillingStatus, ChargingSession, SessionStatus
from chargers.states import BILLING
from cpo.models import User
from cpo.services import audit
from unievp.lib.errors import ConflictError, InvalidError, NotFoundError
from unievp.lib.events import publish

# A ship charges no more than this in one session.
MOST_ENERGY_WH = 100_000_000


def bill_with_energy(
    session: ChargingSession, *, energy_wh: int, reason: str, actor: User
) -> ChargingSession:
    """Set the energy of a held session to what a person found, and let it be billed.

    The meters stay as they were reported. Raises InvalidError (no reason, an impossible energy),
    ConflictError (not held, still open, no tariff).
    """
    if not 0 <= energy_wh <= MOST_ENERGY_WH:
        raise InvalidError(
            _("Energy is between 0 and %(most)d Wh.") % {"most": MOST_ENERGY_WH}, field="energy_wh"
        )
    with transaction.atomic():
        row = _held(session, reason)
        if row.tariff_snapshot is None:
            raise ConflictError(_("It has no tariff to be billed by."), code="session_no_tariff")
        BILLING.check(row.billing_status, BillingStatus.UNBILLED)
        before = _figures(row)
        row.energy_wh = energy_wh
        row.billing_status, row.hold_reason = BillingStatus.UNBILLED, ""
        row.save(update_fields=["energy_wh", "billing_status", "hold_reason"])
        _record(row, "session.bill_with_energy", before, reason, actor)
        publish(SessionEnded(row.pk))
    return row


def write_off(session: ChargingSession, *, reason: str, actor: User) -> ChargingSession:
    """Nothing will be billed for a held session. Raises as `bill_with_energy` does."""
    with transaction.atomic():
        row = _held(session, reason)
        BILLING.check(row.billing_status, BillingStatus.NOT_BILLABLE)
        before = _figures(row)
        row.billing_status = BillingStatus.NOT_BILLABLE
        row.save(update_fields=["billing_status"])
        _record(row, "session.write_off", before, reason, actor)
    return row


def _held(session: ChargingSession, reason: str) -> ChargingSession:
    if not reason.strip():
        raise InvalidError(_("Say why."), field="reason")
    row = (
        ChargingSession.objects.select_for_update(no_key=True, of=("self",))
        .select_related("cpo")
        .filter(pk=session.pk)
        .first()
    )
    if row is None:
        raise NotFoundError(_("There is no such session."))
    if row.billing_status != BillingStatus.HELD:
        raise ConflictError(_("This session is not held."), code="session_not_held")
    if row.status != SessionStatus.ENDED:
        raise ConflictError(_("This session has not ended."), code="session_open")
    return row


def _figures(row: ChargingSession) -> dict[str, object]:
    return {
        "energy_wh": row.energy_wh,
        "billing_status": row.billing_status,
        "hold_reason": row.hold_reason,
    }


def _record(
    row: ChargingSession, action: str, before: dict[str, object], reason: str, actor: User
) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=row,
        before=before,
        after=_figures(row),
        cpo=row.cpo,
        reason=reason.strip(),
    )
