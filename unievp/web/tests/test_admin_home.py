"""The admin's home page: its figures, its cost, and where its cards lead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chargers.models import (
    Charger,
    ChargingSession,
    Connector,
    OrphanStop,
    Presence,
    SecurityEvent,
    UnknownCharger,
)
from cpo.models import CPO, User
from payments.models import Bill, BooksProof, Difference
from unievp.lib import clock
from unievp.web.admin_menu import navigation
from unievp.web.selectors.admin_home import home_figures
from unievp.web.tests.rows import make_row

pytestmark = pytest.mark.django_db

# 02:30 in Jakarta: "today" there is two hours and a half old.
NOW = datetime(2026, 3, 9, 19, 30, tzinfo=UTC)


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("root", "root@staff.example"))
    return client


def bill(*, at, energy_wh, total):
    session = make_row(ChargingSession, energy_wh=energy_wh, meter_last_wh=energy_wh)
    return make_row(Bill, session=session, issued_at=at, total=total)


def test_empty_platform_has_a_home_page(staff):
    assert staff.get(reverse("admin:index")).status_code == 200


def test_home_page_costs_at_most_fifteen_queries(staff):
    for _ in range(12):
        make_row(ChargingSession)
        make_row(Connector, charger=make_row(Charger), number=2, status="Faulted")
    staff.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as queries:
        assert staff.get(reverse("admin:index")).status_code == 200
    assert len(queries) <= 15


def test_every_card_leads_to_a_page_that_is_there(staff):
    cards = staff.get(reverse("admin:index")).context["cards"]
    assert len(cards) == 16
    for card in cards:
        response = staff.get(card["url"])
        assert (card["url"], response.status_code) == (card["url"], 200)


def test_chargers_are_counted_without_the_retired_ones():
    online, offline, retired = (make_row(Charger) for _ in range(3))
    Presence.objects.create(charger=online, online=True)
    Presence.objects.create(charger=offline, online=False)
    Presence.objects.create(charger=retired, online=True)
    Charger.objects.filter(pk=retired.pk).update(retired_at=clock.now())
    for charger in (online, offline, retired):
        make_row(Connector, charger=charger, number=1, status="Faulted")
    figures = home_figures().chargers
    assert (figures.total, figures.online, figures.faulted) == (2, 1, 2)


def test_today_begins_at_midnight_of_the_office():
    with time_machine.travel(NOW, tick=False):
        bill(at=NOW - timedelta(hours=2, minutes=31), energy_wh=9_000, total=22_203)
        bill(at=NOW - timedelta(hours=2, minutes=29), energy_wh=4_000, total=9_868)
        bill(at=NOW, energy_wh=1_500, total=3_700)
        bill(at=NOW - timedelta(days=2), energy_wh=7_000, total=17_000)
        figures = home_figures()
    today = figures.today
    assert (today.bills, today.energy_wh, today.revenue) == (2, 5_500, 13_568)
    assert len(figures.hours) == 24
    assert sum(hour.revenue for hour in figures.hours) == 22_203 + 9_868 + 3_700
    assert (figures.hours[-1].kwh, figures.hours[-1].thousand_rupiah) == ("1.5", "3.7")


def test_oldest_unbilled_session_is_named_and_late_after_a_while():
    now = clock.now()
    make_row(ChargingSession, ended_at=now - timedelta(minutes=40))
    make_row(ChargingSession, ended_at=now - timedelta(minutes=2))
    unbilled = home_figures().unbilled
    assert (unbilled.count, unbilled.oldest, unbilled.is_late) == (
        2,
        now - timedelta(minutes=40),
        True,
    )


def test_critical_security_events_are_counted_until_somebody_has_seen_them(staff):
    for severity, seen_at in (
        ("critical", None),
        ("critical", clock.now()),
        ("notice", None),
    ):
        make_row(SecurityEvent, severity=severity, seen_at=seen_at)
    (card,) = (
        card
        for card in staff.get(reverse("admin:index")).context["cards"]
        if "/securityevent/" in card["url"]
    )
    assert (card["value"], card["alarm"]) == (1, "danger")
    assert staff.get(card["url"]).context["cl"].result_count == 1


def test_what_waits_for_a_decision_is_counted():
    make_row(UnknownCharger)
    make_row(OrphanStop, state="waiting")
    make_row(OrphanStop, state="dismissed")
    CPO.objects.update(status="suspended")
    make_row(CPO, status="pending")
    figures = home_figures()
    assert (figures.unknown_chargers, figures.orphan_stops, figures.pending_companies) == (1, 1, 1)


def test_navigation_shows_only_what_a_person_may_see(rf):
    request = rf.get("/admin/")
    request.user = User.objects.create_user("nobody", is_staff=True)
    links = [item["link"] for group in navigation(request) for item in group["items"]]
    assert links == [reverse("admin:index")]


def test_navigation_names_every_registered_model_of_ours(rf):
    from unievp.web.tests.test_admin_lists import ROWS, list_url

    request = rf.get("/admin/")
    request.user = User.objects.create_superuser("root", "root@staff.example")
    links = {item["link"] for group in navigation(request) for item in group["items"]}
    assert {list_url(model) for model in ROWS} <= links


def _books_card(staff):
    cards = staff.get(reverse("admin:index")).context["cards"]
    return next(card for card in cards if "/difference/" in card["url"])


def test_differences_are_counted_until_somebody_explains_them(staff):
    for status, reason in (("open", ""), ("explained", "known")):
        make_row(Difference, status=status, reason=reason, resolved_at=None)
    card = _books_card(staff)
    assert (card["value"], card["alarm"]) == (1, "danger")
    assert staff.get(card["url"]).context["cl"].result_count == 1


def test_proof_of_the_books_that_is_late_is_a_warning(staff):
    make_row(BooksProof, at=clock.now() - timedelta(hours=1))
    assert _books_card(staff)["alarm"] == ""
    BooksProof.objects.update(at=clock.now() - timedelta(hours=27))
    assert _books_card(staff)["alarm"] == "warning"
