"""Who is told of tickets, and that it is once."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Permission
from django.utils import translation

from chargers.tests.factories import make_charger
from cpo.models import Membership, Notification, Role
from cpo.services.notifications.choosing import times_of
from cpo.services.notifications.timing import zone_of
from cpo.services.notifications.words import body_of, title_of
from cpo.tests.factories import make_cpo, make_member, make_user
from tickets.events import TicketMoved
from tickets.models import RuleKind, Ticket
from tickets.services.causes import Cause, report_cause
from tickets.services.changing import Change, change_ticket, watch
from tickets.services.clocks import find_late_tickets
from tickets.services.commenting import add_comment
from tickets.services.replying import reply_by_link, reply_token
from tickets.tests.factories import make_report, make_ticket
from unievp.lib import clock
from unievp.web import tasks
from unievp.web.notices.tickets import tell_of_tickets

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _begun():
    """Logs are read from here on."""
    tell_of_tickets()


@pytest.fixture
def cpo():
    return make_cpo(name="Alpha")


@pytest.fixture
def owner(cpo):
    return make_member(cpo)


def make_clerk():
    person = make_user(is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="change_ticket"))
    return person


def told(person):
    return sorted(Notification.objects.filter(user=person).values_list("event", flat=True))


def words(person):
    row = Notification.objects.get(user=person)
    zone = zone_of(times_of(person))
    with translation.override("en"):
        return title_of(row, zone), body_of(row, zone)


def test_new_ticket_is_told_to_those_who_operate_and_not_to_who_opened_it(cpo, owner):
    operator, viewer = make_member(cpo, Role.OPERATOR), make_member(cpo, Role.VIEWER)
    clerk, rival = make_clerk(), make_member(make_cpo())
    ticket = make_ticket(cpo, actor=owner)
    assert tell_of_tickets() == 1
    assert tell_of_tickets() == 0
    assert told(operator) == ["ticket.opened"]
    assert [told(person) for person in (owner, viewer, clerk, rival)] == [[], [], [], []]
    assert Notification.objects.get().link == f"/tickets/{ticket.number}"


def test_platform_hears_of_its_own_tickets_and_of_settlements(cpo, owner):
    clerk = make_clerk()
    make_ticket(cpo, category="settlement", actor=owner)
    tell_of_tickets()
    assert told(clerk) == ["ticket.opened"]


def test_rule_s_ticket_is_told_in_the_reader_s_language(cpo, owner):
    args = {"charger": "JKT-1", "location": "Mall"}
    key = "charger_offline:1"
    since = clock.now()
    report_cause(
        Cause(kind=RuleKind.CHARGER_OFFLINE, key=key, since=since, args=args, cpo_id=cpo.pk)
    )
    tell_of_tickets()
    assert words(owner) == ("New ticket: JKT-1 is offline", "Alpha")


def test_assignee_hears_that_it_is_theirs_and_others_of_the_status(cpo, owner):
    operator = make_member(cpo, Role.OPERATOR)
    ticket = make_ticket(cpo, actor=owner)
    tell_of_tickets()
    wish = Change(assignee=operator, status="in_progress", priority="low")
    change_ticket(ticket, wish, actor=make_user(is_staff=True))
    tell_of_tickets()
    assert told(operator) == ["ticket.assigned", "ticket.changed", "ticket.opened"]
    assert told(owner) == ["ticket.changed"]
    assert words(owner)[0] == "Ticket “The screen is dark” is now: In progress"


def test_comment_is_told_to_whom_it_concerns_and_may_read_it(cpo, owner):
    clerk, follower = make_clerk(), make_member(cpo, Role.VIEWER)
    ticket = make_ticket(cpo, actor=owner)
    watch(ticket, follower)
    watch(ticket, clerk)
    tell_of_tickets()
    add_comment(ticket, body="For us alone", actor=make_clerk(), via="admin", internal=True)
    tell_of_tickets()
    assert (told(owner), told(follower), told(clerk)) == ([], [], ["ticket.commented"])
    add_comment(ticket, body="We come", actor=clerk, via="admin")
    tell_of_tickets()
    assert told(owner) == told(follower) == ["ticket.commented"]
    assert told(clerk) == ["ticket.commented"]


def test_driver_s_word_to_a_ticket_that_nobody_took_up_is_told_to_all_who_operate(cpo, owner):
    ticket = make_report(charger=make_charger(cpo=cpo))
    reply_by_link(reply_token(ticket), body="It smells, too")
    tell_of_tickets()
    assert told(owner) == ["ticket.commented", "ticket.opened"]
    operator = make_member(cpo, Role.OPERATOR)
    change_ticket(ticket, Change(assignee=owner), actor=owner)
    reply_by_link(reply_token(ticket), body="It burns")
    tell_of_tickets()
    assert Notification.objects.filter(user=owner, event="ticket.commented").count() == 2
    # (They joined when the first word was news.)
    texts = Notification.objects.filter(user=operator, event="ticket.commented")
    assert "It burns" not in [row.args["comment"] for row in texts]


def test_who_left_the_company_hears_nothing_more(cpo, owner):
    ticket = make_ticket(cpo, actor=owner)
    tell_of_tickets()
    Membership.objects.filter(user=owner).delete()
    add_comment(ticket, body="Secret", actor=make_clerk(), via="admin")
    tell_of_tickets()
    assert told(owner) == []


def test_late_ticket_is_told_once_to_its_people_and_the_platform(cpo, owner):
    clerk = make_clerk()
    ticket = make_ticket(cpo, actor=owner)
    tell_of_tickets()
    past = clock.now() - timedelta(minutes=1)
    Ticket.objects.filter(pk=ticket.pk).update(due_first_answer_at=past)
    assert find_late_tickets() == 1
    assert tell_of_tickets() == 2
    assert find_late_tickets() == 0
    assert tell_of_tickets() == 0
    assert told(owner) == told(clerk) == ["ticket.late"]
    assert words(owner)[0] == "Ticket “The screen is dark” is late"


def test_platform_s_own_ticket_leads_to_the_desk():
    clerk = make_clerk()
    ticket = make_report()
    tell_of_tickets()
    assert told(clerk) == ["ticket.opened"]
    assert Notification.objects.get().link == f"/admin/tickets/ticket/{ticket.pk}/change/"


def test_many_tickets_at_once_are_one_nudge(monkeypatch):
    asked, now = [], iter([100.0, 100.5, 101.9, 102.0])
    monkeypatch.setattr(tasks.tell_of_tickets, "apply_async", lambda **how: asked.append(how))
    monkeypatch.setattr(tasks, "_nudged", {})
    monkeypatch.setattr(tasks, "time", SimpleNamespace(monotonic=lambda: next(now)))
    for number in range(4):
        tasks.on_tickets_moved([TicketMoved(number)])
    assert asked == [{"countdown": tasks.TOGETHER_S, "retry": False}] * 2
