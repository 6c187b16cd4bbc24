"""Staff refuse a bank account with a reason: nothing is paid to it, and the company reads why."""

from __future__ import annotations

from functools import partial

import pytest

from cpo.models import BankAccountChange, Notification, Role, User
from cpo.services.api_keys import create_api_key
from cpo.services.bank_accounts import (
    change_bank_account,
    refuse_bank_account,
    verify_bank_account,
)
from payments.services.settlements import request_settlement
from payments.tests.factories import give, make_member, make_paid_cpo, make_staff
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError, RefusedError

pytestmark = pytest.mark.django_db
NEW = {"bank_code": "MANDIRI", "name": "PT Contoh", "number": "144001234567"}


@pytest.fixture
def cpo():
    company = make_paid_cpo()
    give(company, 200_000)
    return company


@pytest.fixture
def owner(cpo):
    return make_member(cpo, Role.OWNER)


def named(cpo, actor, **account):
    """A new account whose cool-off is over."""
    change = change_bank_account(cpo, **{**NEW, **account}, actor=actor)
    BankAccountChange.objects.filter(pk=change.pk).update(usable_from=clock.now())
    return change


def test_refused_account_is_not_paid_to_and_another_one_may_follow(cpo, owner):
    change = named(cpo, owner)
    with pytest.raises(InvalidError):
        refuse_bank_account(change, reason=" ", actor=make_staff())
    with pytest.raises(ForbiddenError):
        refuse_bank_account(change, reason="x", actor=owner)
    refuse_bank_account(change, reason="Another name at the bank.", actor=make_staff())
    cpo.refresh_from_db()
    with pytest.raises(RefusedError, match=r"Another name at the bank\.") as refused:
        request_settlement(cpo, actor=owner)
    assert refused.value.code == "bank_refused"
    for decide in (verify_bank_account, partial(refuse_bank_account, reason="again")):
        with pytest.raises(ConflictError):
            decide(change, actor=make_staff())
    again = named(cpo, owner, number="999888777")
    verify_bank_account(again, actor=make_staff())
    cpo.refresh_from_db()
    assert request_settlement(cpo, actor=owner).bank_account_number == "999888777"


def test_company_is_told_once_and_shown_why(client, english, cpo, owner):
    viewer = make_member(cpo, Role.VIEWER)
    User.objects.filter(pk=owner.pk).update(email="owner@alpha.example")
    refuse_bank_account(named(cpo, owner), reason="Another name at the bank.", actor=make_staff())
    (told,) = Notification.objects.filter(event="bank_account.refused")
    assert (told.user, told.cpo, told.mail_due_at is None) == (owner, cpo, False)
    assert told.args["reason"] == "Another name at the bank."
    assert told.args["account"].startswith("MANDIRI ")
    assert NEW["number"] not in told.args["account"]
    assert not Notification.objects.filter(user=viewer).exists()
    client.force_login(owner)
    page = client.get("/company", headers={"Accept-Language": "en"}).content.decode()
    assert "Another name at the bank." in page
    assert "being checked" not in page


def test_account_that_an_api_key_named_waits_for_a_person_of_the_platform(cpo, owner):
    key, _text = create_api_key(
        name="Accounting", cpo=cpo, scopes=["settlements:write"], actor=owner
    )
    change = named(cpo, key)
    cpo.refresh_from_db()
    with pytest.raises(RefusedError) as refused:
        request_settlement(cpo, actor=owner)
    assert refused.value.code == "bank_not_verified"
    for stranger in (owner, make_member(cpo, Role.FINANCE)):
        with pytest.raises(ForbiddenError):
            verify_bank_account(change, actor=stranger)
    verify_bank_account(change, actor=make_staff())
    assert request_settlement(cpo, actor=owner).bank_account_number == NEW["number"]
