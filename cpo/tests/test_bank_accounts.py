"""Nobody alone moves a company's bank account, also not by a key that a key of theirs made."""

from __future__ import annotations

import pytest

from cpo.services.api_keys import create_api_key
from cpo.services.bank_accounts import change_bank_account, verify_bank_account
from cpo.tests.factories import make_cpo, make_user
from unievp.lib.errors import ForbiddenError

pytestmark = pytest.mark.django_db
ACCOUNT = {"bank_code": "BCA", "name": "PT Baru", "number": "5555666677"}


def staff():
    return make_user(is_staff=True, is_superuser=True)


@pytest.mark.parametrize("keys", [0, 1, 2])
def test_who_entered_an_account_by_whatever_key_does_not_verify_it(keys):
    person, cpo = staff(), make_cpo()
    actor = person
    for number in range(keys):
        actor, _text = create_api_key(name=f"Key {number}", actor=actor)
    change = change_bank_account(cpo, **ACCOUNT, actor=actor)
    with pytest.raises(ForbiddenError) as refused:
        verify_bank_account(change, actor=person)
    assert refused.value.code == "four_eyes"
    assert verify_bank_account(change, actor=staff()).verified_at is not None


def test_an_account_by_a_key_of_the_server_is_verified_by_one_person():
    key, _text = create_api_key(name="Import", actor="manage.py create_apikey")
    change = change_bank_account(make_cpo(), **ACCOUNT, actor=key)
    assert change.changed_by is None
    assert verify_bank_account(change, actor=staff()).verified_at is not None
