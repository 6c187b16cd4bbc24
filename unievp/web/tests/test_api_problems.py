"""Whoever refuses under /api, it is a problem document with the right headers and no secrets."""

from __future__ import annotations

import ipaddress
import json
import logging
import random

import pytest
from django.test import Client

from cpo.services.api_keys import create_api_key
from cpo.tests.api import Api
from cpo.tests.factories import make_cpo, make_member
from unievp.lib.api.throttles import CallerThrottle

pytestmark = pytest.mark.django_db
NEW = {"charger_id": "JKT-1", "location": {"name": "Plaza"}}


def somewhere():
    """An address that no other test has called from."""
    return str(ipaddress.IPv6Address(random.getrandbits(128)))


def problem(response, status):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body.keys() >= {"type", "title", "status", "detail", "errors"}
    return body


@pytest.fixture
def api(client):
    return Api(client, make_cpo())


@pytest.mark.parametrize("path", ["/api/", "/api/nowhere", "/api/chargers/", "/api/v1/cpo"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_address(method, path, client):
    problem(client.generic(method, path), 404)


def test_a_wrong_method_says_which_there_are(api):
    response = api("DELETE", "chargers")
    problem(response, 405)
    assert set(response["Allow"].split(", ")) >= {"GET", "POST"}


def test_a_body_that_is_too_large(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    body = problem(api("POST", "chargers", NEW | {"name": "x" * 1_000}), 413)
    assert "1000" in body["detail"]
    assert api("POST", "chargers", NEW).status_code == 201


def test_a_body_that_is_no_json(client, api):
    headers = {"Authorization": f"Api-Key {api.key}"}
    for kind in (
        "text/csv",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ):
        problem(client.post("/api/chargers", b"a=b", content_type=kind, headers=headers), 415)


def test_an_answer_that_is_not_json(api):
    problem(api("GET", "chargers", Accept="application/xml"), 406)


def test_no_credentials_are_told_how_to_sign_in(client):
    response = client.get("/api/chargers")
    problem(response, 401)
    assert response["WWW-Authenticate"].startswith("Api-Key")


def test_throttled_callers_are_told_when_to_come_back(client, api, monkeypatch):
    monkeypatch.setattr(CallerThrottle, "THROTTLE_RATES", {"caller": "2/min", "nobody": "2/min"})
    for one in (api, Api(client, make_cpo())):
        assert [one("GET", "chargers").status_code for _ in range(2)] == [200, 200]
        response = one("GET", "chargers")
        problem(response, 429)
        assert 1 <= int(response["Retry-After"]) <= 60


def test_strangers_are_throttled_by_address(client, monkeypatch):
    rates = {"caller": "2/min", "nobody": "2/min", "registration": "2/min"}
    monkeypatch.setattr(CallerThrottle, "THROTTLE_RATES", rates)

    def register(address, forged="198.51.100.1"):
        return client.post(
            "/api/cpo/register",
            {},
            content_type="application/json",
            REMOTE_ADDR=address,
            HTTP_X_FORWARDED_FOR=forged,
        )

    here = somewhere()
    assert [register(here).status_code for _ in range(2)] == [400, 400]
    # Whoever writes another address into a header is still themselves.
    response = register(here, forged="198.51.100.2")
    problem(response, 429)
    assert int(response["Retry-After"]) >= 1
    assert register(somewhere()).status_code == 400


def test_wrong_keys_are_counted_by_address(client, monkeypatch):
    monkeypatch.setattr(CallerThrottle, "THROTTLE_RATES", {"caller": "2/min", "nobody": "2/min"})
    here = somewhere()
    for expected in (401, 401, 429):
        headers = {"Authorization": f"Api-Key uniev_0000000{expected}_x"}
        problem(client.get("/api/chargers", headers=headers, REMOTE_ADDR=here), expected)
    assert Api(client, make_cpo())("GET", "chargers").status_code == 200


def test_behind_a_proxy_the_address_is_what_the_proxy_added(client, monkeypatch, settings):
    settings.BEHIND_PROXY = True
    rates = {"caller": "1/min", "nobody": "1/min", "registration": "1/min"}
    monkeypatch.setattr(CallerThrottle, "THROTTLE_RATES", rates)

    def ask(chain):
        return client.get("/api/chargers", HTTP_X_FORWARDED_FOR=chain).status_code

    here = somewhere()
    assert [ask(f"9.9.9.9, {here}"), ask(f"8.8.8.8, {here}")] == [401, 429]
    assert ask(f"9.9.9.9, {somewhere()}") == 401


def test_a_fault_of_ours_is_named_in_the_answer_and_in_the_log(api, monkeypatch, caplog):
    def broken(*_args, **_kwargs):
        raise RuntimeError("the password is xyzzy")

    monkeypatch.setattr("chargers.api.chargers.register_charger", broken)
    with caplog.at_level(logging.ERROR):
        body = problem(api("POST", "chargers", NEW), 500)
    assert body["instance"].startswith("urn:uuid:")
    assert "xyzzy" not in json.dumps(body)
    (record,) = (each for each in caplog.records if body["instance"] in each.getMessage())
    assert "xyzzy" in str(record.exc_info[1])


def test_a_fault_outside_the_views_is_a_problem_as_well(monkeypatch):
    client = Client(raise_request_exception=False)

    def broken(_self, _request):
        raise RuntimeError("xyzzy")

    monkeypatch.setattr(
        "django.contrib.auth.middleware.AuthenticationMiddleware.process_request", broken
    )
    response = client.get("/api/chargers")
    body = problem(response, 500)
    assert body["instance"].startswith("urn:uuid:")
    assert "xyzzy" not in json.dumps(body)


def test_a_session_without_its_csrf_token():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_member(make_cpo()))
    problem(client.post("/api/chargers", NEW, content_type="application/json"), 403)


def test_a_host_that_is_not_ours(client):
    key = create_api_key(name="x", actor="test")[1]
    response = client.get(
        "/api/chargers", headers={"Host": "evil.example", "Authorization": f"Api-Key {key}"}
    )
    problem(response, 400)
