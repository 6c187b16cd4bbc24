"""The colour of each badge."""

from __future__ import annotations

from typing import Final

from tickets.models import TicketMailStatus, TicketPriority, TicketStatus

STATUS: Final = {
    TicketStatus.OPEN: "warning",
    TicketStatus.REOPENED: "warning",
    TicketStatus.IN_PROGRESS: "info",
    TicketStatus.WAITING: "",
    TicketStatus.RESOLVED: "success",
    TicketStatus.CLOSED: "",
}
PRIORITY: Final = {
    TicketPriority.LOW: "",
    TicketPriority.NORMAL: "info",
    TicketPriority.HIGH: "warning",
    TicketPriority.URGENT: "danger",
}
MAIL: Final = {
    TicketMailStatus.WAITING: "info",
    TicketMailStatus.SENDING: "info",
    TicketMailStatus.SENT: "success",
    TicketMailStatus.FAILED: "danger",
}
