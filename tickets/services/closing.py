"""What is resolved and stays quiet is closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_noop

from tickets.models import Ticket
from tickets.services.authors import Author
from tickets.services.moving import keep, locked, move
from tickets.states import TicketSide, TicketStatus, TicketVia
from unievp.lib import clock

QUIET_FOR: Final = timedelta(days=7)
QUIET: Final = gettext_noop("Nothing more was said for a week")
_AT_ONCE: Final = 500


def close_quiet_tickets() -> int:
    """Resolved for QUIET_FOR, without a word since; how many."""
    before = clock.now() - QUIET_FOR
    quiet = Ticket.objects.filter(
        status=TicketStatus.RESOLVED, resolved_at__lt=before, updated_at__lt=before
    )
    author = Author("beat: close_quiet_tickets", TicketSide.PLATFORM, TicketVia.RULE)
    closed = 0
    for pk in list(quiet.order_by("resolved_at").values_list("pk", flat=True)[:_AT_ONCE]):
        with transaction.atomic():
            ticket = locked(pk)
            if ticket.status == TicketStatus.RESOLVED and ticket.updated_at < before:
                now = clock.now()
                move(ticket, TicketStatus.CLOSED, author=author, now=now, reason=QUIET)
                keep(ticket, now)
                closed += 1
    return closed
