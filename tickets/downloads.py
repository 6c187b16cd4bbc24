"""A ticket's file as an HTTP answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unievp.lib.downloads import attachment

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from tickets.models import TicketAttachment


def send_file(file: TicketAttachment, *, head: bool = False) -> HttpResponseBase:
    """Named by us: what it is called outside is only shown, and may lie about its kind."""
    name = f"{file.ticket.number}-{str(file.pk)[:8]}.{file.extension}"
    return attachment(file.file.open("rb"), name=name, size=file.size, head=head)
