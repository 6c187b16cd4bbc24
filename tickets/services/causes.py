"""Tickets that open by themselves: one per cause until it is done, however often it is reported.

A cause is what is wrong (`key`), an occurrence one time that it came. The same occurrence again is
nothing new, also where a person has resolved its ticket while it lasts: they have decided. Another
occurrence is a repeat. What had resolved itself and comes back within COMES_BACK_WITHIN opens its
old ticket again, so that a charger that comes and goes has one ticket and not fifty.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Case, IntegerField, Q, Value, When
from django.utils.translation import gettext_noop

from cpo.services import audit
from tickets.events import TicketMoved
from tickets.models import Ticket, TicketRule
from tickets.services.authors import rule_author
from tickets.services.clocks import set_due
from tickets.services.moving import keep, move
from tickets.services.rules.settings import rule_of
from tickets.states import DONE, RuleKind, TicketStatus, TicketVia
from unievp.lib import clock
from unievp.lib.events import publish

COMES_BACK_WITHIN: Final = timedelta(hours=24)
ENDED: Final = gettext_noop("The cause has ended")
CAME_BACK: Final = gettext_noop("The cause has come back")
_ONE_PER_CAUSE: Final = "ticket_is_one_per_cause_until_it_is_done"
_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """`key` begins with "<kind>:". `code` and `args` name the words (`tickets.words`); `args` are
    strings and whole numbers. `opens`: False where it lasts and does not open a ticket (yet).
    """

    kind: RuleKind
    key: str
    since: datetime
    occurrence: str = ""
    code: str = ""
    args: dict[str, Any] = field(default_factory=dict)
    cpo_id: UUID | None = None
    charger_id: int | None = None
    connector_id: int | None = None
    session_id: int | None = None
    payment_id: UUID | None = None
    settlement_id: int | None = None
    opens: bool = True

    def __post_init__(self) -> None:
        if not self.key.startswith(f"{self.kind}:"):
            message = f"key: {self.key!r} does not begin with {self.kind.value!r} and a colon"
            raise ValueError(message)

    def about(self) -> dict[str, Any]:
        names = ("cpo_id", "charger_id", "connector_id", "session_id", "payment_id")
        return {name: getattr(self, name) for name in (*names, "settlement_id")}


def report_cause(cause: Cause) -> Ticket | None:
    """Its ticket: a new one, the open one, the one that it opened again, or that a person has
    finished meanwhile. None where the rule of its kind is off.
    """
    rule = rule_of(cause.kind)
    if not rule.enabled:
        return None
    for tries_left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                return _report(cause, rule)
        except IntegrityError as error:
            # Somebody else reported it at the same moment: theirs is there now.
            if _ONE_PER_CAUSE not in str(error) or not tries_left:
                raise
    raise AssertionError


def end_cause(key: str) -> Ticket | None:
    """It is over: its ticket is resolved if it resolves itself, else says so; None without one."""
    with transaction.atomic():
        ticket = _of_cause(key)
        if ticket is None or ticket.is_done:
            return None
        if ticket.cause_ended_at is not None:
            return ticket
        now = clock.now()
        ticket.cause_ended_at = now
        if ticket.self_closing:
            author = rule_author(key.partition(":")[0])
            move(ticket, TicketStatus.RESOLVED, author=author, now=now, reason=ENDED)
        keep(ticket, now)
    return ticket


def _of_cause(key: str) -> Ticket | None:
    """The one that is not done, else the latest, locked."""
    done = Case(When(Q(status__in=DONE), Value(1)), default=Value(0), output_field=IntegerField())
    rows = Ticket.objects.select_for_update(of=("self",), no_key=True).select_related("cpo")
    return rows.filter(cause_key=key).order_by(done, "-pk").first()


def _report(cause: Cause, rule: TicketRule) -> Ticket:
    ticket = _of_cause(cause.key)
    if ticket is None:
        return _open(cause, rule)
    if ticket.occurrence == cause.occurrence and ticket.cause_ended_at is None:
        return ticket
    if ticket.is_done:
        return _comes_back(ticket, cause, rule)
    _repeat(ticket, cause)
    return ticket


def _comes_back(ticket: Ticket, cause: Cause, rule: TicketRule) -> Ticket:
    now = clock.now()
    ended, resolved = ticket.cause_ended_at, ticket.status == TicketStatus.RESOLVED
    if not (ended and resolved and ended > now - COMES_BACK_WITHIN):
        return _open(cause, rule)
    move(ticket, TicketStatus.REOPENED, author=rule_author(cause.kind), now=now, reason=CAME_BACK)
    _repeat(ticket, cause)
    return ticket


def _repeat(ticket: Ticket, cause: Cause) -> None:
    now = clock.now()
    ticket.repeats += 1
    ticket.occurrence, ticket.last_seen_at, ticket.cause_ended_at = cause.occurrence, now, None
    ticket.title_code, ticket.title_args = cause.code or cause.kind, cause.args
    keep(ticket, now)


def _open(cause: Cause, rule: TicketRule) -> Ticket:
    now = clock.now()
    author = rule_author(cause.kind)
    ticket = Ticket(
        **cause.about(),
        category=rule.category,
        priority=rule.priority,
        self_closing=rule.self_closing,
        title_code=cause.code or cause.kind,
        title_args=cause.args,
        cause_key=cause.key,
        occurrence=cause.occurrence,
        opened_via=TicketVia.RULE,
        opened_label=author.label,
        opened_at=now,
        updated_at=now,
        first_seen_at=cause.since,
        last_seen_at=now,
        clock_started_at=now,
    )
    set_due(ticket)
    ticket.save(force_insert=True)
    audit.record(
        actor=author.label,
        action="ticket.open",
        subject=ticket,
        after={"cause": cause.key, "priority": rule.priority},
        cpo=ticket.cpo,
    )
    publish(TicketMoved(ticket.pk))
    return ticket
