"""Tickets in the portal: the list, one ticket, opening, answering; each company's own alone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chargers.models import Charger
from cpo.models import Role
from tickets.models import ServiceLevel, Ticket, TicketPriority
from tickets.services.changing import Change, change_ticket
from tickets.services.commenting import add_comment
from tickets.services.opening import Contact, Report, open_by_driver, open_ticket
from tickets.services.replying import reply_by_link, reply_token
from unievp.lib import clock
from unievp.web.tests.cast import company, person

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def alice():
    alpha = company("Alpha Charge")
    for priority in TicketPriority.values:
        ServiceLevel.objects.create(
            cpo=alpha.cpo, priority=priority, answer_minutes=60, resolve_minutes=600
        )
    return alpha


@pytest.fixture
def bob():
    return company("Bravo Charge")


@pytest.fixture
def browser(client, alice):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(alice.owner)
    return client


def make_ticket(of, subject="Cable is stuck", **fields):
    report = Report(category="charger", subject=subject, charger=of.charger, **fields)
    return open_ticket(report, cpo=of.cpo, actor=of.owner, via="portal")


def from_driver(of, **fields):
    report = Report(category="session", subject="It stopped", session=of.session, **fields)
    return open_by_driver(report, contact=Contact(name="Budi", email="budi@driver.example"))


def page(browser, path, **query):
    answer = browser.get(path, query)
    assert answer.status_code == 200
    return answer.content.decode()


def post(browser, path, **values):
    return browser.post(path, values, follow=True).content.decode()


def at(ticket, part=""):
    return f"/tickets/{ticket.number}{part}"


# --- The list -----------------------------------------------------------------------------------


def test_list_shows_what_is_to_do_and_where(browser, alice, bob):
    ticket = make_ticket(alice)
    make_ticket(bob, "A rival's trouble")
    html = page(browser, "/tickets")
    assert f'href="{at(ticket)}"' in html
    assert f'href="/chargers/{alice.charger.pk}"' in html
    assert "left" in html
    assert "rival" not in html


def test_tabs_and_filters_narrow_the_list(browser, alice):
    mine, late, done = (make_ticket(alice, name) for name in ("Mine", "Late", "Done"))
    change_ticket(mine, Change(assignee=alice.owner, priority="urgent"), actor=alice.owner)
    Ticket.objects.filter(pk=late.pk).update(due_resolution_at=clock.now() - timedelta(hours=1))
    change_ticket(done, Change(status="closed"), actor=alice.owner)

    def found(**query):
        html = page(browser, "/tickets", **query)
        return {name for name in ("Mine", "Late", "Done") if f">{name}</a>" in html}

    assert found() == {"Mine", "Late"}
    assert found(show="mine") == {"Mine"}
    assert found(show="overdue") == {"Late"}
    assert found(show="unassigned") == {"Late"}
    assert found(show="all") == {"Mine", "Late", "Done"}
    assert found(status="closed") == {"Done"}
    assert found(priority="urgent") == {"Mine"}
    assert found(category="payment") == set()
    assert found(q="la", show="all") == {"Late"}
    assert found(q=done.number, show="all") == {"Done"}
    assert found(q="alpha-0001") == {"Mine", "Late"}
    assert found(charger=alice.charger.pk) == {"Mine", "Late"}
    assert found(show="nonsense", status="x", priority="y", charger="z") == {"Mine", "Late"}
    assert "overdue by" in page(browser, "/tickets", show="overdue")


def test_list_of_ten_costs_as_many_queries_as_of_one(browser, alice):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            page(browser, "/tickets")
        return len(captured)

    make_ticket(alice)
    queries()
    one = queries()
    for number in range(9):
        ticket = make_ticket(alice, f"Number {number}")
        change_ticket(ticket, Change(assignee=alice.owner), actor=alice.owner)
    assert queries() == one <= 15


def test_menu_counts_what_is_to_do(browser, alice, bob):
    assert page(browser, "/tickets/open-count").strip() == ""
    make_ticket(alice)
    make_ticket(bob)
    assert ">1<" in page(browser, "/tickets/open-count")
    assert 'hx-get="/tickets/open-count"' in page(browser, "/overview")
    browser.logout()
    assert browser.get("/tickets/open-count").status_code == 286


def test_part_of_the_page_is_the_list_alone(browser, alice):
    make_ticket(alice)
    html = browser.get("/tickets", HTTP_HX_TARGET="div#tickets").content.decode()
    assert "<html" not in html
    assert 'id="tickets"' in html


# --- One ticket ---------------------------------------------------------------------------------


def test_page_tells_notes_from_answers_and_leads_to_what_it_is_about(browser, alice):
    ticket = from_driver(alice, files=())
    add_comment(ticket, body="We look at it.", actor=alice.owner, via="portal")
    add_comment(ticket, body="Fuse again.", actor=alice.owner, via="portal", internal=True)
    reply_by_link(reply_token(ticket), body="Thank you.")
    html = page(browser, at(ticket))
    for kind in ("said-company", "said-internal", "said-driver"):
        assert kind in html
    assert html.count("Internal note") == 2  # the badge of the note, and the choice below
    assert f'href="/chargers/{alice.charger.pk}"' in html
    assert f'href="/sessions/{alice.session.transaction_id}"' in html
    assert "budi@driver.example" in html


def test_what_people_write_is_shown_as_text(browser, alice):
    ticket = make_ticket(alice, EVIL, description=EVIL)
    add_comment(ticket, body=EVIL, actor=alice.owner, via="portal")
    for path in (at(ticket), "/tickets", f"/chargers/{alice.charger.pk}"):
        html = page(browser, path)
        assert EVIL not in html
        assert "&lt;script&gt;" in html


def test_page_of_a_long_conversation_costs_as_many_queries_as_of_a_short_one(browser, alice):
    ticket = from_driver(alice)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            page(browser, at(ticket))
        return len(captured)

    add_comment(ticket, body="One", actor=alice.owner, via="portal")
    queries()
    one = queries()
    for number in range(9):
        add_comment(ticket, body=f"Number {number}", actor=alice.owner, via="portal")
        change_ticket(ticket, Change(priority=TicketPriority.values[number % 4]), actor=alice.owner)
    assert queries() == one <= 15


def test_repeats_are_told(browser, alice):
    ticket = make_ticket(alice)
    Ticket.objects.filter(pk=ticket.pk).update(repeats=13)
    assert "14 times" in page(browser, at(ticket))
    assert "seen 14 times" in page(browser, "/tickets")


def test_answer_with_a_file_and_a_status_is_kept(browser, alice):
    ticket = from_driver(alice)
    file = SimpleUploadedFile("plug <b>.png", PNG)
    html = post(browser, at(ticket, "/comments"), body="See this.", status="waiting", file=file)
    assert "See this." in html
    assert "plug &lt;b&gt;.png" in html
    comment = ticket.comments.get()
    assert (comment.internal, comment.side) == (False, "company")
    ticket.refresh_from_db()
    assert ticket.status == "waiting"
    kept = ticket.attachments.get()
    answer = browser.get(at(ticket, f"/files/{kept.pk}"))
    assert b"".join(answer) == PNG if not answer.streaming else True
    assert answer["Content-Disposition"] == (
        f'attachment; filename="{ticket.number}-{str(kept.pk)[:8]}.png"'
    )
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"body": " "}, 'id="e-body"'),
        ({"body": "x", "file": SimpleUploadedFile("a.png", b"<svg>")}, 'id="e-file"'),
        ({"body": "x", "file": SimpleUploadedFile("a.pdf", b"")}, 'id="e-file"'),
        ({"body": "x", "status": "nonsense"}, "invalid-feedback"),
    ],
)
def test_refusal_stands_at_its_field_and_keeps_what_was_written(browser, alice, wrong, where):
    ticket = make_ticket(alice)
    if "file" in wrong:
        wrong["file"].seek(0)
    answer = browser.post(at(ticket, "/comments"), {"visibility": "internal"} | wrong)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert where in html
    assert 'value="internal" checked' in html
    assert not ticket.comments.exists()


def test_status_that_the_flow_forbids_keeps_no_comment_either(browser, alice):
    ticket = make_ticket(alice)
    answer = browser.post(at(ticket, "/comments"), {"body": "x", "status": "reopened"})
    assert answer.status_code == 422
    assert not ticket.comments.exists()


def test_only_what_differs_from_the_form_is_changed(browser, alice):
    ticket = make_ticket(alice)
    shown = {"was_status": "open", "was_priority": "normal", "was_category": "charger",
             "was_assignee": "", "status": "open", "category": "charger"}  # fmt: skip
    # Meanwhile somebody else starts to work on it.
    change_ticket(ticket, Change(status="in_progress"), actor=alice.owner)
    wanted = shown | {"priority": "high", "assignee": str(alice.owner.pk)}
    html = post(browser, at(ticket, "/change"), **wanted)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.priority, ticket.assignee) == ("in_progress", "high", alice.owner)
    assert "Priority: Normal → High" in html


def test_ticket_is_taken_and_followed(browser, alice):
    ticket = from_driver(alice)
    post(browser, at(ticket, "/change"), take="1")
    ticket.refresh_from_db()
    assert ticket.assignee == alice.owner
    assert "Stop following" in post(browser, at(ticket, "/follow"), watch="1")
    assert "Stop following" not in post(browser, at(ticket, "/follow"), watch="0")
    assert alice.owner not in ticket.watchers.all()


def test_stranger_cannot_be_given_a_ticket(browser, alice, bob):
    ticket = make_ticket(alice)
    for who in (bob.owner.pk, "me", 2**70):
        html = post(browser, at(ticket, "/change"), was_assignee="", assignee=str(who))
        assert "alert-danger" in html
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_closed_ticket_takes_no_words(browser, alice):
    ticket = make_ticket(alice)
    change_ticket(ticket, Change(status="closed"), actor=alice.owner)
    assert 'name="body"' not in page(browser, at(ticket))
    assert browser.post(at(ticket, "/comments"), {"body": "x"}).status_code == 422


def test_open_page_fetches_what_was_said_since(browser, alice):
    ticket = from_driver(alice)
    shown = re.search(r'hx-get="([^"]+/thread\?v=\d+)"', page(browser, at(ticket)))[1]
    assert browser.get(shown).status_code == 204
    reply_by_link(reply_token(ticket), body="Still stuck!")
    html = page(browser, shown)
    assert "Still stuck!" in html
    # Not the form that somebody is writing in.
    assert html.count('hx-swap-oob="true"') == 3
    assert 'id="reply"' not in html


# --- Whose --------------------------------------------------------------------------------------


def test_rivals_ticket_is_not_found(browser, bob):
    ticket = from_driver(bob, files=())
    comment = add_comment(ticket, body="x", actor=bob.owner, via="portal")
    assert comment
    for part in ("", "/thread", "/files/00000000-0000-0000-0000-000000000000"):
        assert browser.get(at(ticket, part)).status_code == 404, part
    for part in ("/comments", "/change", "/follow"):
        assert browser.post(at(ticket, part), {"body": "x"}).status_code == 404, part
    for number in ("T-", "x", "T-99999999999999999999", "0"):
        assert browser.get(f"/tickets/{number}").status_code == 404, number


def test_viewer_reads_and_writes_nothing(client, alice):
    ticket = make_ticket(alice)
    client.force_login(person("viewer@alpha.example", alice.cpo, Role.VIEWER))
    html = page(client, at(ticket))
    assert 'id="reply"' not in html
    assert 'id="change"' not in html
    assert "/tickets/new" not in page(client, "/tickets")
    for path in (at(ticket, "/comments"), at(ticket, "/change"), "/tickets/new"):
        assert client.post(path, {"body": "x"}).status_code == 403, path
    assert client.get("/tickets/new").status_code == 403


def test_notes_of_the_platform_are_not_the_companys_to_read(browser, alice):
    ticket = make_ticket(alice)
    staff = person("desk@staff.example", is_staff=True, is_superuser=True)
    note = add_comment(ticket, body="They never pay.", actor=staff, via="admin", internal=True)
    assert note
    for part in ("", "/thread"):
        assert "They never pay." not in page(browser, at(ticket, part))
    browser.force_login(staff)
    assert "They never pay." in page(browser, at(ticket))


# --- Opening ------------------------------------------------------------------------------------


def test_ticket_about_a_session_is_opened_from_its_page(browser, alice):
    number = alice.session.transaction_id
    link = f"{reverse('portal:new_ticket')}?session={number}"
    assert f'href="{link}"' in page(browser, f"/sessions/{number}")
    html = page(browser, link)
    assert f'value="{number}"' in html
    assert 'value="ALPHA-0001"' in html
    values = {"cpo": str(alice.cpo.pk), "subject": "No energy", "category": "session",
              "priority": "high", "charger": "alpha-0001", "session": str(number)}  # fmt: skip
    file = SimpleUploadedFile("a.pdf", b"%PDF-1.7 x")
    post(browser, "/tickets/new", **values, file=file)
    ticket = Ticket.objects.get()
    assert (ticket.session, ticket.charger, ticket.cpo) == (alice.session, alice.charger, alice.cpo)
    assert ticket.attachments.get().name == "a.pdf"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"subject": ""}, "This field is required."),
        ({"charger": "BRAVO-0001"}, "This company has none like that."),
        ({"session": "99999999"}, "This company has none like that."),
        ({"session": "x"}, "Enter a whole number."),
        ({"category": "weather"}, "Select a valid choice"),
        ({"file": SimpleUploadedFile("a.png", b"GIF89a")}, "A PDF, PNG or JPEG file, please."),
    ],
)
def test_nonsense_is_refused_at_its_field(browser, alice, bob, wrong, words):
    values = {"cpo": str(alice.cpo.pk), "subject": "x", "category": "other", "priority": "low"}
    if "file" in wrong:
        wrong["file"].seek(0)
    answer = browser.post("/tickets/new", values | wrong)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Ticket.objects.exists()


def test_nothing_of_a_rival_is_filled_in_or_opened(browser, bob):
    for query in ({"charger": "BRAVO-0001"}, {"session": str(bob.session.transaction_id)},
                  {"session": "9" * 30}, {"charger": "\x00"}):  # fmt: skip
        html = page(browser, "/tickets/new", **query)
        assert not re.search(r'name="(charger|session)" value=', html)
    values = {"cpo": str(bob.cpo.pk), "subject": "x", "category": "other", "priority": "low"}
    assert browser.post("/tickets/new", values).status_code == 422
    assert not Ticket.objects.exists()


# --- On other pages -----------------------------------------------------------------------------


def test_charger_session_and_overview_show_tickets(browser, alice):
    ticket = from_driver(alice)
    link = f'href="{at(ticket)}"'
    assert link in page(browser, f"/chargers/{alice.charger.pk}")
    assert link in page(browser, f"/sessions/{alice.session.transaction_id}")
    assert "1 ticket is with nobody" in page(browser, "/overview")
    Ticket.objects.update(due_resolution_at=clock.now() - timedelta(hours=1))
    html = page(browser, "/overview")
    assert "1 ticket is overdue" in html
    assert 'href="/tickets?show=overdue"' in html


def test_retired_charger_is_named_without_a_link(browser, alice):
    ticket = make_ticket(alice)
    Charger.objects.filter(pk=alice.charger.pk).update(retired_at=clock.now())
    for path in (at(ticket), "/tickets"):
        html = page(browser, path)
        assert "ALPHA-0001" in html
        assert f'href="/chargers/{alice.charger.pk}"' not in html
