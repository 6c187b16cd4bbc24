"""Staff let drivers roam, and see what partners were told of them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from cpo.models import AuditEntry, User
from ocpi.models import OwnToken, RoamingContract
from ocpi.tests.emsp import let_roam, make_driver, make_emsp_party
from ocpi.tests.test_admin import act

pytestmark = pytest.mark.django_db
ADD = "admin:ocpi_roamingcontract_add"


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("root", "root@staff.example"))
    return client


def test_staff_let_a_driver_roam_with_a_limit(staff):
    make_emsp_party()
    driver = make_driver()
    body = {"driver": str(driver.pk), "credit_limit": "250000"}
    assert staff.post(reverse(ADD), body).status_code == 302
    contract = RoamingContract.objects.get()
    assert (contract.driver, contract.credit_limit, contract.status) == (driver, 250_000, "active")
    assert contract.tokens.get().type == "APP_USER"
    entry = AuditEntry.objects.get(action="ocpi_contract.open")
    assert entry.actor.username == "root"


def test_without_a_party_staff_are_told_what_to_do(staff):
    body, english = {"driver": str(make_driver().pk)}, {"Accept-Language": "en"}
    response = staff.post(reverse(ADD), body, follow=True, headers=english)
    assert "Roaming → Parties → Add" in response.content.decode()
    assert not RoamingContract.objects.exists()


def test_block_needs_a_reason_and_is_taken_back(staff):
    make_emsp_party()
    contract = let_roam()
    act(staff, contract, "block", reason="")
    assert OwnToken.objects.get().valid
    act(staff, contract, "block", reason="Lost phone")
    contract.refresh_from_db()
    assert (contract.status, contract.block_reason) == ("blocked", "Lost phone")
    assert not OwnToken.objects.get().valid
    act(staff, contract, "block")
    contract.refresh_from_db()
    assert (contract.status, contract.block_reason) == ("active", "")


def test_credit_is_changed(staff):
    make_emsp_party()
    contract = let_roam(credit_limit=1)
    act(staff, contract, "credit", credit_limit="")
    contract.refresh_from_db()
    assert contract.credit_limit is None
