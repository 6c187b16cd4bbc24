"""What people have reported in the demo, and how far it has come."""

from __future__ import annotations

from typing import NamedTuple

from chargers.models import Charger
from cpo.models import CPO, Driver, User
from tickets.models import Ticket, TicketCategory, TicketPriority, TicketStatus, TicketVia
from tickets.services.changing import Change, change_ticket
from tickets.services.commenting import add_comment
from tickets.services.opening import Report, open_by_driver, open_ticket


class DemoComment(NamedTuple):
    """`author` is a login."""

    author: str
    body: str
    internal: bool = False


class DemoTicket(NamedTuple):
    """`reporter` is a login, or a driver's address; without a company it is the platform's."""

    reporter: str
    company: str
    category: TicketCategory
    priority: TicketPriority
    subject: str
    description: str
    charger: str = ""
    comments: tuple[DemoComment, ...] = ()
    status: TicketStatus = TicketStatus.OPEN
    assignee: str = ""


TICKETS: tuple[DemoTicket, ...] = (
    DemoTicket(
        reporter="budi@driver.example",
        company="Nusantara Charge",
        category=TicketCategory.CHARGER,
        priority=TicketPriority.HIGH,
        subject="Kabel tidak bisa dilepas",
        description="Pengisian sudah selesai, tetapi konektor 1 masih terkunci.",
        charger="SIM-0001",
        comments=(
            DemoComment("owner@nusantara.example", "Kunci konektor ini sudah aus.", internal=True),
            DemoComment("owner@nusantara.example", "Kami buka dari sini, silakan tarik lagi."),
        ),
        status=TicketStatus.IN_PROGRESS,
        assignee="owner@nusantara.example",
    ),
    DemoTicket(
        reporter="owner@bali.example",
        company="Bali EV Hub",
        category=TicketCategory.SETTLEMENT,
        priority=TicketPriority.NORMAL,
        subject="Kapan rekening baru bisa dipakai?",
        description="Kami mengganti rekening bank minggu ini.",
        comments=(DemoComment("admin", "Mohon kirim halaman pertama buku tabungannya."),),
        status=TicketStatus.WAITING,
        assignee="admin",
    ),
    DemoTicket(
        reporter="admin",
        company="",
        category=TicketCategory.OTHER,
        priority=TicketPriority.LOW,
        subject="Perpanjang kontrak SMS sebelum akhir tahun",
        description="",
    ),
)


def add_ticket(ticket: DemoTicket, *, admin: User) -> bool:
    """Whether it was not there yet (by its subject and company)."""
    cpo = CPO.objects.filter(name=ticket.company).first()
    # A company that was renamed by hand stays as it is.
    is_lost = bool(ticket.company) and cpo is None
    if is_lost or Ticket.objects.filter(cpo=cpo, subject=ticket.subject).exists():
        return False
    charger = Charger.objects.filter(identity=ticket.charger).first() if ticket.charger else None
    report = Report(
        category=ticket.category,
        priority=ticket.priority,
        subject=ticket.subject,
        description=ticket.description,
        charger=charger,
        connector=charger.connectors.order_by("number").first() if charger else None,
    )
    driver = Driver.objects.filter(email=ticket.reporter).first()
    if driver is not None:
        made = open_by_driver(report, driver=driver)
    else:
        made = open_ticket(report, cpo=cpo, actor=_person(ticket.reporter), via=TicketVia.PORTAL)
    for comment in ticket.comments:
        author = _person(comment.author)
        via = TicketVia.ADMIN if author.is_staff else TicketVia.PORTAL
        add_comment(made, body=comment.body, actor=author, via=via, internal=comment.internal)
    wish = Change(
        status=ticket.status, assignee=_person(ticket.assignee) if ticket.assignee else None
    )
    change_ticket(made, wish, actor=admin, via=TicketVia.ADMIN)
    return True


def _person(username: str) -> User:
    return User.objects.get(username__iexact=username)
