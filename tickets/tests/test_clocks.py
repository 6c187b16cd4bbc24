"""Tickets are answered and resolved within business time; waiting does not count."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from cpo.tests.factories import make_cpo, make_user
from tickets.models import Holiday, ServiceLevel, Ticket
from tickets.selectors.clocks import ClockKind, clock_of
from tickets.selectors.tickets import is_overdue
from tickets.services.changing import Change, change_ticket
from tickets.services.clocks import find_late_tickets, level_for, set_due, stop_waiting
from tickets.services.closing import QUIET_FOR, close_quiet_tickets
from tickets.services.commenting import add_comment
from tickets.tests.factories import make_ticket
from unievp.lib import clock

pytestmark = pytest.mark.django_db

# A Monday, 09:00 in Jakarta.
MONDAY = datetime(2026, 3, 2, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def levels():
    ServiceLevel.objects.all().delete()
    values = {"opens": time(8), "closes": time(17), "zone": "Asia/Jakarta"}
    for priority, answer, resolve in (("normal", 60, 600), ("urgent", 30, 120)):
        ServiceLevel.objects.create(
            priority=priority, answer_minutes=answer, resolve_minutes=resolve, **values
        )


def make_open(**values):
    return Ticket(priority="normal", clock_started_at=MONDAY, **values)


def test_work_goes_on_the_next_day_and_skips_holidays():
    ticket = make_open()
    set_due(ticket)
    assert ticket.due_first_answer_at == MONDAY + timedelta(hours=1)
    # Eight hours on Monday, two on Tuesday.
    assert ticket.due_resolution_at == datetime(2026, 3, 3, 3, tzinfo=UTC)
    Holiday.objects.create(date=date(2026, 3, 3), name="Nyepi")
    set_due(ticket)
    assert ticket.due_resolution_at == datetime(2026, 3, 4, 3, tzinfo=UTC)


def test_company_s_own_level_comes_before_everybody_s():
    cpo = make_cpo()
    own = ServiceLevel.objects.create(
        cpo=cpo, priority="normal", answer_minutes=5, resolve_minutes=10
    )
    assert level_for(cpo.pk, "normal") == own
    assert level_for(make_cpo().pk, "normal").cpo is None
    assert level_for(cpo.pk, "low") is None


def test_waiting_moves_the_solution_by_its_business_time():
    ticket = make_open(waiting_since=MONDAY + timedelta(hours=7))
    set_due(ticket)
    # From 16:00 to 09:00 on Tuesday: an hour each.
    stop_waiting(ticket, MONDAY + timedelta(days=1))
    assert (ticket.waited_s, ticket.waiting_since) == (7200, None)
    assert ticket.due_resolution_at == datetime(2026, 3, 3, 5, tzinfo=UTC)
    assert ticket.due_first_answer_at == MONDAY + timedelta(hours=1)


def test_without_a_level_nothing_is_due():
    ticket = make_ticket(None, priority="low")
    assert (ticket.due_first_answer_at, ticket.due_resolution_at) == (None, None)
    assert clock_of(ticket, clock.now()) is None


def test_higher_priority_is_due_sooner():
    staff = make_user(is_staff=True)
    ticket = make_ticket(None)
    urgent = change_ticket(ticket, Change(priority="urgent"), actor=staff)
    assert urgent.due_resolution_at < ticket.due_resolution_at


def test_clock_that_runs_out_first_is_shown_and_one_that_stands_last():
    now = MONDAY + timedelta(minutes=30)
    ticket = make_open()
    set_due(ticket)
    running = clock_of(ticket, now)
    assert (running.kind, running.late, running.stands) == (ClockKind.ANSWER, False, False)
    ticket.first_answered_at, ticket.status, ticket.waiting_since = now, "waiting", now
    standing = clock_of(ticket, now + timedelta(days=9))
    assert (standing.kind, standing.late, standing.stands) == (ClockKind.RESOLUTION, False, True)


def make_late(**fields):
    ticket = make_ticket(None)
    Ticket.objects.filter(pk=ticket.pk).update(**fields)
    return ticket


def test_late_tickets_are_found_once_per_clock():
    past = clock.now() - timedelta(minutes=1)
    ticket = make_late(due_first_answer_at=past, due_resolution_at=past)
    assert find_late_tickets() == 2
    assert find_late_tickets() == 0
    ticket.refresh_from_db()
    assert ticket.answer_late_at == ticket.resolution_late_at
    assert list(Ticket.objects.filter(is_overdue(clock.now()))) == [ticket]


@pytest.mark.parametrize("why", ["answered", "waiting", "resolved"])
def test_what_is_answered_waits_or_is_done_is_not_late(why):
    staff, past = make_user(is_staff=True), clock.now() - timedelta(seconds=1)
    ticket = make_ticket(None)
    if why == "answered":
        add_comment(ticket, body="Hello", actor=staff, via="admin")
        Ticket.objects.update(due_first_answer_at=past)
    elif why == "waiting":
        change_ticket(ticket, Change(status="waiting"), actor=staff)
        since = past - timedelta(minutes=5)
        Ticket.objects.update(due_resolution_at=past, waiting_since=since)
    else:
        change_ticket(ticket, Change(status="resolved"), actor=staff)
        Ticket.objects.update(due_resolution_at=past, due_first_answer_at=past)
    assert find_late_tickets() == 0
    assert not Ticket.objects.filter(is_overdue(clock.now())).exists()


def test_reopened_ticket_has_its_whole_time_and_may_be_late_again():
    staff, past = make_user(is_staff=True), clock.now() - timedelta(minutes=1)
    ticket = make_late(due_resolution_at=past, first_answered_at=past)
    assert find_late_tickets() == 1
    change_ticket(ticket, Change(status="resolved"), actor=staff)
    again = change_ticket(ticket, Change(status="reopened"), actor=staff)
    assert again.due_resolution_at > clock.now()
    assert again.resolution_late_at is None


def test_resolved_ticket_is_closed_after_a_quiet_week():
    staff, long_ago = make_user(is_staff=True), clock.now() - QUIET_FOR - timedelta(minutes=1)
    tickets = [make_ticket(None) for _each in range(3)]
    for ticket in tickets[:2]:
        change_ticket(ticket, Change(status="resolved"), actor=staff)
    Ticket.objects.filter(pk=tickets[0].pk).update(resolved_at=long_ago, updated_at=long_ago)
    # Somebody said something since.
    Ticket.objects.filter(pk=tickets[1].pk).update(resolved_at=long_ago)
    assert close_quiet_tickets() == 1
    tickets[0].refresh_from_db()
    assert (tickets[0].status, tickets[0].resolved_at) == ("closed", long_ago)
