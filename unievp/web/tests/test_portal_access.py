"""Id tokens, reservations and site power in the portal."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from chargers.models import Command, IdToken, Location, Reservation, SiteBudget, TokenSighting
from cpo.models import AuditEntry, Role
from unievp.lib import clock
from unievp.web.tests.cast import company, person

pytestmark = pytest.mark.django_db
BUDGET = {"enabled": "on", "power_kw": "100", "reserve_kw": "20", "phases": "3"}


@pytest.fixture
def alice():
    return company("Alpha Charge")


@pytest.fixture
def bob():
    return company("Bravo Charge")


@pytest.fixture
def browser(client, alice):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(alice.owner)
    return client


def post(browser, path, **values):
    return browser.post(path, values, follow=True).content.decode()


@pytest.fixture
def viewer(client, alice):
    client.force_login(person("viewer@alpha.example", alice.cpo, Role.VIEWER))
    return client


# --- Id tokens ----------------------------------------------------------------------------------


def test_token_is_issued_blocked_and_unblocked(browser, alice):
    assert "CARD-7" in post(browser, "/tokens/add", token="CARD-7", label="Budi")
    token = IdToken.objects.get()
    assert (token.cpo, token.label, token.status) == (alice.cpo, "Budi", "active")
    assert "Blocked" in post(browser, f"/tokens/{token.pk}", do="block")
    assert "Unblock" not in post(browser, f"/tokens/{token.pk}", do="unblock")
    assert "CARD-7" not in browser.get("/tokens", {"q": "nobody"}).content.decode()


def test_file_of_tokens_is_stored_whole_or_not_at_all(browser):
    good = SimpleUploadedFile("t.csv", b"token,label\nA1,Ana\nB2,Budi\n")
    assert "2 tokens issued." in post(browser, "/tokens/import", file=good)
    bad = SimpleUploadedFile("t.csv", b"token,label\nC3,Cici\nA1,Again\n")
    assert "Nothing was imported." in post(browser, "/tokens/import", file=bad)
    assert "Choose a file" in post(browser, "/tokens/import")
    assert sorted(IdToken.objects.values_list("token", flat=True)) == ["A1", "B2"]


def test_tag_that_was_presented_is_issued(browser, alice):
    now = clock.now()
    sighting = TokenSighting.objects.create(
        tag="STRANGER",
        cpo=alice.cpo,
        charger=alice.charger,
        status="Invalid",
        first_seen_at=now,
        last_seen_at=now,
    )
    assert "STRANGER" in browser.get("/tokens").content.decode()
    post(browser, f"/tokens/seen/{sighting.pk}")
    assert IdToken.objects.get().token == "STRANGER"
    assert browser.post(f"/tokens/seen/{sighting.pk}").status_code == 404


@pytest.mark.parametrize("token", ["", "x" * 21, "naïve", "card-7"])
def test_unusable_token_is_refused(browser, alice, token):
    IdToken.objects.create(cpo=alice.cpo, token="CARD-7")
    assert "alert-danger" in post(browser, "/tokens/add", token=token)
    assert IdToken.objects.count() == 1


def test_rivals_tokens_are_out_of_reach(browser, bob):
    token = IdToken.objects.create(cpo=bob.cpo, token="THEIRS")
    assert b"THEIRS" not in browser.get("/tokens").content
    assert browser.get("/tokens", {"cpo": bob.cpo.pk}).status_code == 404
    assert browser.post(f"/tokens/{token.pk}", {"do": "block"}).status_code == 404
    assert browser.post("/tokens/add", {"token": "X", "cpo": bob.cpo.pk}).status_code == 404


def test_viewer_issues_nothing(alice, viewer):
    token = IdToken.objects.create(cpo=alice.cpo, token="CARD-7")
    assert b"CARD-7" in viewer.get("/tokens").content
    for path in ("/tokens/add", "/tokens/import", f"/tokens/{token.pk}"):
        assert viewer.post(path, {"token": "X"}).status_code == 403


# --- Reservations -------------------------------------------------------------------------------


def ask(browser, **values):
    usual = {"charger": "alpha-0001", "connector": "2", "id_tag": "TAG9", "minutes": "30"}
    return post(browser, "/reservations/ask", **usual | values)


def test_connector_is_reserved_and_the_reservation_cancelled(browser):
    assert "TAG9" in ask(browser)
    reservation = Reservation.objects.get()
    assert (reservation.connector_number, reservation.id_tag) == (2, "TAG9")
    assert Command.objects.get().action == "ReserveNow"
    assert "Cancelled" in post(browser, f"/reservations/{reservation.pk}/cancel")


@pytest.mark.parametrize(
    "wrong",
    [
        {"charger": "NOBODY"},
        {"connector": "77"},
        {"connector": "one"},
        {"id_tag": ""},
        {"minutes": "0"},
        {"minutes": "999999"},
        {"minutes": "soon"},
    ],
)
def test_nonsense_reserves_nothing(browser, wrong):
    assert "alert-danger" in ask(browser, **wrong)
    assert not Reservation.objects.exists()


def test_rivals_reservations_are_out_of_reach(browser, alice, bob):
    browser.force_login(bob.owner)
    assert "alert-danger" in ask(browser)
    browser.force_login(alice.owner)
    ask(browser)
    reservation = Reservation.objects.get()
    browser.force_login(bob.owner)
    assert browser.post(f"/reservations/{reservation.pk}/cancel").status_code == 404
    assert b"TAG9" not in browser.get("/reservations").content


def test_viewer_reserves_nothing(browser, alice):
    ask(browser)
    row = Reservation.objects.get()
    browser.force_login(person("v@alpha.example", alice.cpo, Role.VIEWER))
    assert b"TAG9" in browser.get("/reservations").content
    assert browser.post("/reservations/ask", {"charger": "ALPHA-0001"}).status_code == 403
    assert browser.post(f"/reservations/{row.pk}/cancel").status_code == 403


# --- Site power ---------------------------------------------------------------------------------


def test_budget_is_set_and_switched_off(browser, alice):
    path = f"/power/{alice.location.pk}"
    assert browser.post(path, BUDGET).status_code == 302
    budget = SiteBudget.objects.get()
    assert (budget.power_w, budget.reserve_w, budget.enabled) == (100_000, 20_000, True)
    assert "100 kW" in browser.get("/power").content.decode()
    browser.post(path, BUDGET | {"enabled": "", "power_kw": "90"})
    budget.refresh_from_db()
    assert (budget.power_w, budget.enabled) == (90_000, False)
    assert AuditEntry.objects.filter(action="sitebudget.set").count() == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"power_kw": ""}, "required"),
        ({"power_kw": "10", "reserve_kw": "10"}, "less than the power"),
        ({"phases": "2"}, "not one of the available"),
        ({"power_kw": "-5"}, "greater than or equal"),
    ],
)
def test_impossible_budget_is_refused_at_its_field(browser, alice, wrong, words):
    answer = browser.post(f"/power/{alice.location.pk}", BUDGET | wrong)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not SiteBudget.objects.exists()


def test_budget_below_its_fallbacks_is_refused(browser, alice):
    SiteBudget.objects.create(location=alice.location, power_w=100_000, fallback_ma=32_000)
    answer = browser.post(f"/power/{alice.location.pk}", BUDGET | {"power_kw": "21"})
    assert answer.status_code == 422
    assert SiteBudget.objects.get().power_w == 100_000


def test_rivals_site_is_not_found_and_a_viewer_sets_nothing(browser, alice, bob):
    assert browser.get(f"/power/{bob.location.pk}").status_code == 404
    assert browser.post(f"/power/{bob.location.pk}", BUDGET).status_code == 404
    assert bob.location.name not in browser.get("/power").content.decode()
    browser.force_login(person("v@alpha.example", alice.cpo, Role.VIEWER))
    assert browser.get(f"/power/{alice.location.pk}").status_code == 200
    assert browser.post(f"/power/{alice.location.pk}", BUDGET).status_code == 403
    assert Location.objects.count() == 2
