"""No list of the API asks once per row. The addresses are walked: new lists are held as well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from chargers.models import ChargingSession
from cpo.api.endpoint import ListEndpoint
from cpo.models import CPO, WebhookEndpoint
from cpo.tests.api import Api
from payments.models import Settlement
from payments.tests.factories import give, make_paid_cpo
from tickets.models import Ticket
from unievp.web.tests.rows import make_row

pytestmark = pytest.mark.django_db


def lists(patterns: Any, before: str = "") -> Iterator[tuple[str, type[ListEndpoint[Any]]]]:
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from lists(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "view_class", None) or getattr(
                pattern.callback, "cls", None
            )
            if isinstance(view, type) and issubclass(view, ListEndpoint):
                yield path, view


FOUND = dict(lists(get_resolver().url_patterns))
# What an address names: its model, and where the rows hold it.
PARENTS: dict[str, tuple[type[Model], str]] = {
    "<uuid:cpo_id>": (CPO, "cpo"),
    "<uuid:webhook_id>": (WebhookEndpoint, "endpoint"),
    "<int:session_id>": (ChargingSession, "session_id"),
    "<int:ticket_id>": (Ticket, "ticket"),
}
# What lets many rows of one parent stand beside each other.
VALUES: dict[type[Model], dict[str, Any]] = {Settlement: {"status": "cancelled"}}
# Entries of the ledger are made by postings alone.
MADE_ELSEWHERE = {"api/cpo/<uuid:cpo_id>/wallet/entries"}


def test_lists_are_found():
    assert {"api/chargers", "api/sessions", "api/cpo/<uuid:cpo_id>/settlements"} <= set(FOUND)


@pytest.mark.parametrize("template", sorted(set(FOUND) - MADE_ELSEWHERE))
def test_a_list_asks_as_often_for_ten_rows_as_for_one(template, client):
    model = FOUND[template].queryset.model
    path, held = own_path(template)
    held |= VALUES.get(model, {})
    api = Api(client)
    make_row(model, **held)
    queries_of(api, path)  # what is cached is from here on
    few, before = queries_of(api, path)
    for _ in range(9):
        make_row(model, **held)
    many, after = queries_of(api, path)
    assert after == before + 9
    assert len(many) == len(few), "\n".join(many)


def test_a_statement_asks_as_often_for_ten_entries_as_for_one(client):
    cpo = make_paid_cpo()
    api, path = Api(client), f"api/cpo/{cpo.pk}/wallet/entries"
    give(cpo, 1_000)
    queries_of(api, path)
    few, before = queries_of(api, path)
    for _ in range(9):
        give(cpo, 1_000)
    many, after = queries_of(api, path)
    assert (len(many), after) == (len(few), before + 9)


def own_path(template: str) -> tuple[str, dict[str, Any]]:
    """The address of a new parent's list, and what makes a row a part of it."""
    found = re.search(r"<[^>]+>", template)
    if found is None:
        return template, {}
    model, field = PARENTS[found[0]]
    parent = make_row(model)
    return template.replace(found[0], str(parent.pk)), {
        field: parent.pk if field.endswith("_id") else parent
    }


def queries_of(api: Api, path: str) -> tuple[list[str], int]:
    with CaptureQueriesContext(connection) as captured:
        response = api("GET", path.removeprefix("api/"))
    assert response.status_code == 200, response.content
    return [query["sql"] for query in captured], len(response.json()["results"])
