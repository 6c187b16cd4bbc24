"""Every model in the admin, found by the registry: each list is looked at with many rows."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cpo.models import User
from tickets.models import RuleKind
from unievp.web.tests.rows import make_row

# auth.Permission and the like are made by Django, contenttypes hold no data of ours.
OURS = ("cpo", "tariffs", "chargers", "payments", "tickets", "ocpi")
REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
ROWS = [model for model in REGISTERED if model._meta.app_label in OURS]
# Parts of another row's page, or join tables.
INLINE_ONLY = {
    "cpo.CompanyDocument",
    "cpo.DeliveryAttempt",
    "cpo.Membership",
    # On the page of each of its deliveries.
    "cpo.WebhookEvent",
    # How far a sweep has read.
    "cpo.LogCursor",
    # A person's own, on their page of the portal.
    "cpo.Notification",
    "cpo.NotificationChoice",
    "cpo.NotificationSettings",
    # Of a program's requests, kept for a week; nothing that a person could do with them.
    "cpo.IdempotencyKey",
    "cpo.User_groups",
    "cpo.User_user_permissions",
    "chargers.ChargerQuirks",
    "chargers.ChargingSchedulePeriod",
    # Kept for a day, and nothing but a number and a time.
    "chargers.FirstArrival",
    "chargers.ConfigurationChange",
    "chargers.ConfigurationReading",
    "chargers.ConfigurationTemplateKey",
    "chargers.Presence",
    "chargers.SessionCap",
    "chargers.SiteAllocation",
    "chargers.SiteBudgetWindow",
    "chargers.SiteCharger",
    "chargers.SiteConnector",
    "chargers.SessionStatusChange",
    "ocpi.CdrDifference",
    "ocpi.ForeignTariffVersion",
    # Sums that are proven every day, and the marks of those to be made anew.
    "chargers.SessionHour",
    "chargers.StaleHour",
    "payments.BillLine",
    "payments.PaymentAttempt",
    "payments.PaymentEvent",
    "payments.SettlementProof",
    # On the pages of their partner, and of their published location.
    "ocpi.PartnerEndpoint",
    "ocpi.PartnerParty",
    "ocpi.ExceptionalHours",
    "ocpi.LocationImage",
    "ocpi.OpeningHours",
    # Digests alone, and who is sending just now.
    "ocpi.InboundToken",
    "ocpi.PushLine",
    "tariffs.PriceComponent",
    "tariffs.TariffElement",
    "payments.LedgerBlockItem",
    "payments.SettlementStatusChange",
    # On the page of their ticket.
    "tickets.Ticket_watchers",
    "tickets.TicketAttachment",
    "tickets.TicketChange",
    "tickets.TicketComment",
    "tickets.TicketMail",
}

# One row for each kind, made by a migration.
KINDS = {"tickets.TicketRule": len(RuleKind)}

# What differs between two queries that ask the same of two rows.
VALUE = re.compile(r"'[^']*'|\b\d+\b")

pytestmark = pytest.mark.django_db


def label(model):
    return model._meta.label


def list_url(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@pytest.fixture
def staff(client):
    user = User.objects.create_superuser("root", "root@staff.example")
    client.force_login(user)
    return client


def queries_of(client, url):
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
        assert response.status_code == 200
    return [query["sql"] for query in captured], response


def test_every_model_is_in_the_admin_or_part_of_a_page():
    known = {label(model) for model in REGISTERED} | INLINE_ONLY
    models = [model for app in OURS for model in apps.get_app_config(app).get_models()]
    assert {label(model) for model in models} - known == set()


@pytest.mark.parametrize("model", ROWS, ids=label)
def test_list_makes_no_query_per_row_and_counts_no_further_than_people_turn_pages(model, staff):
    for _ in range(10):
        make_row(model)
    queries, response = queries_of(staff, list_url(model))
    assert len(response.context["cl"].result_list) >= KINDS.get(label(model), 10)
    asked = Counter(VALUE.sub("?", sql) for sql in queries)
    assert [(sql, times) for sql, times in asked.items() if times > 2] == []
    assert len(queries) <= 15, "\n".join(queries)
    counts = [sql for sql in queries if "COUNT(*)" in sql and model._meta.db_table in sql]
    assert all("LIMIT 10000" in sql for sql in counts), counts


@pytest.mark.parametrize("model", ROWS, ids=label)
def test_row_has_a_page_and_its_list_can_be_searched(model, staff, rf):
    row = make_row(model)
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=(row.pk,))
    queries, _response = queries_of(staff, url)
    assert len(queries) <= 30, "\n".join(queries)
    desk = admin.site._registry[model]
    request = rf.get("/")
    request.user = User.objects.get(username="root")
    # How a page of what was found looks is that of the list.
    for term in ("17", "99999999999999999999 %_'\\") if desk.search_fields else ():
        found, _doubled = desk.get_search_results(request, desk.get_queryset(request), term)
        assert len(found[:10]) <= 10


@pytest.mark.parametrize("model", ROWS, ids=label)
def test_form_for_a_new_row_opens_where_rows_can_be_added(model, staff, rf):
    request = rf.get("/")
    request.user = User.objects.get()
    may_add = admin.site._registry[model].has_add_permission(request)
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
    assert staff.get(url).status_code == (200 if may_add else 403)


@pytest.mark.parametrize("model", ROWS, ids=label)
def test_list_is_closed_to_people_who_are_not_staff(model, client):
    client.force_login(User.objects.create_user("owner@rival.example"))
    assert client.get(list_url(model)).status_code == 302
