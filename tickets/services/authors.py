"""Who speaks in a ticket, and for which side."""

from __future__ import annotations

from dataclasses import dataclass

from cpo.access import Actor, audit_name, is_platform_staff
from cpo.models import CPO, Driver, User
from tickets.models import Ticket
from tickets.states import TicketSide, TicketVia


@dataclass(frozen=True, slots=True)
class Author:
    """`label` is the name that is kept, whoever goes: a key, a driver and a rule have no row."""

    label: str
    side: TicketSide
    via: TicketVia
    user: User | None = None
    driver: Driver | None = None

    @property
    def audited(self) -> User | str:
        return self.user or self.label


def author_of(actor: Actor, via: TicketVia | str) -> Author:
    """A person, an API key or a driver as an author."""
    name = audit_name(actor)
    if isinstance(actor, Driver):
        return Author(str(name)[:150], TicketSide.DRIVER, TicketVia(via), driver=actor)
    side = TicketSide.PLATFORM if is_platform_staff(actor) else TicketSide.COMPANY
    user = actor if isinstance(actor, User) else None
    label = user.get_full_name() or user.get_username() if user else str(name)
    return Author(label[:150], side, TicketVia(via), user=user)


def audited_company(ticket: Ticket, author: Author, *, internal: bool) -> CPO | None:
    """In whose log it stands: notes of the platform are in no company's."""
    return None if internal and author.side == TicketSide.PLATFORM else ticket.cpo


def rule_author(kind: str) -> Author:
    return Author(f"rule: {kind}", TicketSide.PLATFORM, TicketVia.RULE)
