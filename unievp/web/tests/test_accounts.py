"""One's account, as companies' people and platform staff use it: our layout, both languages."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.test import Client

from cpo.models import Role
from cpo.services.invitations import accept_invitation, invite_member, make_link_token
from unievp.web.browsers import browser_name
from unievp.web.tests.cast import company, person

pytestmark = pytest.mark.django_db
PASSWORD, NEW = "a-long-password", "walnut-harbour-42"
LANGUAGES = pytest.mark.parametrize("language", ["en", "id"])
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def _fresh_limits():
    """Tries are counted in the cache, which outlives a test."""
    cache.clear()
    yield
    cache.clear()


def visitor(language="en"):
    return Client(headers={"Accept-Language": language})


def sign_in(client, login, password=PASSWORD):
    return client.post("/accounts/login/", {"login": login, "password": password})


def proven(user):
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def signed_in(user, language="en"):
    """With a password just now: what changes an account asks for one."""
    client = visitor(language)
    assert sign_in(client, user.email).status_code == 302
    return client


def sure(client, password=PASSWORD):
    """Says the password once more, as every change of a second factor wants."""
    assert client.post("/accounts/reauthenticate/", {"password": password}).status_code == 302
    return client


def link_in(mail):
    return re.search(r"https?://testserver(/\S+)", mail.body)[1]


def code_now(secret=SECRET):
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


# --- Password and mail ---------------------------------------------------------------------------


@LANGUAGES
def test_forgotten_password_is_replaced_by_a_mail(language, mailoutbox):
    user = person("owner@alpha.example")
    client = visitor(language)
    client.post("/accounts/password/reset/", {"email": user.email})
    (mail,) = mailoutbox
    assert mail.subject.startswith("UNIEV: ")
    form = client.get(link_in(mail), follow=True)
    assert f'<html lang="{language}">' in form.content.decode()
    assert 'class="entrance"' in form.content.decode()
    address = form.redirect_chain[-1][0]
    answer = client.post(address, {"password1": NEW, "password2": NEW})
    assert answer.status_code == 302
    assert sign_in(visitor(), user.email, NEW).status_code == 302
    # Once.
    assert "password1" not in visitor().get(link_in(mail), follow=True).content.decode()


def test_reset_tells_nobody_who_has_an_account(mailoutbox):
    person("owner@alpha.example")
    known = visitor().post("/accounts/password/reset/", {"email": "owner@alpha.example"})
    unknown = visitor().post("/accounts/password/reset/", {"email": "nobody@alpha.example"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)


@LANGUAGES
def test_address_is_proven_by_a_mail(language, mailoutbox):
    user = company("Alpha Charge").owner
    client = signed_in(user, language)
    page = client.get("/accounts/email/").content.decode()
    assert user.email in page
    client.post("/accounts/email/", {"action_send": "", "email": user.email})
    assert not EmailAddress.objects.get(user=user).verified
    address = link_in(mailoutbox[-1])
    assert client.get(address).status_code == 200
    assert not EmailAddress.objects.get(user=user).verified  # programs that read mail follow links
    client.post(address)
    assert EmailAddress.objects.get(user=user).verified


def test_who_came_by_an_invitation_need_not_prove_the_address_again():
    alpha = company("Alpha Charge")
    invited = invite_member(
        alpha.cpo, email="New@Alpha.example", role=Role.VIEWER, actor=alpha.owner
    )
    member = accept_invitation(make_link_token(invited), password=NEW).user
    address = EmailAddress.objects.get(user=member)
    assert (address.email, address.verified, address.primary) == ("new@alpha.example", True, True)
    client = visitor()
    sign_in(client, member.email, NEW)
    assert sure(client, NEW).get("/accounts/2fa/totp/activate/").status_code == 200


# --- Second factor -------------------------------------------------------------------------------


@LANGUAGES
def test_totp_is_set_up_and_then_asked_for(language):
    user = proven(company("Alpha Charge").owner)
    client = signed_in(user, language)
    assert client.get("/accounts/2fa/totp/activate/").url.startswith("/accounts/reauthenticate/")
    page = sure(client).get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    assert "office-tabs" in page.content.decode()
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)})
    assert answer.status_code == 302
    # Codes for the day the phone is lost come with it.
    codes = Authenticator.objects.get(user=user, type="recovery_codes")
    assert len(codes.wrap().get_unused_codes()) == 10
    assert client.get("/accounts/2fa/recovery-codes/").status_code == 200
    again = visitor(language)
    asked = sign_in(again, user.email)
    assert asked.url.startswith("/accounts/2fa/authenticate/")
    assert again.get("/overview").status_code == 302
    assert again.get(asked.url).status_code == 200


def with_totp(user):
    TOTP.activate(proven(user), SECRET)
    return RecoveryCodes.activate(user)


def test_staff_pass_the_same_door_into_the_admin():
    staff = person("root@x.example", is_staff=True, is_superuser=True)
    with_totp(staff)
    client = visitor()
    door = client.get("/admin/", follow=True)
    assert door.redirect_chain[-1][0].startswith("/accounts/login/")
    asked = client.post(
        "/accounts/login/?next=/admin/", {"login": staff.email, "password": PASSWORD}
    )
    assert asked.url.startswith("/accounts/2fa/authenticate/")
    assert client.get("/admin/").status_code == 302
    client.post(asked.url, {"code": code_now()})
    assert client.get("/admin/").status_code == 200
    for page in ("/accounts/2fa/", "/accounts/sessions/", "/accounts/email/"):
        assert "office-tabs" in client.get(page).content.decode()
    assert "/accounts/2fa/" in client.get("/admin/").content.decode()


def test_recovery_code_opens_the_door_once():
    user = company("Alpha Charge").owner
    code = with_totp(user).get_unused_codes()[0]
    for expected in (302, 200):
        client = visitor()
        asked = sign_in(client, user.email)
        assert client.post(asked.url, {"code": code}).status_code == expected


def test_wrong_code_opens_nothing():
    user = company("Alpha Charge").owner
    with_totp(user)
    client = visitor()
    asked = sign_in(client, user.email)
    assert client.post(asked.url, {"code": "000000"}).status_code == 200
    assert client.get("/overview").status_code == 302


# --- Where one is signed in ----------------------------------------------------------------------


def test_other_places_are_listed_and_ended():
    user = company("Alpha Charge").owner
    here, there = signed_in(user), visitor()
    there.post(
        "/accounts/login/",
        {"login": user.email, "password": PASSWORD},
        headers={"User-Agent": "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36"},
    )
    page = here.get("/accounts/sessions/").content.decode()
    assert "Chrome · Android" in page
    assert there.get("/overview").status_code == 200
    here.post("/accounts/sessions/")
    assert there.get("/overview").status_code == 302
    assert here.get("/overview").status_code == 200


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/1 Safari/1 Edg/1", "Edge · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/1", "Safari · iPhone"),
        ("curl/8.5", "curl/8.5"),
        ("", ""),
    ],
)
def test_browser_is_called_as_people_call_it(said, name):
    assert browser_name(said) == name


# --- Around it -----------------------------------------------------------------------------------


def test_account_pages_have_the_menu_of_the_portal():
    owner = company("Alpha Charge").owner
    client = signed_in(owner)
    page = client.get("/accounts/sessions/").content.decode()
    assert 'href="/wallet"' in page
    assert "Alpha Charge" in page
    viewer = person("v@alpha.example", owner.memberships.get().cpo, Role.VIEWER)
    page = signed_in(viewer).get("/accounts/sessions/").content.decode()
    assert 'href="/wallet"' not in page


@LANGUAGES
def test_too_many_tries_are_refused_in_words(language, mailoutbox):
    person("owner@alpha.example")
    client = visitor(language)
    answers = [
        client.post("/accounts/password/reset/", {"email": "owner@alpha.example"})
        for _try in range(8)
    ]
    last = answers[-1]
    assert last.status_code == 429
    text = last.content.decode()
    assert f'<html lang="{language}">' in text
    assert "error-code" in text
    assert len(mailoutbox) < 8


def test_guessing_passwords_is_stopped():
    user = person("owner@alpha.example")
    client = visitor()
    for _try in range(6):
        sign_in(client, user.email, "wrong")
    assert sign_in(client, user.email).status_code == 200
    assert client.get("/overview").status_code == 302
