"""Tickets are opened: by people and programs, by drivers with or without an account."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from chargers.models import Charger, ChargingSession, Connector
from cpo.access import Actor, audit_name
from cpo.models import CPO, Driver
from cpo.services import audit
from payments.models import PaymentIntent, Settlement
from tickets.events import TicketMoved
from tickets.models import Ticket, TicketMailKind
from tickets.services.attaching import File, attach, check_files
from tickets.services.authors import Author, author_of
from tickets.services.clocks import set_due
from tickets.services.mails import order_mail
from tickets.services.texts import LONGEST_SUBJECT, cleaned
from tickets.states import TicketCategory, TicketPriority, TicketSide, TicketVia
from unievp.lib import clock
from unievp.lib.errors import InvalidError, RefusedError
from unievp.lib.events import publish

# Who reports more than this in an hour is not read any faster.
MOST_PER_HOUR: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What somebody wants dealt with, in their own words, and what it is about."""

    category: str
    subject: str
    description: str = ""
    priority: str = TicketPriority.NORMAL
    charger: Charger | None = None
    connector: Connector | None = None
    session: ChargingSession | None = None
    payment: PaymentIntent | None = None
    settlement: Settlement | None = None
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How to reach who reports it. Answers are mailed in `language`."""

    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = "id"


def open_ticket(report: Report, *, cpo: CPO | None, actor: Actor, via: TicketVia | str) -> Ticket:
    """Of a person or a key. `cpo` None: of the platform alone; the caller has checked the right.

    Raises InvalidError for words that are missing or too long, a wrong file, and what is not of
    this company.
    """
    author = author_of(actor, via)
    values = _checked(report)
    _check_owner(values, cpo)
    with transaction.atomic():
        ticket = _create(report, values, cpo=cpo, author=author, contact=None)
        if author.user is not None:
            ticket.watchers.add(author.user)
    return ticket


def open_by_driver(
    report: Report, *, contact: Contact | None = None, driver: Driver | None = None
) -> Ticket:
    """Of somebody who charges; the company follows from what it is about, else the platform's.

    Raises InvalidError as `open_ticket` does and for an address that is none, RefusedError
    (`too_many`) for who reports again and again.
    """
    contact = _contact(contact or Contact(), driver)
    values = _checked(report)
    cpo = _owner_of(values)
    _check_owner(values, cpo)
    label = str(audit_name(driver)) if driver else contact.name or contact.email or "driver"
    author = Author(label[:150], TicketSide.DRIVER, TicketVia.DRIVER, driver=driver)
    with transaction.atomic():
        _check_pace(contact, driver)
        ticket = _create(report, values, cpo=cpo, author=author, contact=contact)
        order_mail(ticket, TicketMailKind.RECEIVED, key=f"received:{ticket.pk}")
    return ticket


def _create(
    report: Report,
    values: dict[str, Any],
    *,
    cpo: CPO | None,
    author: Author,
    contact: Contact | None,
) -> Ticket:
    now = clock.now()
    ticket = Ticket(
        **values,
        cpo=cpo,
        opened_by=author.user,
        opened_label=author.label,
        opened_via=author.via,
        driver=author.driver,
        opened_at=now,
        updated_at=now,
        first_seen_at=now,
        last_seen_at=now,
        clock_started_at=now,
    )
    if contact is not None:
        ticket.reporter_name, ticket.reporter_email = contact.name, contact.email
        ticket.reporter_phone, ticket.language = contact.phone, contact.language
    set_due(ticket)
    ticket.save(force_insert=True)
    for file in report.files:
        attach(ticket, file, author=author)
    audit.record(
        actor=author.audited,
        action="ticket.open",
        subject=ticket,
        after={name: values[name] for name in ("category", "priority", "subject")},
        cpo=cpo,
    )
    publish(TicketMoved(ticket.pk))
    return ticket


def _checked(report: Report) -> dict[str, Any]:
    """The fields of the row."""
    known: tuple[tuple[str, list[str]], ...] = (
        ("category", TicketCategory.values),
        ("priority", TicketPriority.values),
    )
    for field, names in known:
        if getattr(report, field) not in names:
            text = _("One of: %(known)s.") % {"known": ", ".join(names)}
            raise InvalidError(text, field=field)
    check_files(report.files)
    values = {
        name: getattr(report, name)
        for name in ("charger", "connector", "session", "payment", "settlement")
    }
    for name in ("session", "payment", "connector"):
        # What it is about says where.
        about = values[name]
        if about is not None and values["charger"] is None:
            values["charger"] = about.charger
        if about is not None and name != "connector" and values["connector"] is None:
            values["connector"] = about.connector
    return {
        **values,
        "category": report.category,
        "priority": report.priority,
        "subject": cleaned(report.subject, field="subject", longest=LONGEST_SUBJECT),
        "description": cleaned(report.description, field="description", needed=False),
    }


def _owner_of(values: dict[str, Any]) -> CPO | None:
    about = values["session"] or values["payment"] or values["charger"]
    owner: CPO | None = about.cpo if about is not None else None
    return owner


def _check_owner(values: dict[str, Any], cpo: CPO | None) -> None:
    for name in ("charger", "session", "payment", "settlement"):
        about = values[name]
        if about is not None and cpo is not None and about.cpo_id != cpo.pk:
            raise InvalidError(_("This is not of the same company."), field=name)
    charger, connector = values["charger"], values["connector"]
    for name in ("session", "payment"):
        about = values[name]
        if about is not None and about.charger_id not in (None, charger.pk):
            raise InvalidError(_("This was at another charger."), field=name)
    if connector is not None and connector.charger_id != charger.pk:
        raise InvalidError(_("This charger has no such connector."), field="connector")


def _contact(contact: Contact, driver: Driver | None) -> Contact:
    given = {name: value.strip() for name, value in asdict(contact).items()}
    if driver is not None:
        known = {"name": driver.name, "email": driver.email, "phone": driver.phone}
        given.update({name: value for name, value in known.items() if not given[name]})
        given["language"] = driver.language
    for name, longest in (("name", 120), ("email", 254), ("phone", 32), ("language", 5)):
        given[name] = cleaned(given[name], field=name, longest=longest, needed=False)
    if given["email"]:
        try:
            validate_email(given["email"])
        except ValidationError:
            raise InvalidError(_("This is no e-mail address."), field="email") from None
    return Contact(**given)


def _check_pace(contact: Contact, driver: Driver | None) -> None:
    lately = Ticket.objects.filter(opened_at__gt=clock.now() - timedelta(hours=1))
    if driver is not None:
        lately = lately.filter(driver=driver)
    elif contact.email:
        lately = lately.filter(reporter_email__iexact=contact.email)
    else:
        return
    if lately.count() >= MOST_PER_HOUR:
        raise RefusedError(
            _("You have reported a lot in this hour. Add to one of your reports, or wait."),
            code="too_many",
        )
