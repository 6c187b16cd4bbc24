"""Tickets on the operations desk: the queue, one click, what is written, and the rules behind."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from cpo.models import AuditEntry
from tickets.models import RuleKind, ServiceLevel, Ticket, TicketRule
from tickets.services.changing import Change, change_ticket
from tickets.services.commenting import add_comment
from tickets.services.links import reply_token
from tickets.tests.factories import make_report
from unievp.web.tests.cast import company, person

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32


@pytest.fixture
def alice():
    return company("Alpha Charge")


@pytest.fixture
def desk():
    return person("desk@staff.example", is_staff=True, is_superuser=True)


@pytest.fixture
def staff(client, desk):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(desk)
    return client


@pytest.fixture
def ticket(alice):
    return make_report(charger=alice.charger)


def url(name, *args):
    return reverse(f"admin:tickets_ticket_{name}", args=args)


def found(staff, queue):
    html = staff.get(url("changelist"), {"queue": queue}).content.decode()
    return {row.pk for row in Ticket.objects.all() if row.number in html}


def test_home_page_counts_and_its_cards_lead_to_the_queue(staff, desk, ticket):
    mine = Ticket.objects.get()
    change_ticket(mine, Change(assignee=desk), actor=desk)
    Ticket.objects.filter(pk=ticket.pk).update(due_resolution_at="2020-01-01T00:00:00Z")
    cards = {card["url"]: card for card in staff.get(reverse("admin:index")).context["cards"]}
    shown = {name: cards[f"{url('changelist')}?queue={name}"]["value"]
             for name in ("overdue", "unassigned", "mine")}  # fmt: skip
    assert shown == {"overdue": 1, "unassigned": 0, "mine": 1}
    assert found(staff, "mine") == found(staff, "overdue") == found(staff, "open") == {ticket.pk}
    assert found(staff, "unassigned") == set()


def test_one_click_takes_starts_resolves_and_closes(staff, desk, ticket):
    for step, status in (("take", "open"), ("start", "in_progress"), ("resolve", "resolved"),
                         ("close", "closed"), ("reopen", "reopened")):  # fmt: skip
        assert f'value="{step}"' in staff.get(url("change", ticket.pk)).content.decode()
        staff.post(url("quick", ticket.pk), {"do": step})
        ticket.refresh_from_db()
        assert (ticket.status, ticket.assignee) == (status, desk)
    staff.post(url("quick", ticket.pk), {"do": "follow"})
    assert desk in ticket.watchers.all()
    staff.post(url("quick", ticket.pk), {"do": "unfollow"})
    assert desk not in ticket.watchers.all()
    assert staff.post(url("quick", ticket.pk), {"do": "nonsense"}).status_code == 404
    assert staff.get(url("quick", ticket.pk)).status_code == 405


def test_what_the_flow_forbids_is_said_and_changes_nothing(staff, ticket):
    html = staff.post(url("quick", ticket.pk), {"do": "reopen"}, follow=True).content.decode()
    assert "cannot become" in html
    ticket.refresh_from_db()
    assert ticket.status == "open"


def test_many_are_taken_and_closed_at_once(staff, desk, alice, ticket):
    for action in ("take_all", "close_all"):
        staff.post(url("changelist"), {"action": action, "_selected_action": [ticket.pk]})
    ticket.refresh_from_db()
    assert (ticket.status, ticket.assignee) == ("closed", desk)


def test_staff_write_with_a_file(staff, ticket):
    file = SimpleUploadedFile("bill.png", PNG)
    staff.post(url("answer", ticket.pk), {"body": "<b>We pay it back.</b>", "file": file})
    staff.post(url("answer", ticket.pk), {"body": "Watch them.", "internal": "on"})
    answer, note = ticket.comments.order_by("pk")
    assert (answer.internal, answer.side, note.internal) == (False, "platform", True)
    html = staff.get(url("change", ticket.pk)).content.decode()
    assert "&lt;b&gt;We pay it back.&lt;/b&gt;" in html
    assert "uniev-said-internal" in html
    kept = answer.attachments.get()
    download = staff.get(url("file", ticket.pk, kept.pk))
    assert download["X-Content-Type-Options"] == "nosniff"
    assert download["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"body": ""}, "This field is required."),
        ({"body": "x", "file": ("a.png", b"<svg>")}, "A PDF, PNG or JPEG file, please."),
    ],
)
def test_refusal_is_shown_on_the_form(staff, ticket, sent, words):
    if "file" in sent:
        sent = sent | {"file": SimpleUploadedFile(*sent["file"])}
    assert words in staff.post(url("answer", ticket.pk), sent).content.decode()
    assert not ticket.comments.exists()


def test_ticket_is_given_away_and_changed(staff, alice, ticket):
    staff.post(url("assign", ticket.pk), {"assignee": alice.owner.pk})
    values = {"status": "waiting", "priority": "low", "category": "other", "reason": "Parts"}
    staff.post(url("edit", ticket.pk), values)
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.status, ticket.priority) == (alice.owner, "waiting", "low")
    assert "Parts" in staff.get(url("change", ticket.pk)).content.decode()


def test_links_that_were_mailed_are_taken_back(staff, client, ticket):
    token = reply_token(ticket)
    staff.post(url("links", ticket.pk))
    assert client.get(f"/t/{token}").status_code == 410


def test_staff_open_a_ticket_of_the_platform_itself(staff, desk):
    values = {"category": "security", "priority": "high", "subject": "A key leaked"}
    answer = staff.post(url("add"), values | {"description": ""})
    ticket = Ticket.objects.get()
    assert (answer.status_code, ticket.cpo, ticket.opened_by) == (302, None, desk)
    assert AuditEntry.objects.filter(action="ticket.open").exists()
    assert ticket.number in staff.get(url("changelist"), {"q": ticket.number}).content.decode()


def test_who_may_only_look_does_nothing(client, ticket):
    looker = person("looker@staff.example", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_ticket"))
    client.force_login(looker)
    html = client.get(url("change", ticket.pk)).content.decode()
    assert 'name="do"' not in html
    assert client.post(url("quick", ticket.pk), {"do": "close"}).status_code == 403
    for name in ("answer", "assign", "edit", "links"):
        assert client.post(url(name, ticket.pk), {"body": "x"}).status_code == 403, name
    client.post(url("changelist"), {"action": "close_all", "_selected_action": [ticket.pk]})
    ticket.refresh_from_db()
    assert ticket.status == "open"


def test_company_has_no_way_in(client, alice, ticket):
    note = add_comment(ticket, body="x", actor=alice.owner, via="portal", files=[])
    assert note
    client.force_login(alice.owner)
    for where in (url("changelist"), url("change", ticket.pk)):
        assert client.get(where).status_code == 302, where
    assert client.post(url("quick", ticket.pk), {"do": "close"}).status_code == 302


# --- What stands behind -------------------------------------------------------------------------


def test_rule_is_changed_and_none_is_added_or_taken_away(staff):
    made = {"priority": "high", "category": "charger"}
    rule, _ = TicketRule.objects.update_or_create(kind=RuleKind.CHARGER_OFFLINE, defaults=made)
    where = reverse("admin:tickets_ticketrule_change", args=(rule.pk,))
    values = {"after_minutes": "90", "priority": "urgent", "category": "charger"}
    staff.post(where, values)
    rule.refresh_from_db()
    assert (rule.enabled, rule.after_minutes, rule.priority) == (False, 90, "urgent")
    assert AuditEntry.objects.filter(action="ticketrule.edited").exists()
    assert b"At most a week" in staff.post(where, values | {"after_minutes": "10081"}).content
    assert staff.get(reverse("admin:tickets_ticketrule_add")).status_code == 403
    delete = reverse("admin:tickets_ticketrule_delete", args=(rule.pk,))
    assert staff.post(delete, {"post": "yes"}).status_code == 403


def test_service_level_of_a_company_is_made(staff, alice):
    where = reverse("admin:tickets_servicelevel_add")
    assert "Monday" in staff.get(where).content.decode()
    values = {"cpo": alice.cpo.pk, "priority": "high", "answer_minutes": "60",
              "resolve_minutes": "600", "opens": "07:00", "closes": "19:00",
              "zone": "Asia/Makassar", "weekdays": ["0", "5"]}  # fmt: skip
    for wrong, words in (({"closes": "06:00"}, b"close after it opens"),
                         ({"weekdays": []}, b"required"),
                         ({"zone": "Mars"}, b"valid choice"),
                         ({"answer_minutes": "601"}, b"comes before the solution")):  # fmt: skip
        assert words in staff.post(where, values | wrong).content, wrong
    staff.post(where, values)
    level = ServiceLevel.objects.get(cpo=alice.cpo)
    assert (level.weekdays, level.zone, level.opens.hour) == ([0, 5], "Asia/Makassar", 7)
