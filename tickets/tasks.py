"""What happens to tickets by itself."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from celery import shared_task

from chargers.events import (
    ChargerPresenceChanged,
    ConnectorStatusChanged,
    CriticalSecurityEvent,
)
from payments.events import RefundStatusChanged, SettlementStatusChanged
from payments.states import SettlementStatus
from tickets.events import TicketMailWanted
from tickets.models import Ticket
from tickets.services import clocks, closing, mails
from tickets.services.rules import sweeping
from tickets.states import DONE, RuleKind
from unievp.lib.alone import only_one

# Answers of `_has_tickets` are good for so long: the ocpp process has better things to ask for.
_KEPT_S: Final = 3.0
_answers: dict[str, tuple[float, frozenset[int]]] = {}


@shared_task
def sweep_rules() -> int:
    with only_one("sweep_ticket_rules", seconds=300) as alone:
        return sweeping.sweep_rules() if alone else 0


@shared_task
def look_at_rule(kind: str) -> int:
    """One rule, because something happened that it is about."""
    return sweeping.sweep_rule(RuleKind(kind))


@shared_task
def find_late_tickets() -> int:
    return clocks.find_late_tickets()


@shared_task
def close_quiet_tickets() -> int:
    return closing.close_quiet_tickets()


@shared_task(acks_late=True)
def send_ticket_mail(mail_id: int) -> str:
    return mails.send_ticket_mail(mail_id).status


@shared_task
def follow_ticket_mails() -> int:
    return mails.follow_ticket_mails()


def on_ticket_mail_wanted(event: TicketMailWanted) -> None:
    send_ticket_mail.apply_async((event.mail_id,), retry=False)


def on_presence_changed(events: Sequence[ChargerPresenceChanged]) -> None:
    """A charger is back: its ticket need not wait for the sweep."""
    back = {event.charger_id for event in events if event.online}
    _look(RuleKind.CHARGER_OFFLINE, back)


def on_status_changed(events: Sequence[ConnectorStatusChanged]) -> None:
    well = {event.charger_id for event in events if event.status != "Faulted"}
    _look(RuleKind.CONNECTOR_FAULTED, well)


def on_security_event(_event: CriticalSecurityEvent) -> None:
    look_at_rule.apply_async((RuleKind.SECURITY_EVENT.value,), retry=False)


def on_settlement_changed(event: SettlementStatusChanged) -> None:
    ends = (SettlementStatus.FAILED, SettlementStatus.REVERSED, SettlementStatus.PAID)
    if event.status in ends:
        look_at_rule.apply_async((RuleKind.PAYOUT_FAILED.value,), retry=False)


def on_refund_changed(_event: RefundStatusChanged) -> None:
    look_at_rule.apply_async((RuleKind.PAYOUT_FAILED.value,), retry=False)


def _look(kind: RuleKind, chargers: set[int]) -> None:
    if chargers and not chargers.isdisjoint(_chargers_with_tickets(kind)):
        look_at_rule.apply_async((kind.value,), retry=False)


def _chargers_with_tickets(kind: RuleKind) -> frozenset[int]:
    """As of some seconds ago; the sweep finds what falls between."""
    asked_at, found = _answers.get(kind, (0.0, frozenset()))
    now = time.monotonic()
    if not asked_at or now - asked_at > _KEPT_S:
        rows = Ticket.objects.filter(cause_key__startswith=f"{kind.value}:", cause_ended_at=None)
        open_ones = rows.exclude(status__in=DONE).filter(charger__isnull=False)
        found = frozenset(open_ones.order_by().values_list("charger_id", flat=True))
        _answers[kind] = (now, found)
    return found
