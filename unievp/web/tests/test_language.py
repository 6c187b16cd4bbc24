"""Two languages: chosen by browser, by button, and remembered for the person."""

from __future__ import annotations

import pytest

from cpo.models import User
from unievp.web.tests.cast import company, person

pytestmark = pytest.mark.django_db


def sign_in(client, login):
    return client.post("/accounts/login/", {"login": login, "password": "a-long-password"})


@pytest.mark.parametrize(("wanted", "found"), [("en-GB", "en"), ("id", "id"), ("fr", "id")])
def test_page_speaks_the_browsers_language_else_indonesian(client, wanted, found):
    text = client.get("/accounts/login/", headers={"Accept-Language": wanted}).content.decode()
    assert f'<html lang="{found}">' in text


def test_button_switches_and_is_remembered_for_the_person(client):
    user = person("a@b.example")
    sign_in(client, "a@b.example")
    response = client.post("/i18n/setlang", {"language": "en", "next": "/sessions"})
    assert (response.status_code, response.url) == (302, "/sessions")
    assert client.cookies["django_language"].value == "en"
    assert User.objects.get(pk=user.pk).language == "en"


def test_signing_in_elsewhere_brings_the_language_along(client):
    person("a@b.example", language="en")
    sign_in(client, "a@b.example")
    assert client.cookies["django_language"].value == "en"


def test_person_without_a_choice_gets_no_cookie(client):
    person("a@b.example")
    sign_in(client, "a@b.example")
    assert "django_language" not in client.cookies


def test_unknown_language_changes_nothing(client):
    user = person("a@b.example", language="id")
    client.force_login(user)
    client.post("/i18n/setlang", {"language": "xx"})
    assert User.objects.get(pk=user.pk).language == "id"
    assert "django_language" not in client.cookies


def test_language_switch_does_not_lead_abroad(client):
    response = client.post("/i18n/setlang", {"language": "en", "next": "https://evil.example/"})
    assert response.url == "/"


def test_language_is_switched_by_post_alone(client):
    assert client.get("/i18n/setlang").status_code == 405


def test_rupiah_and_kilowatt_hours_are_written_as_each_language_does(client):
    client.force_login(company("Alpha Charge").owner)
    english = client.get("/", headers={"Accept-Language": "en"}).content.decode()
    indonesian = client.get("/", headers={"Accept-Language": "id"}).content.decode()
    assert "12.35 kWh" in english
    assert "IDR\N{NO-BREAK SPACE}30,456" in english
    assert "12,35 kWh" in indonesian
    assert "Rp30.456" in indonesian or "Rp\N{NO-BREAK SPACE}30.456" in indonesian
