"""Tickets: opened, changed, commented on; as `GET /api/tickets/{id}`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from cpo.services.webhooks.outbox import Listeners, News
from tickets.api.serializers import CommentView, TicketView
from tickets.models import Ticket, TicketChange, TicketComment
from tickets.states import ChangedField, TicketStatus
from unievp.web.webhooks.source import Log, Source

_PARTS: Final = ("charger", "connector", "assignee")
# Those that have an event of their own; any other change is an update.
_TOLD_APART: Final = (TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.REOPENED)
_TICKETS: Final = Log(Ticket, "cpo")
_CHANGES: Final = Log(TicketChange, "ticket__cpo")
_COMMENTS: Final = Log(TicketComment, "ticket__cpo", {"internal": False})


def changes_of(ticket_ids: Sequence[int]) -> list[int]:
    rows = TicketChange.objects.filter(ticket__in=ticket_ids)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def comments_of(ticket_ids: Sequence[int]) -> list[int]:
    rows = TicketComment.objects.filter(ticket__in=ticket_ids, internal=False)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _created(ids: Sequence[int], told: Listeners) -> list[News]:
    rows = told.of(Ticket.objects.filter(pk__in=ids).select_related(*_PARTS), "cpo")
    return [
        News("ticket.created", CREATED.key(row.pk), row.cpo_id, row.opened_at, _shown(row))
        for row in rows.order_by("pk")
    ]


def _changed(ids: Sequence[int], told: Listeners) -> list[News]:
    rows = told.of(TicketChange.objects.filter(pk__in=ids), "ticket__cpo").order_by("pk")
    changes = list(rows)
    tickets = _tickets_of(change.ticket_id for change in changes)
    return [
        News(
            _type_of(change),
            CHANGED.key(change.pk),
            tickets[change.ticket_id].cpo_id,
            change.at,
            {
                **_shown(tickets[change.ticket_id]),
                "change": {"field": change.field, "old": change.old, "new": change.new},
            },
        )
        for change in changes
    ]


def _commented(ids: Sequence[int], told: Listeners) -> list[News]:
    rows = TicketComment.objects.filter(pk__in=ids, internal=False)
    comments = list(told.of(rows, "ticket__cpo").prefetch_related("attachments").order_by("pk"))
    tickets = _tickets_of(comment.ticket_id for comment in comments)
    return [
        News(
            "ticket.commented",
            COMMENTED.key(comment.pk),
            tickets[comment.ticket_id].cpo_id,
            comment.at,
            {**_shown(tickets[comment.ticket_id]), "comment": dict(CommentView(comment).data)},
        )
        for comment in comments
    ]


def _tickets_of(ids: Iterable[int]) -> dict[int, Ticket]:
    return Ticket.objects.select_related(*_PARTS).in_bulk(set(ids))


def _shown(ticket: Ticket) -> dict[str, Any]:
    return dict(TicketView(ticket).data)


def _type_of(change: TicketChange) -> str:
    if change.field == ChangedField.STATUS and change.new in _TOLD_APART:
        return f"ticket.{change.new}"
    return "ticket.updated"


CREATED = Source("ticket.created", ("ticket.created",), _TICKETS.end, _TICKETS.read, _created)
CHANGED = Source(
    "ticket.changed",
    ("ticket.updated", "ticket.resolved", "ticket.closed", "ticket.reopened"),
    _CHANGES.end,
    _CHANGES.read,
    _changed,
)
COMMENTED = Source(
    "ticket.commented", ("ticket.commented",), _COMMENTS.end, _COMMENTS.read, _commented
)
