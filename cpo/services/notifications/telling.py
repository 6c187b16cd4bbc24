"""`notify`: tell people something, each once, by the channels that each of them chose."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Q, QuerySet

from cpo.access import ROLE_RIGHTS, Right
from cpo.events import NotificationsMade
from cpo.models import CPO, MailWhen, Notification, NotificationChoice, NotificationSettings, User
from cpo.services.notifications.catalogue import KINDS
from cpo.services.notifications.timing import mail_due
from unievp.lib import clock
from unievp.lib.events import publish


def notify(
    people: Iterable[User],
    *,
    event: str,
    key: str,
    args: dict[str, Any] | None = None,
    link: str = "",
    cpo: CPO | None = None,
) -> int:
    """Tell each of `people`, once per `key`; how many were told now.

    In the caller's transaction. `args` fill the catalogue's words (strings and whole numbers;
    times as datetime under names with `_at`); `link` is a path of ours. Raises ValueError for an
    event that is not in the catalogue.
    """
    if event not in KINDS:
        message = f"{event} is not in the catalogue of notifications"
        raise ValueError(message)
    persons = {person.pk: person for person in people if person.is_active}
    known = Notification.objects.filter(user__in=persons, key=key).values_list("user_id", flat=True)
    told = set(known)
    # In one order, whoever writes: two who tell the same wait, and do not lock each other.
    new = [person for pk, person in sorted(persons.items()) if pk not in told]
    if not new:
        return 0
    stored = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in (args or {}).items()
    }
    now = clock.now()
    rows = _rows(new, event, now)
    for row in rows:
        row.key, row.args, row.link, row.cpo, row.created_at = key[:200], stored, link, cpo, now
    with transaction.atomic():
        Notification.objects.bulk_create(rows, ignore_conflicts=True)
        if rows:
            publish(NotificationsMade(tuple(sorted(row.user_id for row in rows))))
    return len(rows)


def people_of(cpo: CPO, right: Right) -> QuerySet[User]:
    """Those of a company's team whose role has the right."""
    roles = [role for role, rights in ROLE_RIGHTS.items() if right in rights]
    members = User.objects.filter(memberships__cpo=cpo, memberships__role__in=roles)
    return members.filter(is_active=True).distinct()


def platform_people(permission: str) -> QuerySet[User]:
    """The platform's staff who have a permission ("payments.change_settlement")."""
    app, _dot, name = permission.partition(".")
    granted = Permission.objects.filter(codename=name, content_type__app_label=app)
    return User.objects.filter(
        Q(is_superuser=True) | Q(user_permissions__in=granted) | Q(groups__permissions__in=granted),
        is_staff=True,
        is_active=True,
    ).distinct()


def _rows(people: list[User], event: str, now: datetime) -> list[Notification]:
    """A row for each who wants to know by any channel."""
    choices = {
        choice.user_id: choice
        for choice in NotificationChoice.objects.filter(user__in=people, event=event)
    }
    clocks = {row.user_id: row for row in NotificationSettings.objects.filter(user__in=people)}
    rows = []
    for person in people:
        choice = choices.get(person.pk) or NotificationChoice(mail=KINDS[event].mail)
        by_mail = choice.mail != MailWhen.NEVER and bool(person.email)
        own_clock = clocks.get(person.pk) or NotificationSettings()
        due = mail_due(own_clock, now, digest=choice.mail == MailWhen.DIGEST) if by_mail else None
        if choice.in_bell or due:
            rows.append(
                Notification(user=person, event=event, in_bell=choice.in_bell, mail_due_at=due)
            )
    return rows
