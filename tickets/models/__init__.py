from tickets.models.attachment import TicketAttachment
from tickets.models.comment import TicketComment
from tickets.models.history import TicketChange
from tickets.models.mail import TicketMail
from tickets.models.rule import TicketRule
from tickets.models.service_level import Holiday, ServiceLevel
from tickets.models.ticket import Ticket, pk_of_number
from tickets.states import (
    ChangedField,
    RuleKind,
    TicketCategory,
    TicketMailKind,
    TicketMailStatus,
    TicketPriority,
    TicketSide,
    TicketStatus,
    TicketVia,
)

__all__ = [
    "ChangedField",
    "Holiday",
    "RuleKind",
    "ServiceLevel",
    "Ticket",
    "TicketAttachment",
    "TicketCategory",
    "TicketChange",
    "TicketComment",
    "TicketMail",
    "TicketMailKind",
    "TicketMailStatus",
    "TicketPriority",
    "TicketRule",
    "TicketSide",
    "TicketStatus",
    "TicketVia",
    "pk_of_number",
]
