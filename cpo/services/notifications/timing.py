"""When a mail may reach a person, by their own clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from cpo.models import NotificationSettings


def zone_of(own: NotificationSettings) -> ZoneInfo:
    return ZoneInfo(own.time_zone)


def mail_due(own: NotificationSettings, now: datetime, *, digest: bool) -> datetime:
    """The next daily mail; else now, or when the quiet hours that it is in are over."""
    local = now.astimezone(zone_of(own))
    if digest:
        return _next(local, own.digest_at)
    if own.quiet_from is None or own.quiet_until is None:
        return now
    return _next(local, own.quiet_until) if _is_quiet(local.time(), own) else now


def _is_quiet(moment: time, own: NotificationSettings) -> bool:
    begin, end = own.quiet_from, own.quiet_until
    if begin is None or end is None:
        return False
    if begin <= end:
        return begin <= moment < end
    return moment >= begin or moment < end


def _next(local: datetime, wanted: time) -> datetime:
    """The next time that the clock shows `wanted`."""
    today = local.replace(
        hour=wanted.hour, minute=wanted.minute, second=wanted.second, microsecond=0
    )
    return today if today > local else today + timedelta(days=1)
