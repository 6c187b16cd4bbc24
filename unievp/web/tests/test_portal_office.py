"""The office: data, team, keys and log of a company, for those who manage it."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile

from cpo.models import (
    CPO,
    ApiKey,
    AuditEntry,
    CPOStatus,
    Invitation,
    Membership,
    Role,
    User,
)
from cpo.services.api_keys import recognise
from cpo.services.invitations import make_link_token, send_invitation
from unievp.lib import clock
from unievp.web.tests.cast import company, person

pytestmark = pytest.mark.django_db
PAGES = ["/company", "/company/team", "/company/keys", "/company/log", "/company/log.csv"]
PASSWORD = "walnut-harbour-42"


@pytest.fixture
def alice():
    return company("Alpha Charge")


@pytest.fixture
def bob():
    return company("Bravo Charge")


@pytest.fixture
def browser(client, alice):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(alice.owner)
    return client


def post(browser, path, cpo=None, **values):
    answer = browser.post(path, values | ({"cpo": cpo.pk} if cpo else {}), follow=True)
    return answer.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_for_those_who_manage_the_company(browser, alice, bob, path):
    assert browser.get(path).status_code == 200
    assert browser.get(path, {"cpo": bob.cpo.pk}).status_code == 404
    for role in (Role.OPERATOR, Role.FINANCE, Role.VIEWER):
        browser.force_login(person(f"{role}@alpha.example", alice.cpo, role))
        assert browser.get(path).status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_company_that_waits_for_verification_sees_its_office(browser, alice, path):
    CPO.objects.filter(pk=alice.cpo.pk).update(status=CPOStatus.PENDING, verified_at=None)
    assert browser.get(path).status_code == 200
    assert b"/company" in browser.get("/").content


# --- Team ---------------------------------------------------------------------------------------


def invite(browser, **values):
    return post(
        browser, "/company/team/invite", email="new@alpha.example", role="finance", **values
    )


def test_invited_person_joins_by_the_link_of_the_mail(browser, alice, client):
    assert "new@alpha.example" in invite(browser)
    invitation = Invitation.objects.get()
    assert send_invitation(invitation.pk)
    assert not send_invitation(invitation.pk)
    assert mail.outbox[0].to == ["new@alpha.example"]
    path = re.search(r"http://[^/]+(/accounts/invitation/\S+)", mail.outbox[0].body)[1]
    client.logout()
    assert b"Choose a password" in client.get(path).content
    assert not User.objects.filter(email="new@alpha.example").exists()
    client.post(path, {"password": PASSWORD})
    membership = Membership.objects.get(user__email="new@alpha.example")
    assert (membership.cpo, membership.role) == (alice.cpo, "finance")
    assert membership.user.check_password(PASSWORD)
    assert client.get(path).status_code == 410


def test_weak_password_makes_no_member(browser, client):
    invite(browser)
    path = f"/accounts/invitation/{make_link_token(Invitation.objects.get())}"
    assert b"invalid-feedback" in client.post(path, {"password": "12345678"}).content
    assert not Membership.objects.filter(user__email="new@alpha.example").exists()


def test_person_with_an_account_joins_with_it(browser, alice, client):
    known = person("new@alpha.example")
    invite(browser)
    path = f"/accounts/invitation/{make_link_token(Invitation.objects.get())}"
    client.post(path)
    assert Membership.objects.get(user=known).cpo == alice.cpo


def test_withdrawn_and_old_invitations_open_nothing(browser, client):
    invite(browser)
    invitation = Invitation.objects.get()
    path = f"/accounts/invitation/{make_link_token(invitation)}"
    assert client.get(f"{path}x").status_code == 410
    Invitation.objects.update(expires_at=clock.now())
    assert client.post(path, {"password": PASSWORD}).status_code == 410
    invite(browser)
    second = Invitation.objects.exclude(pk=invitation.pk).get()
    post(browser, f"/company/team/invitations/{second.pk}")
    assert client.get(f"/accounts/invitation/{make_link_token(second)}").status_code == 410


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"email": "nonsense", "role": "viewer"}, "no e-mail address"),
        ({"email": "x@y.example", "role": "emperor"}, "Choose a role"),
        ({"email": "OWNER@alpha.example", "role": "viewer"}, "in your team already"),
    ],
)
def test_nonsense_invites_nobody(browser, values, words):
    assert words in post(browser, "/company/team/invite", **values)
    assert not Invitation.objects.exists()


def test_second_invitation_of_an_address_is_refused(browser):
    invite(browser)
    assert "invited already" in invite(browser)
    assert Invitation.objects.count() == 1


def test_role_changes_and_member_leaves(browser, alice):
    viewer = person("viewer@alpha.example", alice.cpo, Role.VIEWER)
    membership = Membership.objects.get(user=viewer)
    post(browser, f"/company/team/{membership.pk}", role="operator")
    membership.refresh_from_db()
    assert membership.role == "operator"
    post(browser, f"/company/team/{membership.pk}", remove="1", role="operator")
    assert not Membership.objects.filter(user=viewer).exists()


def test_last_owner_stays(browser, alice):
    membership = Membership.objects.get(user=alice.owner)
    assert "needs an owner" in post(browser, f"/company/team/{membership.pk}", role="viewer")
    assert "needs an owner" in post(browser, f"/company/team/{membership.pk}", remove="1")


def test_rivals_members_and_invitations_are_not_found(browser, bob):
    membership = Membership.objects.get(cpo=bob.cpo)
    assert browser.post(f"/company/team/{membership.pk}", {"remove": "1"}).status_code == 404
    assert browser.post("/company/team/invite", {"cpo": bob.cpo.pk}).status_code == 404
    browser.force_login(bob.owner)
    invite(browser)
    invitation = Invitation.objects.get()
    browser.force_login(person("o@alpha.example", CPO.objects.get(name="Alpha Charge")))
    assert browser.post(f"/company/team/invitations/{invitation.pk}").status_code == 404


# --- Keys ---------------------------------------------------------------------------------------


def test_key_is_shown_once_and_opens_what_it_may(browser, alice):
    html = post(browser, "/company/keys", name="ERP", days="365", scopes=["chargers:read"])
    text = re.search(r'class="whole-key">([^<]+)<', html)[1]
    key = recognise(text)
    assert (key.cpo, key.scopes) == (alice.cpo, ["chargers:read"])
    again = browser.get("/company/keys").content.decode()
    assert text not in again
    assert key.prefix in again
    post(browser, f"/company/keys/{key.pk}/revoke")
    assert recognise(text) is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "", "days": "90", "scopes": ["chargers:read"]}, "name"),
        ({"name": "x", "days": "90"}, "Choose what the key may do"),
        ({"name": "x", "days": "9999", "scopes": ["chargers:read"]}, "how long"),
        ({"name": "x", "days": "90", "scopes": ["moon:write"]}, "no scope"),
    ],
)
def test_nonsense_makes_no_key(browser, values, words):
    assert words in post(browser, "/company/keys", **values)
    assert not ApiKey.objects.exists()


def test_rivals_key_is_not_found(browser, bob):
    key = ApiKey.objects.create(
        name="x", prefix="abcd1234", digest=b"x" * 32, cpo=bob.cpo, scopes=["*"]
    )
    assert browser.post(f"/company/keys/{key.pk}/revoke").status_code == 404
    assert b"abcd1234" not in browser.get("/company/keys").content


# --- Data ---------------------------------------------------------------------------------------


def test_contact_is_changed_and_what_was_verified_is_not(browser, alice):
    html = post(browser, "/company/save", name="Alpha Charge", contact_phone="+62 811 000 111")
    assert "+62 811 000 111" in html
    assert "This was verified" in post(browser, "/company/save", legal_name="PT Other")
    alice.cpo.refresh_from_db()
    assert (alice.cpo.contact_phone, alice.cpo.legal_name) == ("+62 811 000 111", "")


def test_nonsense_is_refused_in_words(browser):
    assert "alert-danger" in post(browser, "/company/save", contact_email="nonsense")
    assert "A company has a name" in post(browser, "/company/save", name=" ")
    assert "alert-danger" in post(
        browser, "/company/bank-account", bank_code="", bank_account_number="1"
    )


def test_new_bank_account_is_masked_and_being_checked(browser, alice):
    html = post(
        browser,
        "/company/bank-account",
        bank_code="BCA",
        bank_account_name="PT Alpha",
        bank_account_number="1234567890",
    )
    assert "1234567890" not in html
    assert "being checked" in html
    alice.cpo.refresh_from_db()
    assert alice.cpo.bank_account_number == "1234567890"


def test_paper_is_handed_in_and_programs_are_not(browser, alice, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    paper = SimpleUploadedFile("nib.pdf", b"%PDF-1.4 licence %%EOF")
    assert "nib.pdf" in post(browser, "/company/papers", kind="nib", file=paper)
    program = SimpleUploadedFile("nib.pdf", b"MZ\x90\x00")
    assert "alert-danger" in post(browser, "/company/papers", kind="nib", file=program)
    assert "Choose a file" in post(browser, "/company/papers", kind="nib")
    assert alice.cpo.documents.count() == 1


# --- Log ----------------------------------------------------------------------------------------


def test_log_tells_in_words_what_was_done_and_by_whom(browser, alice):
    invite(browser)
    post(browser, "/company/save", contact_phone="+62 811")
    html = browser.get("/company/log").content.decode()
    assert "Invited somebody" in html
    assert "Changed the company" in html
    team = browser.get("/company/log", {"area": "team"}).content.decode()
    assert "Invited somebody" in team
    assert "Changed the company" not in team
    assert "Nothing here." in browser.get("/company/log", {"q": "nobody-at-all"}).content.decode()


def test_log_shows_own_entries_only(browser, alice, bob):
    AuditEntry.objects.create(
        at=clock.now(), actor_label="=cmd()", cpo=alice.cpo, action="member.add", subject_type="x",
        subject_id="1", before={}, after={},
    )  # fmt: skip
    AuditEntry.objects.create(
        at=clock.now(), actor_label="rival", cpo=bob.cpo, action="member.add", subject_type="x",
        subject_id="1", before={}, after={},
    )  # fmt: skip
    html = browser.get("/company/log").content.decode()
    assert "=cmd()" in html
    assert "rival" not in html


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_log_is_exported_with_formulas_made_harmless(browser, alice, bob):
    for cpo, who in ((alice.cpo, "=cmd()"), (bob.cpo, "rival")):
        AuditEntry.objects.create(
            at=clock.now(),
            actor_label=who,
            cpo=cpo,
            action="member.add",
            subject_type="x",
            subject_id="1",
        )
    text = b"".join(browser.get("/company/log.csv")).decode()
    assert "'=cmd()" in text
    assert "rival" not in text
