"""What a person wants to be told, how, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils.translation import gettext as _

from cpo.models import MailWhen, Notification, NotificationChoice, NotificationSettings, User
from cpo.services.notifications.catalogue import KINDS, Kind
from unievp.lib import clock
from unievp.lib.errors import InvalidError


@dataclass(frozen=True, slots=True)
class Wanted:
    in_bell: bool
    mail: str


def kinds_for(person: User) -> dict[str, Kind]:
    """What this person may be told of."""
    return {name: kind for name, kind in KINDS.items() if person.is_staff or not kind.for_staff}


def choices_of(person: User) -> dict[str, Wanted]:
    rows = {row.event: row for row in NotificationChoice.objects.filter(user=person)}
    return {
        name: Wanted(rows[name].in_bell, rows[name].mail)
        if name in rows
        else Wanted(in_bell=True, mail=kind.mail)
        for name, kind in kinds_for(person).items()
    }


def choose(person: User, wanted: Mapping[str, Wanted]) -> None:
    """Keep the choices of these events. Raises InvalidError for one that is none."""
    for name, choice in wanted.items():
        if name not in KINDS:
            raise InvalidError(_("There is no such event."), field=name)
        if choice.mail not in MailWhen.values:
            raise InvalidError(_("Choose when mail is sent."), field=f"mail.{name}")
    with transaction.atomic():
        for name, choice in wanted.items():
            NotificationChoice.objects.update_or_create(
                user=person,
                event=name,
                defaults={"in_bell": choice.in_bell, "mail": choice.mail},
            )


def times_of(person: User) -> NotificationSettings:
    """Their own, or what holds for people who chose nothing."""
    return NotificationSettings.objects.filter(user=person).first() or NotificationSettings()


def set_times(
    person: User, *, time_zone: str, quiet_from: str, quiet_until: str, digest_at: str
) -> NotificationSettings:
    """Times are "HH:MM"; both ends of the quiet hours, or none of them. Raises InvalidError."""
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidError(_("There is no such time zone."), field="time_zone") from None
    begin, end = _time(quiet_from, "quiet_from"), _time(quiet_until, "quiet_until")
    if (begin is None) != (end is None):
        field = "quiet_from" if begin is None else "quiet_until"
        raise InvalidError(_("Quiet hours need both times, or none."), field=field)
    daily = _time(digest_at, "digest_at")
    if daily is None:
        raise InvalidError(_("Choose when the daily mail is sent."), field="digest_at")
    own, _made = NotificationSettings.objects.update_or_create(
        user=person,
        defaults={
            "time_zone": time_zone,
            "quiet_from": begin if begin != end else None,
            "quiet_until": end if begin != end else None,
            "digest_at": daily,
        },
    )
    return own


def mark_read(person: User, *, up_to: datetime | None = None, pk: int | None = None) -> int:
    """One, or all that came until `up_to`; how many were unread."""
    rows = Notification.objects.filter(user=person, read_at=None)
    rows = rows.filter(pk=pk) if pk is not None else rows.filter(created_at__lte=up_to)
    return rows.update(read_at=clock.now())


def unread_count(person: User) -> int:
    return Notification.objects.filter(user=person, in_bell=True, read_at=None).count()


def _time(text: str, field: str) -> time | None:
    if not text.strip():
        return None
    try:
        return datetime.strptime(text.strip()[:5], "%H:%M").time()  # noqa: DTZ007  (a clock's time)
    except ValueError:
        raise InvalidError(_("Write a time as 21:30."), field=field) from None
