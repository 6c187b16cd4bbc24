"""Providers and wallets by the REST API."""

from __future__ import annotations

import pytest

from cpo.models import AuditEntry, Role
from cpo.tests.factories import make_cpo, make_member, make_user
from payments.models import ProviderConfig
from payments.services.billing import bill_session
from payments.tests.factories import give, make_paid_cpo, make_session
from payments.tests.fake_gateway import XENDIT_KEY
from payments.tests.payments import make_provider
from payments.tests.test_api_payments import call, key_for, problem

pytestmark = pytest.mark.django_db

MASKED = "••••test"


def body_for(fake, **changes):
    return {
        "provider": "xendit",
        "environment": "sandbox",
        "name": "Ours",
        "api_key": XENDIT_KEY,
        "webhook_secret": "callback-token-0123",
        "methods": ["qris"],
        "base_url": fake.url,
    } | changes


def test_provider_is_set_up_and_its_keys_are_never_shown(client, fake):
    cpo = make_paid_cpo()
    key = key_for(cpo)
    response = call(client, "POST", "payments/providers", body_for(fake), key=key)
    assert response.status_code == 201, response.content
    body = response.json()
    config = ProviderConfig.objects.get()
    assert (body["id"], body["cpo_id"]) == (str(config.pk), str(cpo.pk))
    assert (body["api_key"], body["webhook_secret"], body["payout_key"]) == (MASKED, "••••0123", "")
    assert body["webhook_url"].endswith(f"/api/payments/webhooks/xendit/{config.webhook_slug}")
    assert config.api_key == XENDIT_KEY
    for text in (
        response.content,
        call(client, "GET", "payments/providers", key=key).content,
        call(client, "GET", f"payments/providers/{config.pk}", key=key).content,
        call(client, "GET", f"payments/providers/{config.pk}", key=key_for()).content,
    ):
        assert XENDIT_KEY.encode() not in text
        assert MASKED in text.decode()
    assert XENDIT_KEY not in str(AuditEntry.objects.values_list("after", flat=True))


def test_secret_that_comes_back_masked_or_empty_stays(client, fake):
    config = make_provider(fake, cpo=make_paid_cpo(), webhook_secret="callback-token-0123")
    key, path = key_for(config.cpo), f"payments/providers/{config.pk}"
    shown = call(client, "GET", path, key=key)
    changes = {"name": "New", "api_key": shown.json()["api_key"], "webhook_secret": ""}
    response = call(client, "PATCH", path, changes, key=key, **{"If-Match": shown["ETag"]})
    assert response.status_code == 200, response.content
    config.refresh_from_db()
    assert (config.name, config.api_key) == ("New", XENDIT_KEY)
    assert config.webhook_secret == "callback-token-0123"
    response = call(client, "PATCH", path, {"name": "X"}, key=key, **{"If-Match": shown["ETag"]})
    assert response.status_code == 412


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"provider": "paypal"}, 400, "provider"),
        ({"api_key": ""}, 400, "api_key"),
        ({"api_key": "xnd_production_1"}, 400, "api_key"),
        ({"methods": ["cash"]}, 400, "methods.0"),
        ({"base_url": "http://evil.example/"}, 400, "base_url"),
        ({"priority": -1}, 400, "priority"),
        ({"environment": "production", "api_key": "xnd_production_1"}, 422, "__all__"),
    ],
)
def test_bad_configuration_names_its_field(client, fake, changes, status, field):
    response = call(
        client,
        "POST",
        "payments/providers",
        body_for(fake, **changes),
        key=key_for(make_paid_cpo()),
    )
    problem(response, status, field)
    assert not ProviderConfig.objects.exists()


def test_rivals_and_the_platforms_providers_are_not_there(client, fake):
    theirs = make_provider(fake, cpo=make_paid_cpo())
    platform = make_provider(fake)
    key = key_for(make_cpo())
    assert call(client, "GET", "payments/providers", key=key).json()["results"] == []
    for config in (theirs, platform):
        path = f"payments/providers/{config.pk}"
        problem(call(client, "GET", path, key=key), 404)
        problem(call(client, "PATCH", path, {"name": "Mine"}, key=key), 404)
        problem(call(client, "DELETE", path, key=key), 404)
        problem(call(client, "POST", f"{path}/test", key=key), 404)
    body = body_for(fake, cpo_id=str(theirs.cpo_id))
    problem(call(client, "POST", "payments/providers", body, key=key), 404, "cpo_id")
    assert not ProviderConfig.objects.filter(is_active=False).exists()


def test_only_those_who_handle_money_set_up_providers(client, fake):
    config = make_provider(fake, cpo=make_paid_cpo())
    path = f"payments/providers/{config.pk}"
    client.force_login(make_member(config.cpo, Role.OPERATOR))
    assert call(client, "GET", "payments/providers").status_code == 403
    problem(call(client, "GET", path), 403)
    problem(call(client, "POST", "payments/providers", body_for(fake)), 403)
    client.force_login(make_member(config.cpo, Role.FINANCE))
    assert call(client, "GET", "payments/providers").json()["count"] == 1
    assert call(client, "PATCH", path, {"priority": 5}).status_code == 200


def test_staff_set_up_the_platforms(client, fake):
    client.force_login(make_user(is_staff=True))
    response = call(client, "POST", "payments/providers", body_for(fake))
    assert (response.status_code, response.json()["cpo_id"]) == (201, None)


def test_provider_is_tested_and_retired(client, fake):
    config = make_provider(fake, cpo=make_paid_cpo())
    key, path = key_for(config.cpo), f"payments/providers/{config.pk}"
    body = call(client, "POST", f"{path}/test", key=key).json()
    assert body["ok"] is True
    assert call(client, "DELETE", path, key=key).status_code == 204
    config.refresh_from_db()
    assert (config.is_active, config.api_key) == (False, XENDIT_KEY)
    assert call(client, "GET", path, key=key).json()["is_active"] is False


def test_wallet_and_statement_are_the_companys_own(client):
    cpo = make_paid_cpo()
    bill_session(make_session(cpo=cpo).pk)
    give(cpo, 5_000)
    key = key_for(cpo)
    body = call(client, "GET", f"cpo/{cpo.pk}/wallet", key=key).json()
    assert (body["available"], body["pending"], body["on_hold"], body["total"]) == (
        5_000,
        18_000,
        0,
        23_000,
    )
    assert (body["breakdown"]["gross_sales"], body["breakdown"]["platform_fee"]) == (20_000, 2_000)
    assert body["as_of"].endswith("Z")
    path = f"cpo/{cpo.pk}/wallet/entries"
    entries = call(client, "GET", path, key=key).json()
    assert [(each["kind"], each["account"], each["amount"]) for each in entries["results"]] == [
        ("adjustment", "cpo_available", 5_000),
        ("bill", "cpo_pending", 18_000),
    ]
    assert call(client, "GET", f"{path}?kind=bill&limit=1", key=key).json()["count"] == 1
    for rival in (key_for(make_cpo()), key_for(make_cpo(), "wallet:read")):
        problem(call(client, "GET", f"cpo/{cpo.pk}/wallet", key=rival), 404, "cpo_id")
        problem(call(client, "GET", path, key=rival), 404, "cpo_id")
    client.force_login(make_member(cpo, Role.OPERATOR))
    problem(call(client, "GET", f"cpo/{cpo.pk}/wallet"), 403)
