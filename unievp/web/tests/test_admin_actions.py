"""What staff do in the admin goes through services, and only where they have the right to."""

from __future__ import annotations

import json

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse

from chargers.models import Charger, ChargingSession, Command, CommandStatus, Connector, Frame
from cpo.models import CPO, AuditEntry, CPOStatus, User
from unievp.lib import clock
from unievp.web.tests.rows import make_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(client):
    user = User.objects.create_superuser("root", "root@staff.example")
    client.force_login(user)
    return user


@pytest.fixture
def reader(client):
    """Staff who may look at everything and change nothing."""
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    return user


@pytest.fixture
def charger():
    charger = make_row(Charger)
    make_row(Connector, charger=charger, number=1)
    return charger


def command_url(charger, action=""):
    args = (charger.pk, action) if action else (charger.pk,)
    return reverse("admin:chargers_charger_command", args=args)


def names_in(actions):
    """Of the buttons, and of those in menus."""
    for action in actions:
        yield from [action] if isinstance(action, str) else action["items"]


def test_every_button_is_open_to_somebody(rf):
    """Nobody may "change" on a read-only page: its buttons name a permission of their own."""
    request = rf.get("/admin/")
    request.user = User.objects.create_superuser("root")
    closed = []
    for desk in admin.site._registry.values():
        for name in names_in(getattr(desk, "actions_detail", None) or ()):
            needed = getattr(getattr(desk, name), "allowed_permissions", ())
            if "change" in needed and not desk.has_change_permission(request):
                closed.append(f"{desk}.{name}")
    assert not closed


def test_command_is_queued_and_its_page_shows_the_answer(client, root, charger):
    response = client.post(command_url(charger, "Reset"), {"type": "Soft"})
    command = Command.objects.get()
    assert response.url == reverse("admin:chargers_command_change", args=(command.pk,))
    assert (command.charger, command.action, command.payload) == (
        charger,
        "Reset",
        {"type": "Soft"},
    )
    assert (command.status, command.requested_by) == (CommandStatus.QUEUED, root)
    card = reverse("admin:chargers_command_answer", args=(command.pk,))
    assert b'hx-trigger="every 1s"' in client.get(card).content
    now = clock.now()
    Command.objects.update(
        status=CommandStatus.ANSWERED,
        sent_at=now,
        answered_at=now,
        response={"status": "Accepted"},
        response_status="Accepted",
    )
    content = client.get(card).content
    assert b"hx-trigger" not in content
    assert b"Accepted" in content


def test_invalid_command_is_not_queued(client, root, charger):
    response = client.post(command_url(charger, "Reset"), {"type": "Gentle"})
    assert response.status_code == 200
    assert not Command.objects.exists()


def test_unknown_command_is_not_found(client, root, charger):
    assert client.get(command_url(charger, "SelfDestruct")).status_code == 404


def test_reader_sends_no_command(client, reader, charger):
    assert client.post(command_url(charger, "Reset"), {"type": "Soft"}).status_code == 403
    assert not Command.objects.exists()


def test_stop_is_offered_with_the_running_transaction(client, root):
    session = make_row(ChargingSession, status="active", ended_at=None)
    response = client.get(command_url(session.charger, "RemoteStopTransaction"))
    assert response.context["form"].initial["transactionId"] == session.transaction_id


def test_charger_is_retired_with_a_reason_and_stays_in_the_books(client, root, charger):
    url = reverse("admin:chargers_charger_retire", args=(charger.pk,))
    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": ""}).status_code == 200
    charger.refresh_from_db()
    assert charger.retired_at is None
    client.post(url, {"reason": "Flooded"})
    charger.refresh_from_db()
    assert charger.retired_at is not None
    assert AuditEntry.objects.filter(actor=root, subject_id=str(charger.pk)).exists()


def test_new_password_is_shown_once_and_never_stored(client, root, charger):
    url = reverse("admin:chargers_charger_new_password", args=(charger.pk,))
    response = client.post(url)
    assert "no-store" in response["Cache-Control"]
    password = response.context["secrets"][1][1]
    assert len(password) >= 20
    charger.refresh_from_db()
    assert charger.password_digest
    change = reverse("admin:chargers_charger_change", args=(charger.pk,))
    assert password.encode() not in client.get(change).content
    assert password not in str(list(AuditEntry.objects.values_list("before", "after", "reason")))


@pytest.mark.parametrize("action", ["retire", "new_password"])
def test_reader_changes_no_charger(client, reader, charger, action):
    url = reverse(f"admin:chargers_charger_{action}", args=(charger.pk,))
    assert client.post(url, {"reason": "x"}).status_code == 403
    charger.refresh_from_db()
    assert (charger.retired_at, charger.password_digest) == (None, None)


def test_company_is_approved(client, root):
    cpo = make_row(CPO)
    client.post(reverse("admin:cpo_cpo_approve", args=(cpo.pk,)))
    cpo.refresh_from_db()
    assert cpo.status == CPOStatus.VERIFIED


def test_refusal_is_shown_and_changes_nothing(client, root):
    cpo = make_row(CPO, status=CPOStatus.VERIFIED, verified_at=clock.now())
    response = client.post(reverse("admin:cpo_cpo_approve", args=(cpo.pk,)))
    assert response.status_code == 200
    assert response.context["form"].non_field_errors()
    assert not AuditEntry.objects.exists()


def test_edit_in_the_admin_leaves_an_audit_entry(client, root):
    cpo = make_row(CPO, name="Old name")
    url = reverse("admin:cpo_cpo_change", args=(cpo.pk,))
    form = {
        "name": "New name",
        "country_code": "ID",
        "memberships-TOTAL_FORMS": 0,
        "memberships-INITIAL_FORMS": 0,
        "documents-TOTAL_FORMS": 0,
        "documents-INITIAL_FORMS": 0,
    }
    assert client.post(url, form).status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.cpo_id) == (root, "cpo.edited", cpo.pk)
    assert (entry.before, entry.after) == ({"name": "Old name"}, {"name": "New name"})


def test_frames_are_shown_escaped(client, root, charger):
    evil = json.dumps([2, "1", "DataTransfer", {"data": "<script>alert(1)</script>"}])
    frame = make_row(Frame, charger_id=charger.pk, request=evil, response="", direction="in")
    page = reverse("admin:chargers_frame_change", args=(frame.pk,))
    for url in (page, reverse("admin:chargers_frame_changelist")):
        content = client.get(url).content
        assert b"<script>alert(1)" not in content
        assert b"&lt;script&gt;alert(1)" in content


def test_wire_log_is_filtered_by_charger(client, root, charger):
    for pk in (charger.pk, charger.pk + 1):
        make_row(Frame, charger_id=pk, request="[]", direction="in")
    url = reverse("admin:chargers_frame_changelist")
    response = client.get(url, {"charger": charger.identity.lower()})
    assert [f.charger_id for f in response.context["cl"].result_list] == [charger.pk]


def test_session_page_leads_to_bill_readings_and_wire_log(client, root):
    session = make_row(ChargingSession)
    url = reverse("admin:chargers_chargingsession_change", args=(session.pk,))
    content = client.get(url).content.decode()
    for model in ("payments/bill", "chargers/meterreading", "chargers/frame"):
        assert f"/admin/{model}/?" in content
