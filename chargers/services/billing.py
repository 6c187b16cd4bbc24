"""What billing writes back to a session. The bill itself is of the payments app."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import BillingStatus, ChargingSession, SessionStatus
from chargers.states import BILLING
from cpo.models import User
from cpo.services import audit
from unievp.lib.errors import ConflictError, NotFoundError


def mark_session_billed(session_id: int, *, total: int, currency: str, bill_id: Any) -> None:
    """The session's cost is the total of its bill (minor units). Again with the same: no change.

    Raises ConflictError for a session that has not ended or was billed otherwise.
    """
    with transaction.atomic():
        session = _locked(session_id)
        if session.status != SessionStatus.ENDED:
            raise ConflictError(_("This session has not ended."), code="session_open")
        if session.billing_status == BillingStatus.BILLED:
            if (session.cost, session.currency) != (total, currency):
                detail = _("This session was billed already; not by bill %(bill)s.")
                raise ConflictError(detail % {"bill": bill_id}, code="session_billed")
            return
        BILLING.check(session.billing_status, BillingStatus.BILLED)
        session.cost, session.currency = total, currency
        session.billing_status, session.hold_reason = BillingStatus.BILLED, ""
        session.save(update_fields=["cost", "currency", "billing_status", "hold_reason"])


def hold_session(session_id: int, *, reason: str) -> None:
    """A person has to look at it before it is billed. A reason that is there stays the first."""
    with transaction.atomic():
        session = _locked(session_id)
        if session.billing_status == BillingStatus.HELD:
            if reason in session.hold_reason:
                return
            reason = f"{session.hold_reason}; {reason}"
        else:
            BILLING.check(session.billing_status, BillingStatus.HELD)
        session.billing_status, session.hold_reason = BillingStatus.HELD, reason[:200]
        session.save(update_fields=["billing_status", "hold_reason"])


def release_session(session_id: int, *, actor: User, reason: str) -> ChargingSession:
    """A person has looked: the session may be billed as it stands.

    Raises ConflictError when it is not held, or has no tariff to be billed by.
    """
    with transaction.atomic():
        session = _locked(session_id)
        if session.tariff_snapshot is None:
            raise ConflictError(_("It has no tariff to be billed by."), code="session_no_tariff")
        BILLING.check(session.billing_status, BillingStatus.UNBILLED)
        before = {"billing_status": session.billing_status, "hold_reason": session.hold_reason}
        session.billing_status, session.hold_reason = BillingStatus.UNBILLED, ""
        session.save(update_fields=["billing_status", "hold_reason"])
        audit.record(
            actor=actor,
            action="session.release",
            subject=session,
            before=before,
            after={"billing_status": session.billing_status, "hold_reason": ""},
            cpo=session.cpo,
            reason=reason,
        )
    return session


def _locked(session_id: int) -> ChargingSession:
    session = (
        ChargingSession.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk=session_id)
        .first()
    )
    if session is None:
        raise NotFoundError(_("There is no such session."))
    return session
