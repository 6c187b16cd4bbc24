"""A passkey, with Chromium's own virtual authenticator: made in the account, then the only key."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import expect

from e2e.conftest import PHONE
from unievp.web.tests.cast import company

PASSWORD = "a-long-password"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner(transactional_db):
    owner = company("Nusantara Charge").owner
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    return owner


def give_authenticator(page):
    """A phone that recognises its owner's finger."""
    debugger = page.context.new_cdp_session(page)
    debugger.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    debugger.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_passkey_is_made_and_opens_the_door_without_a_password(visit, owner, server):
    # A passkey belongs to a domain, and an address of numbers is none.
    visitor = visit(language="id", size=PHONE, server=server.replace("127.0.0.1", "localhost"))
    page = visitor.sign_in(owner.email, PASSWORD, "/accounts/2fa/")
    give_authenticator(page)
    page.locator("a[href$='/2fa/webauthn/add/']").click()
    page.fill("input[name=password]", PASSWORD)
    page.locator("form[action^='/accounts/reauthenticate/'] button[type=submit]").click()
    page.fill("input[name=name]", "Telepon")
    page.check("input[name=passwordless]")
    page.click("#mfa_webauthn_add")
    # Codes for the day the phone is lost.
    expect(page.locator("#recovery_codes")).not_to_be_empty()
    visitor.picture("passkey-codes", whole=True)
    page.goto(f"{visitor.server}/accounts/2fa/webauthn/")
    expect(page.locator("table, .list-group").first).to_contain_text("Telepon")
    visitor.picture("passkey-list", whole=True)
    visitor.context.clear_cookies()
    page.goto(f"{visitor.server}/overview")
    page.click("#passkey_login")
    page.wait_for_url(f"{visitor.server}/overview")
    expect(page.locator("#curves")).to_be_attached()
