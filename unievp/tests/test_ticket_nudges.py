"""What happens to a ticket reaches those who tell of it, by its events."""

from __future__ import annotations

from collections import defaultdict

import pytest

from chargers.events import CriticalSecurityEvent
from payments.events import SettlementStatusChanged
from tickets.models import TicketMail
from tickets.tests.factories import make_report
from unievp import subscriptions
from unievp.lib import events

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch):
    """The tasks that were asked for, by name."""
    found = []
    monkeypatch.setattr(events, "_handlers", defaultdict(list))
    monkeypatch.setattr(events, "_many_handlers", defaultdict(list))
    monkeypatch.setattr(subscriptions.web_tasks, "_nudged", {})
    for task in (
        subscriptions.ticket_tasks.send_ticket_mail,
        subscriptions.ticket_tasks.look_at_rule,
        subscriptions.web_tasks.tell_of_tickets,
    ):
        name = task.name.rpartition(".")[2]
        monkeypatch.setattr(
            task, "apply_async", lambda args=(), name=name, **_how: found.append((name, *args))
        )
    subscriptions._connect_tickets()
    return found


def test_report_asks_for_its_mail_and_for_telling_people(asked, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        make_report()
    mail = TicketMail.objects.get()
    assert sorted(asked) == [("send_ticket_mail", mail.pk), ("tell_of_tickets",)]


def test_rules_are_looked_at_when_something_happens_to_what_they_are_about(
    asked, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        events.publish(CriticalSecurityEvent(1, "TamperDetectionActivated"))
        events.publish(SettlementStatusChanged(1, "approved"))
        events.publish(SettlementStatusChanged(1, "failed"))
    assert asked == [("look_at_rule", "security_event"), ("look_at_rule", "payout_failed")]
