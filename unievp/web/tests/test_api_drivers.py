"""Drivers by the API: who they are is Supabase's word, what they may do is ours."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.cache import cache
from django.db import connections

from chargers.models import ChargingSession, Command
from cpo.models import Driver
from cpo.services import supabase
from cpo.tests.supabase import running_project
from payments.api import payments as payment_endpoint
from payments.models import PaymentIntent, ProviderConfig
from payments.tests.prepaid import make_seller
from unievp.web.tests.cast import company

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server():
    with running_project() as project:
        yield project


@pytest.fixture
def project(server, settings):
    settings.SUPABASE_URL, settings.SUPABASE_KEY = server.url, "sb_publishable_test"
    server.calls.clear()
    server.down = False
    supabase._keys.cache_clear()
    cache.clear()
    return server


@pytest.fixture
def alice():
    return company("Alpha Charge")


def get(client, path, token):
    return client.get(f"/api/{path}", headers={"Authorization": f"Bearer {token}"})


def post(client, path, token, body=None):
    return client.post(
        f"/api/{path}",
        body or {},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


# --- Who it is ----------------------------------------------------------------------------------


def test_driver_is_made_at_first_sight_and_found_ever_after(client, project):
    uid = uuid4()
    for email in ("budi@x.example", "new@x.example"):
        assert get(client, "sessions", project.token(uid, email=email)).status_code == 200
    driver = Driver.objects.get()
    assert (driver.supabase_uid, driver.email) == (uid, "new@x.example")
    assert len(project.calls) == 1  # the keys were asked for once


def test_token_of_an_older_project_is_asked_about_and_the_answer_kept(client, project):
    token = project.secret_token()
    for _ in range(3):
        assert get(client, "sessions", token).status_code == 200
    assert project.calls == ["/auth/v1/user"]
    assert Driver.objects.count() == 1


def forged(project):
    other = ec.generate_private_key(ec.SECP256R1())
    claims = project.claims()
    public = project.key.public_key().public_numbers()
    return {
        "expired": project.token(exp=1),
        "other audience": project.token(aud="anon"),
        "other issuer": project.token(iss="https://evil.example/auth/v1"),
        "other key": project.token(key=other),
        "unknown key": project.token(kid="nobody"),
        "no subject": project.token(sub=None),
        "no end": project.token(exp=None),
        "no uuid": project.token(sub="root"),
        "service role": project.token(role="service_role"),
        "anonymous": project.token(is_anonymous=True),
        "none": jwt.encode(claims, None, algorithm="none"),
        "public key as a secret": jwt.encode(
            claims, f"{public.x}{public.y}", algorithm="HS256", headers={"kid": project.kid}
        ),
        "unknown secret": jwt.encode(claims, "s" * 40, algorithm="HS256"),
        "no token": "abc",
        "empty": "",
        "huge": "a" * 9000,
    }


def test_forged_and_foreign_tokens_open_nothing(client, project):
    for what, token in forged(project).items():
        answer = get(client, "sessions", token)
        assert answer.status_code == 401, what
        assert answer["Content-Type"] == "application/problem+json"
    assert not Driver.objects.exists()


def test_server_that_is_away_is_no_refusal(client, project):
    project.down = True
    assert get(client, "sessions", project.token()).status_code == 503
    assert get(client, "sessions", project.secret_token()).status_code == 503


def test_without_supabase_no_token_counts(client, project, settings):
    settings.SUPABASE_URL = ""
    assert get(client, "sessions", project.token()).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_two_first_requests_make_one_driver(project):
    token = project.token()

    def ask(_number):
        try:
            return supabase.driver_of_token(token).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    assert Driver.objects.count() == 1


# --- What it may --------------------------------------------------------------------------------


@pytest.fixture
def budi(project):
    uid = uuid4()
    driver = Driver.objects.create(name="Budi", supabase_uid=uid)
    return driver, project.token(uid)


@pytest.fixture
def rival(project):
    uid = uuid4()
    return Driver.objects.create(name="Cici", supabase_uid=uid), project.token(uid)


def test_driver_sees_own_sessions_and_nobody_elses(client, alice, budi, rival):
    ChargingSession.objects.update(driver=budi[0])
    session = alice.session
    assert get(client, "sessions", budi[1]).json()["count"] == 1
    assert get(client, f"sessions/{session.pk}", budi[1]).status_code == 200
    assert get(client, f"sessions/{session.pk}/readings", budi[1]).status_code == 200
    assert get(client, "sessions", rival[1]).json()["count"] == 0
    assert get(client, f"sessions/{session.pk}", rival[1]).status_code == 404


def test_driver_sees_chargers_that_sell(client, alice, budi):
    hidden = company("Bravo Charge")
    type(hidden.cpo).objects.filter(pk=hidden.cpo.pk).update(status="suspended", status_reason="x")
    names = [row["charger_id"] for row in get(client, "chargers", budi[1]).json()["results"]]
    assert names == ["ALPHA-0001"]
    assert get(client, "chargers/ALPHA-0001", budi[1]).status_code == 200
    assert get(client, "chargers/BRAVO-0001", budi[1]).status_code == 404


def test_driver_stops_own_session_and_nobody_elses(client, alice, budi, rival):
    ChargingSession.objects.update(driver=budi[0])
    body = {"transaction_id": alice.session.transaction_id}
    assert post(client, "client/remote-stop", rival[1], body).status_code == 404
    assert post(client, "client/remote-stop", budi[1], body).status_code == 202
    assert Command.objects.get().requested_label == "driver: Budi"


def test_driver_starts_only_what_is_paid(client, alice, budi):
    body = {"charger_id": "ALPHA-0001", "connector_id": 2, "user_id": str(budi[0].pk)}
    answer = post(client, "client/remote-start", budi[1], body)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["payment_id"])
    assert not Command.objects.exists()


@pytest.fixture
def gateway():
    """Nothing listens there: the checkout comes later, or never."""
    return ProviderConfig.objects.create(
        provider="xendit",
        environment="sandbox",
        name="Gateway",
        methods=["qris"],
        api_key="xnd_development_example",
        webhook_secret="hook-secret",
        base_url="http://127.0.0.1:9",
    )


@pytest.fixture
def seller(monkeypatch, gateway):
    monkeypatch.setattr(payment_endpoint, "CHECKOUT_WITHIN_S", 0)
    return make_seller()


def test_driver_pays_for_themselves(client, seller, budi, rival):
    body = {
        "amount": 50_000,
        "description": "Charge",
        "charger_id": seller.identity,
        "connector_id": 1,
        "method": "qris",
    }
    answer = post(client, "payments/intent", budi[1], body | {"user_id": str(rival[0].pk)})
    assert "user_id" in answer.json()["errors"]
    answer = post(client, "payments/intent", budi[1], body)
    assert answer.status_code == 201, answer.content
    intent = PaymentIntent.objects.get()
    assert intent.driver == budi[0]
    path = f"payments/{intent.pk}"
    assert get(client, path, budi[1]).status_code == 200
    for token, rest in ((rival[1], ""), (rival[1], "/cancel"), (rival[1], "/stop")):
        call = post if rest else get
        assert call(client, f"{path}{rest}", token).status_code == 404
    assert post(client, f"{path}/refund", budi[1]).status_code == 403
    assert post(client, f"{path}/cancel", budi[1]).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "cpo",
        "apikeys",
        "analytics/dashboard",
        "reports/transactions.csv",
        "payments/providers",
        "tariffs/templates",
        "commands/6f1d2c9e-3b7a-4c55-9a0e-2f6b8f0c1d23",
    ],
)
def test_what_is_a_companys_is_not_a_drivers(client, alice, budi, path):
    assert get(client, path, budi[1]).status_code in (403, 404)
