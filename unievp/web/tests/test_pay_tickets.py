"""“Something went wrong?”: the form, and the page of a report behind its signed link."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from cpo.models import User
from cpo.tests.factories import make_user
from payments.services.intents.creating import Wish, create_intent
from tickets.models import Ticket, TicketMail
from tickets.services.attaching import File
from tickets.services.changing import Change, change_ticket
from tickets.services.commenting import add_comment
from tickets.services.replying import reply_token, revoke_links
from unievp.lib import clock
from unievp.web.pay.tickets import report
from unievp.web.tests.cast import start_session
from unievp.web.tests.paying import driver, make_config, make_outlet, page_of, token_on
from unievp.web.tests.test_pay_scan import a_rate

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32


@pytest.fixture
def outlet():
    make_config()
    return make_outlet(identity="SIM-0001", per_kwh=2_467)


def tell(somebody, where, **fields):
    return somebody.post(f"{where}/report", {"kind": "cable_stuck"} | fields)


def text_of(answer):
    return answer.content.decode()


def reported(phone, outlet, **fields):
    tell(phone, page_of(outlet), **fields)
    return Ticket.objects.get()


def at(ticket):
    return f"/t/{reply_token(ticket)}"


def answered(ticket, body, **fields):
    staff = User.objects.filter(username="rina").first()
    staff = staff or make_user(username="rina", is_staff=True)
    return add_comment(ticket, body=body, actor=staff, via="admin", **fields)


# --- Telling ------------------------------------------------------------------------------------


def test_driver_tells_at_a_connector_and_gets_a_number(outlet):
    session = start_session(outlet)
    phone = driver()
    assert f'href="{page_of(outlet)}/report"' in text_of(phone.get(page_of(outlet)))
    assert phone.get(f"{page_of(outlet)}/report").status_code == 200
    answer = phone.post(
        f"{page_of(outlet)}/report",
        {"kind": "cable_stuck", "text": "Help", "email": "a@driver.example", "phone": "+62 21 5"},
    )
    assert answer.status_code == 422  # too short for a phone number
    answer = phone.post(
        f"{page_of(outlet)}/report",
        {
            "kind": "cable_stuck",
            "text": "Help",
            "email": "a@driver.example",
            "phone": "+62 (812) 5550",
        },
        follow=True,
    )
    ticket = Ticket.objects.get()
    assert (ticket.charger, ticket.connector, ticket.session) == (outlet.charger, outlet, session)
    assert (ticket.category, ticket.priority, ticket.cpo) == ("charger", "high", outlet.charger.cpo)
    assert (ticket.subject, ticket.description) == ("The cable is stuck", "Help")
    assert (ticket.reporter_email, ticket.reporter_phone) == ("a@driver.example", "+62 (812) 5550")
    assert (ticket.opened_via, ticket.language) == ("driver", "en")
    assert f"number {ticket.number}" in text_of(answer)
    assert TicketMail.objects.get().email == "a@driver.example"


def test_driver_tells_of_a_payment(outlet):
    wish = Wish(50_000, "qris", charger=outlet.charger, connector=outlet, email="a@driver.example")
    intent = create_intent(outlet.charger.cpo, wish, created_by="test")
    where, phone = f"/pay/p/{intent.secret}", driver()
    assert f'href="{where}/report"' in text_of(phone.get(where))
    assert 'value="a@driver.example"' in text_of(phone.get(f"{where}/report"))
    tell(phone, where, kind="paid_no_charge")
    ticket = Ticket.objects.get()
    assert (ticket.payment, ticket.connector, ticket.category) == (intent, outlet, "payment")
    # Whoever has the report's link has not the payment's.
    assert intent.secret not in text_of(phone.get(at(ticket)))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"kind": ""}, "Choose what went wrong."),
        ({"kind": "weather"}, "Choose what went wrong."),
        ({"kind": "other"}, "Tell us in a few words."),
        ({"email": "nobody"}, "This is no e-mail address."),
        ({"phone": "call me"}, "This is no phone number."),
        ({"text": "x" * 2_001}, "at most 2000 characters"),
        ({"fax": "https://spam.example"}, "Please leave the field"),
    ],
)
def test_what_cannot_be_used_is_refused_at_its_field(outlet, wrong, words):
    answer = tell(driver(), page_of(outlet), **wrong)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Ticket.objects.exists()


def test_form_that_is_sent_twice_is_one_report(outlet):
    phone = driver()
    token = token_on(text_of(phone.get(f"{page_of(outlet)}/report")))
    first, second = (tell(phone, page_of(outlet), text="Help", token=token) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert Ticket.objects.count() == 1
    tell(phone, page_of(outlet), text="Help, now!", token=token)
    tell(phone, page_of(outlet), text="Help, now!", token="nonsense")
    assert Ticket.objects.count() == 3


def test_who_reports_without_end_is_asked_to_wait(outlet, monkeypatch):
    monkeypatch.setattr(report, "_REPORTS", a_rate(1))
    phone = driver()
    assert tell(phone, page_of(outlet), text="1").status_code == 302
    answer = tell(phone, page_of(outlet), text="2")
    assert (answer.status_code, Ticket.objects.count()) == (429, 1)
    assert int(answer["Retry-After"]) > 0


def test_unknown_charger_and_payment_are_friendly_pages(outlet):
    for where in ("/pay/NOBODY/1", "/pay/SIM-0001/9", f"/pay/p/{'x' * 22}"):
        assert driver().get(f"{where}/report").status_code == 404, where
        assert tell(driver(), where).status_code == 404, where


# --- The link -----------------------------------------------------------------------------------


def test_link_shows_answers_and_never_a_note_or_a_name(outlet):
    phone = driver()
    ticket = reported(phone, outlet, text="<b>Help</b>")
    answered(ticket, "We come.")
    answered(ticket, "Not again.", internal=True)
    answer = phone.get(at(ticket))
    html = text_of(answer)
    assert "We come." in html
    assert "&lt;b&gt;Help" in html
    assert "Not again." not in html
    assert "rina" not in html
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"


def test_driver_replies_with_a_photo(outlet):
    phone = driver()
    ticket = reported(phone, outlet)
    photo = SimpleUploadedFile("plug.png", PNG)
    html = text_of(phone.post(at(ticket), {"body": "Here", "file": photo}, follow=True))
    assert "Your reply is with us." in html
    assert (ticket.comments.get().body, ticket.comments.get().side) == ("Here", "driver")
    link = re.search(r'href="(/t/[^"]+/files/[^"]+)"', html)
    answer = phone.get(link[1])
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("sent", "where"),
    [
        ({"body": " "}, 'id="e-body"'),
        ({"body": "x", "file": ("a.png", b"<html>")}, 'id="e-file"'),
    ],
)
def test_reply_is_refused_at_its_field(outlet, sent, where):
    phone = driver()
    ticket = reported(phone, outlet)
    if "file" in sent:
        sent = sent | {"file": SimpleUploadedFile(*sent["file"])}
    answer = phone.post(at(ticket), sent)
    assert answer.status_code == 422
    assert where in text_of(answer)
    assert not ticket.comments.exists()


def test_file_of_a_note_is_not_behind_the_link(outlet):
    phone = driver()
    ticket = reported(phone, outlet)
    note = answered(ticket, "x", internal=True, files=[File("a.png", PNG)])
    kept = note.attachments.get()
    assert phone.get(f"{at(ticket)}/files/{kept.pk}").status_code == 404


def test_link_that_is_wrong_old_or_taken_back_leads_to_a_friendly_page(outlet):
    phone = driver()
    ticket = reported(phone, outlet)
    link = at(ticket)
    assert phone.get("/t/nonsense").status_code == 404
    assert phone.get(f"{link}x").status_code == 404
    assert phone.post("/t/nonsense", {"body": "x"}).status_code == 404
    with time_machine.travel(clock.now() + timedelta(days=61), tick=False):
        old = phone.get(link)
    assert (old.status_code, "not valid any more" in text_of(old)) == (410, True)
    revoke_links(ticket, actor=make_user(is_staff=True))
    assert phone.get(link).status_code == 410
    assert phone.post(link, {"body": "x"}).status_code == 410
    assert not ticket.comments.exists()


def test_closed_report_is_read_and_not_written(outlet):
    phone = driver()
    ticket = reported(phone, outlet)
    change_ticket(ticket, Change(status="closed"), actor=make_user(is_staff=True))
    html = text_of(phone.get(at(ticket)))
    assert "This report is closed." in html
    assert 'name="body"' not in html
    assert phone.post(at(ticket), {"body": "x"}).status_code == 422
