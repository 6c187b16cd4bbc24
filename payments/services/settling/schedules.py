"""Settlements that nobody has to ask for: each company's own rhythm, once per period."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from cpo.access import Actor, Right, audit_name, require_right
from cpo.models import CPO, CPOStatus
from cpo.services import audit
from payments.models import Frequency, SettlementRun, SettlementSchedule
from payments.selectors.wallet import available_balance
from payments.services.settlements import open_settlement
from unievp.lib import clock
from unievp.lib.errors import DomainError, InvalidError

logger = logging.getLogger(__name__)

ACTOR: Final = "beat: settlement schedule"
_DATED: Final = (Frequency.DAILY, Frequency.WEEKLY)


def set_schedule(
    cpo: CPO,
    *,
    actor: Actor,
    frequency: str,
    weekday: int = 0,
    threshold: int | None = None,
    time_zone: str = "Asia/Jakarta",
) -> SettlementSchedule:
    """Raises ForbiddenError, InvalidError (which names the field)."""
    require_right(actor, cpo, Right.MONEY)
    _check(frequency, weekday, threshold, time_zone)
    values = {
        "frequency": frequency,
        "weekday": weekday,
        "threshold": threshold,
        "time_zone": time_zone,
    }
    with transaction.atomic():
        CPO.objects.select_for_update(no_key=True).get(pk=cpo.pk)
        schedule = SettlementSchedule.objects.filter(cpo=cpo).first()
        before = {name: getattr(schedule, name) for name in values} if schedule else {}
        schedule = schedule or SettlementSchedule(cpo=cpo)
        for name, value in values.items():
            setattr(schedule, name, value)
        schedule.changed_at = clock.now()
        schedule.save()
        audit.record(
            actor=audit_name(actor),
            action="settlement_schedule.set",
            subject=schedule,
            before=before,
            after=values,
            cpo=cpo,
        )
    return schedule


def run_schedules(now: datetime | None = None) -> int:
    """Ask for what is due; how many settlements that were. Twice: nothing more."""
    now = now or clock.now()
    asked = 0
    active = SettlementSchedule.objects.exclude(frequency=Frequency.OFF)
    for schedule in active.select_related("cpo").filter(cpo__status=CPOStatus.VERIFIED):
        period = due_period(schedule, now)
        if period is None:
            continue
        try:
            run = _run(schedule, period, now)
        except Exception:
            # One company's trouble is not the next one's; the next beat tries again.
            logger.exception("The settlement schedule of %s failed", schedule.cpo_id)
        else:
            asked += run is not None and run.settlement_id is not None
    return asked


def due_period(schedule: SettlementSchedule, now: datetime) -> str | None:
    """The local day or week whose morning has come; None: not yet, or not today.

    What is late is still done on the same day, or in the same week.
    """
    local = now.astimezone(ZoneInfo(schedule.time_zone))
    is_morning = local.hour >= settings.SETTLEMENT_SCHEDULE_HOUR
    if schedule.frequency == Frequency.WEEKLY:
        year, week, day = local.isocalendar()
        day -= 1
        if day < schedule.weekday or (day == schedule.weekday and not is_morning):
            return None
        monday = local.date() - timedelta(days=day)
        turn = monday + timedelta(days=schedule.weekday)
        if schedule.changed_at.astimezone(local.tzinfo).date() > turn:
            # The day was chosen after it had passed: next week.
            return None
        return f"{year}-W{week:02d}"
    return f"{local:%Y-%m-%d}" if is_morning else None


def _run(schedule: SettlementSchedule, period: str, now: datetime) -> SettlementRun | None:
    cpo = schedule.cpo
    if SettlementRun.objects.filter(cpo=cpo, period=period).exists():
        return None
    if schedule.frequency == Frequency.THRESHOLD:
        enough = available_balance(cpo, currency=settings.CURRENCY) >= (schedule.threshold or 0)
        if not enough:
            return None
    try:
        with transaction.atomic():
            # The row first: whoever else runs this waits for it, and then finds it.
            run = SettlementRun.objects.create(cpo=cpo, period=period, at=now)
            _ask(run)
    except IntegrityError as error:
        if "settlement_run_is_made_once_per_period" not in str(error):
            raise
        return None
    return run


def _ask(run: SettlementRun) -> None:
    try:
        with transaction.atomic():
            run.settlement = open_settlement(run.cpo, actor=ACTOR)
    except DomainError as error:
        with translation.override("en"):
            run.note = f"{error.code or type(error).__name__}: {error}"[:300]
    run.save(update_fields=["settlement", "note"])


def _check(frequency: str, weekday: int, threshold: int | None, time_zone: str) -> None:
    if frequency not in Frequency.values:
        known = ", ".join(Frequency.values)
        raise InvalidError(_("One of: %(known)s.") % {"known": known}, field="frequency")
    if not 0 <= weekday <= 6:
        raise InvalidError(_("0 is Monday, 6 is Sunday."), field="weekday")
    if time_zone not in available_timezones():
        raise InvalidError(_("This time zone is not known."), field="time_zone")
    least = settings.SETTLEMENT_MINIMUM
    if frequency == Frequency.THRESHOLD and (threshold is None or threshold < least):
        detail = _("At least %(minimum)s.") % {"minimum": least}
        raise InvalidError(detail, field="threshold")
    if threshold is not None and not 0 < threshold < 2**53:
        raise InvalidError(_("This is no amount."), field="threshold")
