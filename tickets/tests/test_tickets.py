"""Tickets are opened, dealt with, talked about, and closed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from chargers.tests.factories import make_charger, make_token, send_one, start
from cpo.access import visible
from cpo.models import AuditEntry, Driver
from cpo.tests.factories import make_cpo, make_member, make_user
from tickets.models import Ticket, TicketAttachment, TicketChange, TicketComment, TicketMail
from tickets.selectors.comments import attachments_for, comments_for
from tickets.selectors.tickets import counts_for, searched, tickets_for
from tickets.services.attaching import MOST_FILES, File, attach
from tickets.services.authors import author_of
from tickets.services.changing import Change, change_ticket, unwatch, watch
from tickets.services.commenting import add_comment
from tickets.services.opening import MOST_PER_HOUR, Contact
from tickets.tests.factories import make_report, make_ticket
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


@pytest.fixture
def cpo():
    return make_cpo()


@pytest.fixture
def member(cpo):
    return make_member(cpo)


@pytest.fixture
def ticket(cpo, member):
    return make_ticket(cpo, actor=member)


def status_of(ticket):
    return Ticket.objects.get(pk=ticket.pk).status


# --- Opening ------------------------------------------------------------------------------------


def test_who_opens_a_ticket_follows_it_and_is_kept(cpo, member):
    charger = make_charger(cpo=cpo)
    ticket = make_ticket(cpo, actor=member, charger=charger, files=(File("a.png", PNG),))
    ticket.refresh_from_db()
    assert (ticket.status, ticket.priority, ticket.opened_by) == ("open", "normal", member)
    assert ticket.number == f"T-{ticket.pk:06d}"
    assert list(ticket.watchers.all()) == [member]
    assert ticket.attachments.get().comment is None
    assert AuditEntry.objects.get(action="ticket.open").actor == member


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"subject": "  "}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"description": "x" * 10_001}, "description"),
        ({"category": "weather"}, "category"),
        ({"priority": "now"}, "priority"),
        ({"files": (File("a.exe", b"MZ"),)}, "file"),
    ],
)
def test_bad_report_names_its_field_and_keeps_nothing(cpo, values, field):
    with pytest.raises(InvalidError) as refused:
        make_ticket(cpo, **values)
    assert refused.value.field == field
    assert not Ticket.objects.exists()


def test_ticket_is_about_things_of_its_own_company(cpo):
    with pytest.raises(InvalidError) as refused:
        make_ticket(cpo, charger=make_charger(identity="RIVAL"))
    assert refused.value.field == "charger"


def test_session_and_charger_belong_together(cpo):
    charger, other = make_charger(cpo=cpo), make_charger(cpo=cpo)
    make_token(cpo=cpo)
    send_one(charger, start())
    session = charger.sessions.get()
    with pytest.raises(InvalidError) as refused:
        make_ticket(cpo, charger=other, session=session)
    assert refused.value.field == "session"
    ticket = make_report(session=session)
    assert (ticket.cpo, ticket.charger, ticket.connector) == (cpo, charger, session.connector)


def test_report_of_a_driver_goes_to_the_charger_s_company_and_is_acknowledged(
    cpo, django_capture_on_commit_callbacks
):
    charger = make_charger(cpo=cpo)
    ticket = make_report(connector=charger.connectors.first())
    assert (ticket.cpo, ticket.charger, ticket.opened_via) == (cpo, charger, "driver")
    assert TicketMail.objects.get().kind == "received"
    assert make_report().cpo is None


def test_report_without_an_address_gets_no_mail_and_a_wrong_address_is_refused():
    make_report(contact=Contact(name="Budi"))
    assert not TicketMail.objects.exists()
    with pytest.raises(InvalidError) as refused:
        make_report(contact=Contact(email="nowhere"))
    assert refused.value.field == "email"


def test_one_reporter_cannot_flood_the_desk():
    for _number in range(MOST_PER_HOUR):
        make_report()
    with pytest.raises(RefusedError) as refused:
        make_report(contact=Contact(email="SARI@example.com"))
    assert refused.value.code == "too_many"


def test_driver_s_account_fills_what_the_report_leaves_out():
    driver = Driver.objects.create(name="Sari", email="s@example.com", language="en")
    ticket = make_report(driver=driver)
    assert (ticket.reporter_name, ticket.reporter_email) == ("Sari", "s@example.com")
    assert (ticket.language, ticket.driver) == ("en", driver)
    assert list(visible(driver, Ticket.objects.all())) == [ticket]


# --- Changing -----------------------------------------------------------------------------------


def test_changes_make_history_and_a_new_version(ticket, member):
    wish = Change(status="in_progress", priority="high", assignee=member)
    changed = change_ticket(ticket, wish, actor=member, if_version=1)
    assert changed.version == 2
    lines = TicketChange.objects.values_list("field", "old", "new", "actor")
    assert set(lines) == {
        ("status", "open", "in_progress", member.pk),
        ("priority", "normal", "high", member.pk),
        ("assignee", "", member.username, member.pk),
    }
    assert {line.who for line in TicketChange.objects.all()} == {member.username}
    entry = AuditEntry.objects.get(action="ticket.change")
    assert entry.after == {
        "status": "in_progress",
        "priority": "high",
        "assignee": member.username,
    }


def test_change_that_changes_nothing_leaves_no_trace(ticket, member):
    assert change_ticket(ticket, Change(status="open", assignee=None), actor=member).version == 1
    assert not TicketChange.objects.exists()


def test_flow_is_kept(ticket, member):
    with pytest.raises(ConflictError) as refused:
        change_ticket(ticket, Change(status="reopened", priority="low"), actor=member)
    assert refused.value.code == "transition_not_allowed"
    ticket.refresh_from_db()
    assert (ticket.status, ticket.priority, ticket.version) == ("open", "normal", 1)
    assert not TicketChange.objects.exists()


def test_change_of_what_changed_meanwhile_is_refused(ticket, member):
    change_ticket(ticket, Change(priority="low"), actor=member)
    with pytest.raises(ConflictError) as refused:
        change_ticket(ticket, Change(priority="high"), actor=member, if_version=1)
    assert refused.value.code == "changed_meanwhile"


def test_assignee_is_of_the_company_or_given_by_staff(ticket, member):
    staff, rival = make_user(is_staff=True), make_member(make_cpo())
    for person in (rival, staff):
        with pytest.raises(InvalidError) as refused:
            change_ticket(ticket, Change(assignee=person), actor=member)
        assert refused.value.field == "assignee"
    assert change_ticket(ticket, Change(assignee=staff), actor=staff).assignee == staff
    # Who has it already may stay, whoever changes something else.
    change_ticket(ticket, Change(assignee=staff, priority="low"), actor=member)


def test_done_and_opened_again(ticket, member):
    changed = change_ticket(ticket, Change(status="closed"), actor=member)
    assert changed.resolved_at == changed.closed_at
    again = change_ticket(ticket, Change(status="reopened"), actor=member)
    assert (again.resolved_at, again.closed_at) == (None, None)
    assert again.clock_started_at > ticket.opened_at


def test_people_follow_and_stop_following(ticket, member):
    other = make_user()
    watch(ticket, other)
    watch(ticket, other)
    unwatch(ticket, member)
    assert list(ticket.watchers.all()) == [other]


# --- Comments -----------------------------------------------------------------------------------


def test_each_side_reads_its_own_notes_and_staff_read_all(ticket, member, cpo):
    staff = make_user(is_staff=True)
    driver = Driver.objects.create(name="Sari")
    Ticket.objects.filter(pk=ticket.pk).update(driver=driver)
    for actor, internal in ((staff, True), (staff, False), (member, True), (member, False)):
        side = "staff" if actor == staff else "company"
        body = f"{side} {'note' if internal else 'answer'}"
        file = File("a.png", PNG + body.encode())
        add_comment(ticket, body=body, actor=actor, via="portal", internal=internal, files=[file])
    notes = AuditEntry.objects.filter(action__startswith="ticket.", cpo=None)
    # The platform's note and its file.
    assert set(notes.values_list("action", "actor")) == {
        ("ticket.comment", staff.pk),
        ("ticket.attach", staff.pk),
    }
    answers = {"staff answer", "company answer"}
    expected = {
        staff: answers | {"staff note", "company note"},
        member: answers | {"company note"},
        driver: answers,
        None: answers,
    }
    for reader, bodies in expected.items():
        assert {comment.body for comment in comments_for(ticket, reader)} == bodies
        files = attachments_for(ticket, reader)
        assert {file.comment.body for file in files} == bodies


def test_first_answer_is_somebody_else_s(ticket, member, cpo):
    add_comment(ticket, body="And it smells.", actor=member, via="portal")
    ticket.refresh_from_db()
    assert ticket.first_answered_at is None
    colleague = make_member(cpo)
    add_comment(ticket, body="Look.", actor=colleague, via="portal", internal=True)
    ticket.refresh_from_db()
    assert ticket.first_answered_at is None
    comment = add_comment(ticket, body="We come.", actor=colleague, via="portal")
    ticket.refresh_from_db()
    assert ticket.first_answered_at == comment.at
    assert set(ticket.watchers.all()) == {member, colleague}


@pytest.mark.parametrize(
    ("before", "after"), [("waiting", "in_progress"), ("resolved", "reopened"), ("open", "open")]
)
def test_driver_s_comment_moves_what_waited_for_it(member, before, after):
    driver = Driver.objects.create(name="Sari")
    ticket = make_report(driver=driver)
    staff = make_user(is_staff=True)
    if before != "open":
        change_ticket(ticket, Change(status=before), actor=staff)
    add_comment(ticket, body="It is still dark.", actor=driver, via="api")
    assert status_of(ticket) == after


def test_drivers_write_nothing_internal_and_nobody_writes_nothing(ticket):
    driver = Driver.objects.create(name="Sari")
    with pytest.raises(InvalidError) as refused:
        add_comment(ticket, body="Hm.", actor=driver, via="api", internal=True)
    assert refused.value.field == "internal"
    with pytest.raises(InvalidError) as refused:
        add_comment(ticket, body=" \0 ", actor=driver, via="api")
    assert refused.value.field == "body"


def test_closed_ticket_takes_no_comment(ticket, member):
    change_ticket(ticket, Change(status="closed"), actor=member)
    with pytest.raises(ConflictError) as refused:
        add_comment(ticket, body="One more thing", actor=member, via="portal")
    assert refused.value.code == "ticket_closed"
    with pytest.raises(ConflictError) as refused:
        attach(ticket, File("a.png", PNG), author=author_of(member, "portal"))
    assert refused.value.code == "ticket_closed"
    assert not TicketComment.objects.exists()
    assert not TicketAttachment.objects.exists()


# --- Attachments --------------------------------------------------------------------------------


def test_attachment_is_kept_once_under_a_name_of_ours(ticket, member):
    author = author_of(member, "portal")
    file = File("../../etc/pass\nwd.pdf", PNG)
    first = attach(ticket, file, author=author)
    assert attach(ticket, file, author=author) == first
    assert (first.media_type, first.name) == ("image/png", "../../etc/passwd.pdf")
    assert first.file.name == f"tickets/{ticket.pk}/{first.pk}.png"
    with first.file.open() as stored:
        assert stored.read() == PNG


@pytest.mark.parametrize("content", [b"", b"<html>", b"MZ\x90"])
def test_bad_attachment_is_refused_with_the_whole_comment(ticket, member, content):
    with pytest.raises(InvalidError) as refused:
        add_comment(ticket, body="See", actor=member, via="portal", files=[File("a.png", content)])
    assert refused.value.field == "file"
    assert not TicketComment.objects.exists()
    assert not TicketAttachment.objects.exists()


def test_ticket_holds_a_bounded_number_of_files(ticket, member):
    author = author_of(member, "portal")
    for number in range(MOST_FILES):
        attach(ticket, File("a.png", PNG + bytes([number])), author=author)
    with pytest.raises(InvalidError):
        attach(ticket, File("a.png", PNG), author=author)


# --- Lists --------------------------------------------------------------------------------------


def test_people_see_their_own_company_s_tickets(ticket, member):
    platform, rivals = make_ticket(None), make_ticket(make_cpo())
    assert list(tickets_for(member)) == [ticket]
    assert set(tickets_for(make_user(is_staff=True))) == {ticket, platform, rivals}
    assert not tickets_for(Driver.objects.create(name="Sari")).exists()


def test_search_finds_numbers_words_and_chargers(cpo):
    charger = make_charger(cpo=cpo, identity="JKT-7")
    ticket = make_ticket(cpo, subject="Screen is dark", charger=charger)
    make_ticket(cpo, subject="Cable")
    rows = Ticket.objects.all()
    for text in (ticket.number, f"#{ticket.pk}", "dark", "jkt-7"):
        assert list(searched(rows, text)) == [ticket]
    assert searched(rows, " ").count() == 2


def test_counts_are_of_what_is_left_to_do(ticket, member, cpo, django_assert_num_queries):
    change_ticket(ticket, Change(assignee=member, priority="urgent"), actor=member)
    Ticket.objects.filter(pk=ticket.pk).update(
        due_first_answer_at=clock.now() - timedelta(minutes=1)
    )
    make_ticket(cpo)
    change_ticket(make_ticket(cpo), Change(status="closed"), actor=member)
    with django_assert_num_queries(1):
        counts = counts_for(member)
    assert (counts.open, counts.mine, counts.unassigned) == (2, 1, 1)
    assert (counts.overdue, counts.urgent) == (1, 1)
    assert mail.outbox == []
