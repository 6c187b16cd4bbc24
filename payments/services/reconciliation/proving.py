"""The nightly proof: what differs becomes a row to work through, and closes when it is gone."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from cpo.access import is_platform_staff
from cpo.models import User
from cpo.services import audit
from payments.models import BooksProof, Difference, DifferenceStatus
from payments.services.check_books import Found, find_differences
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError

PROOF_TIME_ZONE: Final = ZoneInfo("Asia/Jakarta")
_HOUR: Final = timedelta(hours=3)  # 03:00, payments.md §7
_LOCK: Final = 7_303  # of one proof at a time


def prove_books(now: datetime | None = None) -> BooksProof | None:
    """Today's proof, made now if it is due and there is none; None: it was made already."""
    now = now or clock.now()
    day = (now.astimezone(PROOF_TIME_ZONE) - _HOUR).date()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if BooksProof.objects.filter(day=day).exists():
            return None
        began = time.monotonic()
        checks = find_differences()
        found = [each for differences in checks.values() for each in differences]
        _keep(found, now)
        return BooksProof.objects.create(
            day=day,
            at=now,
            checks=len(checks),
            found=len(found),
            took_ms=int((time.monotonic() - began) * 1000),
        )


def explain_difference(difference: Difference, *, reason: str, actor: User) -> Difference:
    """Somebody knows why; it stays until its cause is gone. Nothing is booked.

    Raises ForbiddenError, InvalidError (`reason`), ConflictError (it is gone).
    """
    if not (is_platform_staff(actor) and actor.has_perm("payments.change_difference")):
        raise ForbiddenError(_("Only finance staff explain differences."))
    reason = reason.strip()
    if not reason:
        raise InvalidError(_("Say why."), field="reason")
    if len(reason) > 300:
        raise InvalidError(_("At most 300 characters."), field="reason")
    with transaction.atomic():
        locked = Difference.objects.select_for_update(of=("self",)).get(pk=difference.pk)
        if locked.status == DifferenceStatus.RESOLVED:
            raise ConflictError(_("This difference is gone already."), code="difference_gone")
        before = {"status": locked.status, "reason": locked.reason}
        locked.status, locked.reason = DifferenceStatus.EXPLAINED, reason
        locked.decided_by = actor
        locked.save(update_fields=["status", "reason", "decided_by"])
        audit.record(
            actor=actor,
            action="difference.explained",
            subject=locked,
            before=before,
            after={"status": locked.status, "reason": reason},
            cpo=None,
            reason=reason,
        )
    return locked


def _keep(found: list[Found], now: datetime) -> None:
    lasting = {
        (row.kind, row.subject): row
        for row in Difference.objects.select_for_update(of=("self",)).exclude(
            status=DifferenceStatus.RESOLVED
        )
    }
    for each in {(each.kind, each.subject[:300]): each for each in found}.values():
        row = lasting.pop((each.kind, each.subject[:300]), None)
        row = row or Difference(kind=each.kind, subject=each.subject[:300], first_seen_at=now)
        seen = (each.expected[:300], each.found[:300])
        if row.pk and seen != (row.expected, row.found):
            # What was explained was another difference.
            row.status = DifferenceStatus.OPEN
        row.expected, row.found = seen
        row.last_seen_at = now
        row.nights = row.nights + 1 if row.pk else 1
        row.save()
    for row in lasting.values():
        row.status, row.resolved_at = DifferenceStatus.RESOLVED, now
        row.save(update_fields=["status", "resolved_at"])
