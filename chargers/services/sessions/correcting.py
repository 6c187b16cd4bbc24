"""The charger's own figures for a session that was ended without them, and billed."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from chargers.events import SessionCorrected
from chargers.models import BillingStatus, CorrectionStatus, SessionCorrection
from chargers.states import SESSION_CORRECTION
from chargers.store import stops
from chargers.store.stops import Ending, SessionRow
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import InvalidError
from unievp.lib.events import publish

AFTER_BILL = gettext_noop("The charger's own stop came after the bill")


def correct_session(row: SessionRow, ending: Ending) -> None:
    """Give a billed session the charger's figures; the bill stays as it was issued.

    Where they differ from what was billed, a person is told of it by a `SessionCorrection` that
    stays open until the difference is made good.
    """
    stops.end(
        [
            replace(
                ending,
                billing_status=BillingStatus.BILLED,
                hold_reason="",
                note="; ".join(part for part in (AFTER_BILL, ending.note) if part),
            )
        ]
    )
    if row.ended_at is None or (row.energy_wh, row.ended_at) == (ending.energy_wh, ending.ended_at):
        return
    correction, created = SessionCorrection.objects.get_or_create(
        session_id=row.id,
        status=CorrectionStatus.OPEN,
        defaults={
            "billed_energy_wh": row.energy_wh,
            "billed_ended_at": row.ended_at,
            "energy_wh": ending.energy_wh,
            "ended_at": ending.ended_at,
            "doubts": ending.hold_reason[:200],
        },
    )
    if created:
        publish(SessionCorrected(row.id, correction.pk))


def settle_correction(
    correction: SessionCorrection, *, resolution: str, actor: User
) -> SessionCorrection:
    """A person has made good for the difference, and says how.

    Raises InvalidError (nothing said), ConflictError (settled already).
    """
    if not resolution.strip():
        raise InvalidError(_("Say how it was settled."), field="resolution")
    with transaction.atomic():
        row = (
            SessionCorrection.objects.select_for_update(of=("self",))
            .select_related("session__cpo")
            .get(pk=correction.pk)
        )
        SESSION_CORRECTION.check(row.status, CorrectionStatus.DONE)
        row.status, row.resolution = CorrectionStatus.DONE, resolution.strip()[:300]
        row.resolved_by, row.resolved_at = actor.get_username()[:150], clock.now()
        row.save(update_fields=["status", "resolution", "resolved_by", "resolved_at"])
        audit.record(
            actor=actor,
            action="session.correction_settled",
            subject=row,
            after={"status": row.status},
            cpo=row.session.cpo,
            reason=row.resolution,
        )
    return row
