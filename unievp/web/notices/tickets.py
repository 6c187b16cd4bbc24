"""Tickets: who is told that one was opened, given to them, talked about, changed, or is late."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.db.models import Max, Model, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_noop

from cpo.access import Right
from cpo.models import Membership, User
from cpo.services.cursors import advance, position_of
from cpo.services.notifications.telling import notify, people_of, platform_people
from tickets.models import Ticket, TicketChange, TicketComment
from tickets.states import ChangedField, TicketCategory, TicketSide, TicketStatus
from tickets.words import WORDS
from unievp.lib import clock

DESK: Final = "tickets.change_ticket"
# What companies cannot deal with alone.
FOR_THE_PLATFORM: Final = (TicketCategory.SETTLEMENT, TicketCategory.ACCOUNT)
# The sweep runs each minute; a day without one is noticed otherwise.
_LOOKED_BACK: Final = timedelta(days=1)
# No transaction that opens or changes a ticket takes longer; each row is read until then.
_SETTLED: Final = timedelta(minutes=3)
_LONGEST_COMMENT: Final = 200
_PARTS: Final = ("ticket__cpo", "ticket__assignee", "ticket__opened_by")
_Row = TypeVar("_Row", bound=Model)

_CONTEXT: Final = "ticket"
_STATUSES: Final[Mapping[str, dict[str, str]]] = {
    TicketStatus.OPEN: {"text": gettext_noop("Open"), "context": _CONTEXT},
    TicketStatus.IN_PROGRESS: {"text": gettext_noop("In progress")},
    TicketStatus.WAITING: {"text": gettext_noop("Waiting for an answer"), "context": _CONTEXT},
    TicketStatus.RESOLVED: {"text": gettext_noop("Resolved"), "context": _CONTEXT},
    TicketStatus.CLOSED: {"text": gettext_noop("Closed"), "context": _CONTEXT},
    TicketStatus.REOPENED: {"text": gettext_noop("Opened again")},
}


def tell_of_tickets() -> int:
    """What is new in the logs since the last look; how many people were told."""
    opened = Ticket.objects.select_related("cpo", "opened_by")
    changes = TicketChange.objects.select_related("actor", *_PARTS)
    comments = TicketComment.objects.select_related("author", *_PARTS)
    return (
        _read("notices.tickets.opened", opened, _tell_opened)
        + _read("notices.tickets.changed", changes, _tell_changed)
        + _read("notices.tickets.commented", comments, _tell_commented)
        + _tell_late()
    )


def _read(name: str, rows: QuerySet[_Row], tell: Callable[[_Row], int]) -> int:
    def end() -> int:
        newest: int | None = rows.model._default_manager.aggregate(end=Max("pk"))["end"]
        return newest or 0

    position = position_of(name, begin=end)
    until = end()
    told = sum(tell(row) for row in rows.filter(pk__gt=position).order_by("pk"))
    advance(name, end=until, settled=_SETTLED)
    return told


def _tell_opened(ticket: Ticket) -> int:
    people = _desk(ticket)
    if ticket.category in FOR_THE_PLATFORM:
        people += platform_people(DESK)
    return _notify(ticket, people, "opened", key=f"ticket:{ticket.pk}", but=ticket.opened_by)


def _tell_changed(change: TicketChange) -> int:
    ticket, key = change.ticket, f"ticket_change:{change.pk}"
    if change.field == ChangedField.STATUS:
        args = {"status": _STATUSES.get(change.new, {"text": change.new})}
        return _notify(ticket, _concerned(ticket), "changed", key=key, but=change.actor, **args)
    if change.field == ChangedField.ASSIGNEE and change.new:
        people = User.objects.filter(username=change.new)
        return _notify(ticket, people, "assigned", key=key, but=change.actor)
    return 0


def _tell_commented(comment: TicketComment) -> int:
    # What a driver adds to a ticket that nobody has taken up is everybody's.
    people = _concerned(comment.ticket) or _desk(comment.ticket)
    if comment.internal and comment.side == TicketSide.PLATFORM:
        people = [person for person in people if person.is_staff]
    return _notify(
        comment.ticket,
        people,
        "commented",
        key=f"ticket_comment:{comment.pk}",
        but=comment.author,
        person=comment.author_label,
        comment=comment.body[:_LONGEST_COMMENT],
    )


def _tell_late() -> int:
    since = clock.now() - _LOOKED_BACK
    told = 0
    for mark, due in (
        ("answer_late_at", "due_first_answer_at"),
        ("resolution_late_at", "due_resolution_at"),
    ):
        rows = Ticket.objects.filter(**{f"{mark}__gt": since})
        for ticket in rows.select_related("cpo", "assignee", "opened_by").order_by("pk"):
            late_at: datetime = getattr(ticket, mark)
            people = [*_concerned(ticket), *platform_people(DESK)]
            if ticket.assignee is None:
                people += _desk(ticket)
            key = f"ticket_late:{ticket.pk}:{mark}:{int(late_at.timestamp())}"
            told += _notify(ticket, people, "late", key=key, due_at=getattr(ticket, due) or late_at)
    return told


def _desk(ticket: Ticket) -> list[User]:
    """Those whose work it is while nobody has taken it up."""
    if ticket.cpo is None:
        return list(platform_people(DESK))
    return list(people_of(ticket.cpo, Right.OPERATE))


def _concerned(ticket: Ticket) -> list[User]:
    """Who deals with it, opened it or follows it, as far as they may still see it."""
    people = {person.pk: person for person in ticket.watchers.all()}
    people |= {each.pk: each for each in (ticket.assignee, ticket.opened_by) if each}
    members = set(
        Membership.objects.filter(cpo=ticket.cpo_id, user__in=people).values_list(
            "user_id", flat=True
        )
    )
    return [each for each in people.values() if each.is_staff or each.pk in members]


def _notify(
    ticket: Ticket,
    people: Iterable[User],
    what: str,
    *,
    key: str,
    but: User | None = None,
    **args: Any,
) -> int:
    """Everybody but who did it."""
    told = [person for person in people if but is None or person.pk != but.pk]
    company = ticket.cpo.name if ticket.cpo else "UNIEV"
    subject: Any = ticket.subject
    if not subject:
        # Of a rule: in the reader's language.
        words = WORDS.get(ticket.title_code)
        title = words.title if words else ticket.title_code
        subject = {"text": title, "args": ticket.title_args}
    return notify(
        told,
        event=f"ticket.{what}",
        key=key,
        args={"subject": subject, "company": company, **args},
        link=_page(ticket),
        cpo=ticket.cpo,
    )


def _page(ticket: Ticket) -> str:
    """The platform's own are not in the portal."""
    if ticket.cpo_id is None:
        return reverse("admin:tickets_ticket_change", args=(ticket.pk,))
    return reverse("portal:ticket", args=(ticket.number,))
