"""Content-Security-Policy, doors, and what `/healthz`, `/readyz`, `/metrics` say."""

from __future__ import annotations

import re

import pytest
from django.db import DatabaseError
from django.test import RequestFactory, override_settings

from cpo.models import User
from unievp.web import health
from unievp.web.csp import ContentSecurityPolicyMiddleware
from unievp.web.tests.cast import company, person

STRICT_PAGES = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/nothing"]


def policy(response):
    header = response.headers["Content-Security-Policy"]
    return dict(part.strip().split(" ", 1) for part in header.split(";") if " " in part.strip())


@pytest.mark.django_db
@pytest.mark.parametrize("url", STRICT_PAGES)
def test_pages_forbid_inline_code_and_foreign_hosts(client, url):
    rules = policy(client.get(url))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["style-src"] == "'self'"
    assert rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert "http" not in " ".join(rules.values())


@pytest.mark.django_db
def test_portal_forbids_inline_code(client):
    client.force_login(company("Alpha Charge").owner)
    for url in ("/", "/sessions"):
        rules = policy(client.get(url))
        assert rules["script-src"] == rules["style-src"] == "'self'"


@pytest.mark.django_db
@pytest.mark.parametrize("url", [*STRICT_PAGES, "/", "/sessions"])
def test_pages_have_nothing_inline_that_the_policy_would_block(client, url):
    client.force_login(company("Alpha Charge").owner)
    text = client.get(url).content.decode()
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", text) == []
    for attributes in re.findall(r"<script([^>]*)>", text):
        assert "src=" in attributes or "application/json" in attributes
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", text) == []


def test_relaxations_are_for_the_admin_alone():
    def answer(path):
        response = ContentSecurityPolicyMiddleware(lambda _request: _empty())(
            RequestFactory().get(path)
        )
        return policy(response)

    assert answer("/admin/")["script-src"] == "'self' 'unsafe-inline' 'unsafe-eval'"
    assert answer("/admin/")["style-src"] == "'self' 'unsafe-inline'"
    assert answer("/admin/")["default-src"] == "'none'"
    for path in ("/", "/administrator/", "/x/admin/"):
        assert answer(path)["script-src"] == "'self'"


def _empty():
    from django.http import HttpResponse

    return HttpResponse()


async def test_policy_is_set_without_leaving_the_event_loop():
    async def view(_request):
        return _empty()

    middleware = ContentSecurityPolicyMiddleware(view)
    response = await middleware(RequestFactory().get("/"))
    assert policy(response)["script-src"] == "'self'"


@pytest.mark.django_db
def test_sign_up_is_closed(client):
    text = client.get("/accounts/signup/", headers={"Accept-Language": "en"}).content.decode()
    assert "By invitation" in text
    client.post("/accounts/signup/", {"email": "a@b.example", "password1": "x", "password2": "x"})
    assert not User.objects.exists()


@pytest.mark.django_db
def test_admin_has_the_same_door_as_the_portal(client):
    response = client.get("/admin/login/?next=/admin/")
    assert response.status_code == 302
    assert response.url.startswith("/accounts/login/")


@pytest.mark.django_db
def test_people_sign_in_by_name_or_mail(client):
    user = person("sari@alpha.example")
    user.username = "sari"
    user.save()
    for login in ("sari", "SARI@alpha.example"):
        response = client.post("/accounts/login/", {"login": login, "password": "a-long-password"})
        assert response.status_code == 302
        client.logout()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url", ["/accounts/2fa/", "/accounts/password/change/", "/accounts/sessions/"]
)
def test_account_pages_have_the_portals_clothes(client, url):
    client.post("/accounts/login/", {"login": person("a@b.example"), "password": "a-long-password"})
    text = client.get(url).content.decode()
    assert "navbar-vertical" in text


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/nothing", "/sessions/999999"])
def test_missing_page_says_so_in_ones_language(client, url):
    client.force_login(company("Alpha Charge").owner)
    response = client.get(url, headers={"Accept-Language": "en"})
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


def test_healthz_asks_nobody(client):
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_readyz_names_what_answers(client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"database": "ok", "valkey": "ok"}


@pytest.mark.django_db
def test_readyz_names_the_broken_database_and_tells_no_address(client, monkeypatch):
    def broken():
        raise DatabaseError("connection to server at 10.0.0.7 refused")

    monkeypatch.setattr(health, "_ask_database", broken)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": "failed", "valkey": "ok"}


@pytest.mark.django_db
@override_settings(REDIS_URL="redis://127.0.0.1:1/0")
def test_readyz_names_the_missing_valkey(client):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": "ok", "valkey": "failed"}


@pytest.mark.django_db
def test_readyz_does_not_wait_forever(client, monkeypatch):
    import asyncio

    monkeypatch.setattr(health, "PATIENCE_S", 0.05)
    monkeypatch.setattr(health, "_ask_valkey", lambda: asyncio.sleep(60))
    assert client.get("/readyz").json() == {"database": "ok", "valkey": "failed"}


@pytest.mark.django_db
def test_metrics_are_for_staff_and_the_token(client):
    assert client.get("/metrics").status_code == 401
    client.force_login(company("Alpha Charge").owner)
    assert client.get("/metrics").status_code == 401
    client.force_login(person("ops@uniev.example", is_staff=True))
    assert client.get("/metrics").status_code == 200
    client.logout()
    with override_settings(METRICS_TOKEN="s3cret"):
        assert client.get("/metrics", headers={"Authorization": "Bearer x"}).status_code == 401
        assert client.get("/metrics", headers={"Authorization": "Bearer s3cret"}).status_code == 200
    with override_settings(METRICS_TOKEN=""):
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401


@pytest.mark.django_db
def test_metrics_count_the_field(client):
    company("Alpha Charge")
    client.force_login(person("ops@uniev.example", is_staff=True))
    response = client.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = response.content.decode().splitlines()
    assert "uniev_chargers 1" in lines
    assert "uniev_chargers_online 1" in lines
    assert 'uniev_connectors{status="Charging"} 1' in lines
    assert 'uniev_connectors{status="Available"} 1' in lines
    assert "uniev_sessions_active 1" in lines
    assert "# TYPE uniev_sessions_active gauge" in lines
