"""Settlements by the REST API: asked for, decided with four eyes, never more than there is."""

from __future__ import annotations

import pytest

from cpo.models import Role
from cpo.services.api_keys import create_api_key
from cpo.tests.factories import make_cpo, make_user
from payments.models import Settlement
from payments.tests.factories import give, make_member, make_paid_cpo, make_staff
from payments.tests.test_api_payments import call, key_for, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def cpo():
    cpo = make_paid_cpo()
    give(cpo, 200_000)
    return cpo


def path_of(cpo, rest=""):
    return f"cpo/{cpo.pk}/settlements{rest}"


def ask(client, cpo, body=None, **options):
    return call(client, "POST", path_of(cpo, "/request"), body or {}, **options)


def test_settlement_is_asked_for_and_its_money_stands_on_hold(client, cpo):
    key = key_for(cpo)
    response = ask(client, cpo, {"amount": 150_000}, key=key)
    assert response.status_code == 201, response.content
    body = response.json()
    settlement = Settlement.objects.get()
    assert (body["id"], body["code"], body["status"]) == (
        settlement.pk,
        str(settlement),
        "requested",
    )
    assert (body["amount"], body["requested_by"]) == (150_000, "api key: Acme")
    assert body["bank_account_number"] == "••••"
    wallet = call(client, "GET", f"cpo/{cpo.pk}/wallet", key=key).json()
    assert (wallet["available"], wallet["on_hold"]) == (50_000, 150_000)
    assert call(client, "GET", path_of(cpo), key=key).json()["results"] == [body]
    assert call(client, "GET", path_of(cpo, f"/{settlement.pk}"), key=key).json() == body


def test_all_that_is_available_is_asked_for_without_an_amount(client, cpo):
    assert ask(client, cpo, key=key_for(cpo)).json()["amount"] == 200_000


def test_more_than_there_is_is_refused(client, cpo):
    key = key_for(cpo)
    problem(ask(client, cpo, {"amount": 200_001}, key=key), 422, "amount")
    problem(ask(client, cpo, {"amount": 1}, key=key), 422, "amount")
    problem(ask(client, cpo, {"amount": 0}, key=key), 400, "amount")
    problem(ask(client, cpo, {"amount": "all"}, key=key), 400, "amount")
    ask(client, cpo, {"amount": 60_000}, key=key)
    problem(ask(client, cpo, {"amount": 60_000}, key=key), 409)
    assert Settlement.objects.count() == 1


def test_four_eyes_hold_for_keys_and_people(client, cpo):
    key = key_for()
    settlement = ask(client, cpo, key=key).json()
    approve = path_of(cpo, f"/{settlement['id']}/approve")
    told = problem(call(client, "POST", approve, key=key), 403)
    assert told["type"].endswith("four_eyes")
    problem(call(client, "POST", approve, key=key_for(cpo)), 403)
    response = call(client, "POST", approve, key=key_for())
    assert response.status_code == 200, response.content
    assert (response.json()["status"], response.json()["decided_by"]) == (
        "approved",
        "api key: Acme",
    )
    problem(call(client, "POST", approve, key=key_for()), 409)


def test_staff_approve_what_a_company_asked_for(client, cpo):
    settlement = ask(client, cpo, key=key_for(cpo)).json()
    approve = path_of(cpo, f"/{settlement['id']}/approve")
    client.force_login(make_member(cpo, Role.OWNER))
    problem(call(client, "POST", approve), 403)
    client.force_login(make_user(is_staff=True))
    problem(call(client, "POST", approve), 403)
    staff = make_staff()
    client.force_login(staff)
    assert call(client, "POST", approve).json()["decided_by"] == staff.get_username()


def test_rejected_and_cancelled_money_is_available_again(client, cpo):
    own, platform = key_for(cpo), key_for()
    first = ask(client, cpo, key=own).json()["id"]
    reject = path_of(cpo, f"/{first}/reject")
    problem(call(client, "POST", reject, {}, key=platform), 400, "reason")
    problem(call(client, "POST", reject, {"reason": "mine"}, key=own), 403)
    body = call(client, "POST", reject, {"reason": "wrong bank"}, key=platform).json()
    assert (body["status"], body["reason"]) == ("rejected", "wrong bank")
    second = ask(client, cpo, key=own).json()
    assert second["amount"] == 200_000
    cancel = path_of(cpo, f"/{second['id']}/cancel")
    assert call(client, "POST", cancel, {}, key=own).json()["status"] == "cancelled"
    problem(call(client, "POST", cancel, {}, key=own), 409)


def test_same_key_asks_once(client, cpo):
    key = key_for(cpo)
    bodies = [
        ask(client, cpo, {"amount": 60_000}, key=key, **{"Idempotency-Key": "k"}).json()
        for _ in range(2)
    ]
    assert bodies[0] == bodies[1]
    assert Settlement.objects.count() == 1


def test_rivals_settlements_are_not_there(client, cpo):
    settlement = ask(client, cpo, key=key_for(cpo)).json()["id"]
    rival = make_cpo()
    key = key_for(rival)
    problem(ask(client, cpo, key=key), 404, "cpo_id")
    problem(call(client, "GET", path_of(cpo), key=key), 404, "cpo_id")
    for step in ("", "/approve", "/reject", "/cancel"):
        method = "POST" if step else "GET"
        body = {"reason": "x"} if step else None
        path = path_of(cpo, f"/{settlement}{step}")
        problem(call(client, method, path, body, key=key), 404, "cpo_id")
        # Nor under the rival's own address.
        path = path_of(rival, f"/{settlement}{step}")
        problem(call(client, method, path, body, key=key), 404)
    assert Settlement.objects.get().status == "requested"


def test_only_those_who_handle_money_ask(client, cpo):
    for role, status in ((Role.OPERATOR, 403), (Role.VIEWER, 403), (Role.FINANCE, 201)):
        client.force_login(make_member(cpo, role))
        assert ask(client, cpo).status_code == status
    problem(ask(client, cpo, key=key_for(cpo, "wallet:read")), 403)


def test_a_key_of_who_asked_is_no_second_pair_of_eyes(client, cpo):
    finance = make_staff()
    _key, text = create_api_key(name="Mine", cpo=None, actor=finance)
    client.force_login(finance)
    settlement = ask(client, cpo, {"amount": 60_000}).json()["id"]
    client.logout()
    refused = call(client, "POST", path_of(cpo, f"/{settlement}/approve"), {}, key=text)
    assert problem(refused, 403)["type"].endswith("four_eyes")
    call(client, "POST", path_of(cpo, f"/{settlement}/cancel"), {"reason": "x"}, key=text)
    by_key = ask(client, cpo, {"amount": 60_000}, key=text).json()["id"]
    client.force_login(finance)
    refused = call(client, "POST", path_of(cpo, f"/{by_key}/approve"), {})
    assert problem(refused, 403)["type"].endswith("four_eyes")
    client.force_login(make_staff())
    assert call(client, "POST", path_of(cpo, f"/{by_key}/approve"), {}).status_code == 200
