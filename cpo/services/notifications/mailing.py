"""Mails of what people are to be told: one for all that is due, in the reader's language."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from cpo.models import Notification, User
from cpo.services.notifications.choosing import times_of
from cpo.services.notifications.timing import zone_of
from cpo.services.notifications.words import body_of, title_of
from unievp.lib import clock

_PEOPLE_AT_ONCE: Final = 200
# What stands in one mail; the bell has the rest.
_MOST_IN_A_MAIL: Final = 50


def send_due_mails() -> int:
    """One mail to everybody for whom something is due; how many mails.

    Raises OSError where there is no mail server now; what was not sent stays due.
    """
    due = Notification.objects.filter(mail_due_at__lte=clock.now(), mailed_at=None)
    people = list(due.order_by().values_list("user_id", flat=True).distinct()[:_PEOPLE_AT_ONCE])
    return sum(send_mail_to(user_id) for user_id in people)


def send_mail_to(user_id: int) -> bool:
    """What is due for one person, in one mail; whether there was anything."""
    with transaction.atomic():
        due = Notification.objects.filter(
            user=user_id, mail_due_at__lte=clock.now(), mailed_at=None
        )
        rows = list(due.select_for_update(of=("self",), skip_locked=True).order_by("created_at"))
        marked = Notification.objects.filter(pk__in=[row.pk for row in rows])
        marked.update(mailed_at=clock.now())
    person = User.objects.get(pk=user_id)
    if not rows or not person.is_active or not person.email:
        return False
    subject, text = _written(person, rows)
    try:
        send_mail(subject, text, None, [person.email])
    except OSError:
        # No mail server now: the sweep tries again.
        marked.update(mailed_at=None)
        raise
    return True


def forget_old_notifications() -> int:
    """Delete what is older than NOTIFICATION_DAYS, read or not; how many."""
    before = clock.now() - timedelta(days=settings.NOTIFICATION_DAYS)
    return Notification.objects.filter(created_at__lt=before).delete()[0]


def _written(person: User, rows: list[Notification]) -> tuple[str, str]:
    zone = zone_of(times_of(person))
    with override(person.language or settings.LANGUAGE_CODE):
        items = [
            {
                "title": title_of(row, zone),
                "body": body_of(row, zone),
                "address": f"{settings.PUBLIC_URL}{row.link}" if row.link else "",
            }
            for row in rows[:_MOST_IN_A_MAIL]
        ]
        subject = (
            str(items[0]["title"])
            if len(rows) == 1
            else _("UNIEV: %(count)d messages") % {"count": len(rows)}
        )
        context = {
            "items": items,
            "more": len(rows) - len(items),
            "all": f"{settings.PUBLIC_URL}{reverse('portal:notifications')}",
            "choices": f"{settings.PUBLIC_URL}{reverse('portal:notification_choices')}",
        }
        return subject, render_to_string("account/email/notifications.txt", context)
