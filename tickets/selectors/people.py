"""Who may deal with a ticket, and who is told of it."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from cpo.access import ROLE_RIGHTS, Right
from cpo.models import User
from tickets.models import Ticket


def assignable(ticket: Ticket, *, by_platform: bool) -> QuerySet[User]:
    """The company's people who operate chargers; the platform's staff besides, for staff alone.

    Who has it already is among them.
    """
    roles = [role for role, rights in ROLE_RIGHTS.items() if Right.OPERATE in rights]
    who = Q(memberships__cpo=ticket.cpo_id, memberships__role__in=roles)
    if ticket.cpo_id is None:
        who = Q(is_staff=True)
    elif by_platform:
        who |= Q(is_staff=True)
    if ticket.assignee_id is not None:
        who |= Q(pk=ticket.assignee_id)
    return User.objects.filter(who, is_active=True).distinct().order_by("username")
