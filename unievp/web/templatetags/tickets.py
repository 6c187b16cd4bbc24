"""How tickets are shown: the colours of their badges, and people by their names."""

from __future__ import annotations

from typing import Final

from django import template

from cpo.models import User
from tickets.models import TicketPriority, TicketStatus

register = template.Library()

# Tabler's colours; the text beside them says the same.
STATUS_COLOURS: Final[dict[str, str]] = {
    TicketStatus.OPEN: "yellow",
    TicketStatus.REOPENED: "yellow",
    TicketStatus.IN_PROGRESS: "blue",
    TicketStatus.WAITING: "purple",
    TicketStatus.RESOLVED: "green",
    TicketStatus.CLOSED: "secondary",
}
PRIORITY_COLOURS: Final[dict[str, str]] = {
    TicketPriority.LOW: "secondary",
    TicketPriority.NORMAL: "blue",
    TicketPriority.HIGH: "yellow",
    TicketPriority.URGENT: "red",
}


@register.filter
def ticket_colour(status: str) -> str:
    return STATUS_COLOURS.get(status, "secondary")


@register.filter
def priority_colour(priority: str) -> str:
    return PRIORITY_COLOURS.get(priority, "secondary")


@register.filter
def person(user: User) -> str:
    """By name where there is one."""
    return user.get_full_name() or user.email or user.get_username()
