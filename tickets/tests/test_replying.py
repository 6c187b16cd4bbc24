"""Reporters without an account are mailed and reply by link."""

from __future__ import annotations

import smtplib
from datetime import timedelta

import pytest
from django.core import mail, signing
from django.core.mail.backends.locmem import EmailBackend

from cpo.tests.factories import make_user
from tickets.models import Ticket, TicketComment, TicketMail
from tickets.services import mails
from tickets.services.attaching import File
from tickets.services.changing import Change, change_ticket
from tickets.services.commenting import add_comment
from tickets.services.links import GOOD_FOR
from tickets.services.mails import MOST_TRIES, TRY_AGAIN, follow_ticket_mails, send_ticket_mail
from tickets.services.opening import Contact
from tickets.services.replying import (
    MOST_PER_HOUR,
    read_token,
    reply_by_link,
    reply_token,
    reply_url,
    revoke_links,
)
from tickets.tests.factories import make_report
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, NotFoundError, RefusedError

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


@pytest.fixture
def staff():
    return make_user(is_staff=True, first_name="Rina")


@pytest.fixture
def ticket():
    return make_report()


def later(monkeypatch, by):
    """Signatures are of time.time()."""
    real = signing.time.time
    monkeypatch.setattr(signing.time, "time", lambda: real() + by.total_seconds())


# --- Links --------------------------------------------------------------------------------------


def test_reply_is_a_public_comment_of_the_driver(ticket):
    comment = reply_by_link(reply_token(ticket), body="Still stuck", files=[File("a.png", PNG)])
    assert (comment.ticket, comment.side, comment.via) == (ticket, "driver", "mail")
    assert (comment.internal, comment.author_label, comment.author) == (False, "Sari", None)
    assert comment.attachments.get().name == "a.png"


def test_same_words_at_once_are_one_reply(ticket):
    token = reply_token(ticket)
    assert reply_by_link(token, body="Still ") == reply_by_link(token, body="Still")
    assert TicketComment.objects.count() == 1
    reply_by_link(token, body="Really")
    assert TicketComment.objects.count() == 2


@pytest.mark.parametrize("token", ["", "x", "a:b:c"])
def test_link_that_we_did_not_sign_leads_nowhere(ticket, token):
    with pytest.raises(NotFoundError):
        read_token(token)


def test_what_we_signed_for_something_else_leads_nowhere(ticket):
    with pytest.raises(NotFoundError):
        read_token(signing.dumps([1, "x", 1], salt="other"))


def test_signed_nonsense_leads_nowhere():
    for value in ({}, "text", [1], [2**70, "", 1]):
        with pytest.raises(NotFoundError):
            read_token(signing.dumps(value, salt="tickets.reply"))


def test_link_expires(ticket, monkeypatch):
    token = reply_token(ticket)
    later(monkeypatch, GOOD_FOR + timedelta(seconds=5))
    with pytest.raises(RefusedError) as refused:
        reply_by_link(token, body="Hello")
    assert refused.value.code == "link_expired"


def test_links_are_taken_back_and_the_next_one_works(ticket, staff, monkeypatch):
    token = reply_token(ticket)
    soon = clock.now() + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: soon)
    revoked = revoke_links(ticket, actor=staff)
    with pytest.raises(RefusedError):
        read_token(token)
    assert read_token(reply_token(revoked)) == ticket


def test_link_of_a_former_address_is_void(ticket):
    token = reply_token(ticket)
    Ticket.objects.update(reporter_email="other@example.com")
    with pytest.raises(RefusedError):
        read_token(token)


def test_closed_report_is_shown_and_takes_no_reply(ticket, staff):
    token = reply_token(ticket)
    change_ticket(ticket, Change(status="closed"), actor=staff)
    assert read_token(token) == ticket
    with pytest.raises(ConflictError) as refused:
        reply_by_link(token, body="Hello")
    assert refused.value.code == "ticket_closed"


def test_reply_opens_what_was_resolved_and_answers_what_waited(ticket, staff):
    token = reply_token(ticket)
    change_ticket(ticket, Change(status="waiting"), actor=staff)
    reply_by_link(token, body="It was number 2")
    assert Ticket.objects.get().status == "in_progress"
    change_ticket(ticket, Change(status="resolved"), actor=staff)
    reply_by_link(token, body="No, it is not")
    assert Ticket.objects.get().status == "reopened"


def test_bad_replies_are_refused(ticket):
    token = reply_token(ticket)
    with pytest.raises(InvalidError):
        reply_by_link(token, body="  ")
    with pytest.raises(InvalidError):
        reply_by_link(token, body="See", files=[File("a.png", b"MZ")])
    assert not TicketComment.objects.exists()


def test_replies_are_as_many_as_can_be_read(ticket):
    token = reply_token(ticket)
    for number in range(MOST_PER_HOUR):
        reply_by_link(token, body=f"Hello {number}")
    with pytest.raises(RefusedError) as refused:
        reply_by_link(token, body="Hello again")
    assert refused.value.code == "too_many"


# --- Mails --------------------------------------------------------------------------------------


def test_reporter_is_mailed_in_their_language_without_their_words(ticket, settings):
    settings.PUBLIC_URL = "https://uniev.example"
    assert follow_ticket_mails() == 1
    assert follow_ticket_mails() == 0
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (
        ["sari@example.com"],
        f"We have your report {ticket.number}",
    )
    assert "The cable is stuck" not in sent.body
    link = next(line for line in sent.body.splitlines() if line.startswith("https://"))
    assert read_token(link.removeprefix("https://uniev.example/t/")) == ticket


def test_public_answers_and_the_end_are_mailed_and_nothing_else(ticket, staff):
    add_comment(ticket, body="He again", actor=staff, via="admin", internal=True)
    add_comment(ticket, body="Pull it.", actor=staff, via="admin")
    reply_by_link(reply_token(ticket), body="I did")
    change_ticket(ticket, Change(status="resolved"), actor=staff)
    assert follow_ticket_mails() == 3
    bodies = [sent.body for sent in mail.outbox]
    assert [sent.subject for sent in mail.outbox] == [
        f"We have your report {ticket.number}",
        f"An answer to your report {ticket.number}",
        f"Your report {ticket.number} is resolved",
    ]
    # The names of people are the company's own.
    assert "UNIEV:" in bodies[1]
    assert "Rina" not in bodies[1]
    assert "Pull it." in bodies[1]
    assert not any("He again" in body for body in bodies)


def test_report_that_is_closed_at_once_is_told_of_once(ticket, staff):
    change_ticket(ticket, Change(status="closed"), actor=staff)
    assert list(TicketMail.objects.values_list("kind", flat=True)) == ["resolved", "received"]
    other = make_report()
    change_ticket(other, Change(status="resolved"), actor=staff)
    change_ticket(other, Change(status="closed"), actor=staff)
    assert other.mails.filter(kind="resolved").count() == 1


def test_mail_that_fails_is_tried_again_and_given_up_at_last(ticket, monkeypatch):
    def fails(*_args):
        raise smtplib.SMTPServerDisconnected

    row = TicketMail.objects.get()
    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", fails)
        assert send_ticket_mail(row.pk).status == "waiting"
        assert follow_ticket_mails() == 0
        TicketMail.objects.update(tries=MOST_TRIES - 1)
        assert send_ticket_mail(row.pk).status == "failed"
    TicketMail.objects.update(status="waiting", tried_at=clock.now() - TRY_AGAIN * 2)
    assert follow_ticket_mails() == 1
    assert TicketMail.objects.get().sent_at is not None


def test_mail_of_a_worker_that_died_goes_out_once_more(ticket):
    TicketMail.objects.update(status="sending", tried_at=clock.now())
    assert follow_ticket_mails() == 0
    TicketMail.objects.update(tried_at=clock.now() - mails.ABANDONED * 2)
    assert follow_ticket_mails() == 1


def test_reporter_without_an_address_is_not_mailed(staff):
    ticket = make_report(contact=Contact(name="Budi"))
    add_comment(ticket, body="Hello", actor=staff, via="admin")
    assert not TicketMail.objects.exists()
    assert reply_url(ticket).rpartition("/t/")[2]
