"""Callers who mean harm: other people's ids, parts that nobody offers, huge pages, odd text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.db.models import Count, Value
from django.test import Client

from chargers.tests.factories import make_charger, make_location
from cpo.access import PLATFORM
from cpo.models import Role
from cpo.tests.api import Api, fields_of
from cpo.tests.factories import make_cpo, make_member
from payments.api import payments as payment_endpoint
from unievp.devtools.permissions import endpoints
from unievp.lib.api.lists import Ordering
from unievp.web.tests.api_world import Operation, World, make_world, operations, published

pytestmark = pytest.mark.django_db

# Columns that rows have and no body offers.
NOT_OFFERED = {
    "id": 1,
    "pk": 1,
    "status": "verified",
    "cpo": "",
    "registration": "Accepted",
    "is_staff": True,
    "verified_at": "2020-01-01T00:00:00Z",
    "created_at": "2020-01-01T00:00:00Z",
    "retired_at": None,
    "requested_by": 1,
    "commission_percent": "0",
    "security_profile": 0,
    "currency": "USD",
    "digest": "x",
    "secret": "x",
}


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch):
    monkeypatch.setattr(payment_endpoint, "CHECKOUT_WITHIN_S", 0)


@pytest.fixture
def worlds():
    return make_world("own"), make_world("rival")


def body_of(operation: Operation, world: World) -> Any:
    return world.body(operation.example, operation.new_names)


def properties(operation: Operation) -> dict[str, Any]:
    content = operation.told.get("requestBody", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    schema = published()["components"]["schemas"].get(reference.rpartition("/")[2], {})
    found: dict[str, Any] = schema.get("properties", {})
    return found


def taken_back(api: Api, operation: Operation, world: World, body: Any) -> Any:
    with transaction.atomic():
        response = api(operation.method, world.path(operation.path)[len("/api/") :], body)
        transaction.set_rollback(True)
    return response


def rows_of(cpo: Any) -> dict[str, int]:
    """How many rows of each model are the company's, by one query."""
    counts = [
        model._default_manager.order_by()
        .filter(**{path: cpo.pk})
        .annotate(of_model=Value(model.__name__))
        .values("of_model")
        .annotate(how_many=Count("pk"))
        .values_list("of_model", "how_many")
        for model in apps.get_models()
        if (path := getattr(model, "tenant_path", PLATFORM)) != PLATFORM
    ]
    return dict(counts[0].union(*counts[1:], all=True))


def test_no_id_in_a_body_reaches_another_company(client, worlds):
    own, rival = worlds
    api, wrong = Api(client, own.cpo), []
    before = rows_of(rival.cpo)
    for operation in operations().values():
        names = set(properties(operation)) & set(own.ids) - operation.new_names - {"provider"}
        for name in sorted(names):
            body = body_of(operation, own) | {name: rival.ids[name]}
            response = taken_back(api, operation, own, body)
            told = response.content.decode()
            if response.status_code < 300 or any(mark in told for mark in rival.marks()):
                wrong.append((operation.method, operation.path, name, told[:200]))
    assert wrong == []
    assert rows_of(rival.cpo) == before


def test_parts_that_nobody_offers_change_nothing(client, worlds):
    own, rival = worlds
    api, wrong = Api(client, own.cpo), []
    before = rows_of(rival.cpo)
    for operation in operations().values():
        example = body_of(operation, own)
        if example is None:
            continue
        offered = properties(operation)
        extra = {name: value for name, value in NOT_OFFERED.items() if name not in offered}
        extra |= {} if "cpo_id" in offered else {"cpo_id": str(rival.cpo.pk)}
        plain = taken_back(api, operation, own, example)
        with transaction.atomic():
            path = own.path(operation.path)[len("/api/") :]
            response = api(operation.method, path, example | extra)
            same = rows_of(rival.cpo) == before
            transaction.set_rollback(True)
        kept = _steady(plain) == _steady(response)
        if response.status_code != plain.status_code or not same or not kept:
            wrong.append((operation.method, operation.path, response.content[:300]))
    assert wrong == []


def _steady(response: Any) -> Any:
    """The answer without what differs between two equal requests: ids, times, secrets."""
    if response.status_code >= 300 or not response.content:
        return None
    body = json.loads(response.content)
    return {
        name: body[name]
        for name in ("status", "cpo_id", "currency", "retired_at", "registration", "verified_at")
        if name in body
    }


def test_every_list_says_what_it_is_ordered_by():
    checked = 0
    for path, view in endpoints():
        if Ordering in getattr(view, "filter_backends", ()):
            checked += 1
            assert isinstance(view.ordering_fields, tuple), path
            assert not {"digest", "secret", "password"} & set(view.ordering_fields), path
    assert checked > 10


def test_equal_rows_keep_their_places_from_page_to_page(client):
    cpo = make_cpo()
    location = make_location(cpo)
    for number in range(6):
        make_charger(location=location, name="Same", identity=f"P-{number}", tariff=False)
    for ordering in ("name", "-name"):
        pages = [
            Api(client, cpo)("GET", f"chargers?ordering={ordering}&limit=2&offset={offset}").json()
            for offset in (0, 2, 4)
        ]
        seen = [row["charger_id"] for page in pages for row in page["results"]]
        expected = [f"P-{number}" for number in range(6)]
        assert seen == (expected if ordering == "name" else expected[::-1])


LISTS = [
    "chargers",
    "sessions",
    "apikeys",
    "cpo",
    "tariffs/templates",
    "tariffs/assignments",
    "payments/providers",
    "webhooks",
]


@pytest.mark.parametrize("path", LISTS)
def test_pages_are_bounded_and_secrets_order_nothing(path, client, worlds):
    api = Api(client, worlds[0].cpo)
    plain = api("GET", path).json()
    for query in ("limit=1000000000", "ordering=-digest,secret,cpo__bank_account_number,password"):
        assert api("GET", f"{path}?{query}").json()["results"] == plain["results"]
    for offset in ("100000000000", "99999999999999999999999"):
        body = api("GET", f"{path}?offset={offset}").json()
        assert (body["results"], body["count"]) == ([], plain["count"])
    for query in ("limit=-1", "offset=-5", "limit=x"):
        assert api("GET", f"{path}?{query}").status_code == 200


ODD = ["\u202egnp.exe", "\ufdfd" * 40, "e\u0301" * 40, "\U0001f50c\u200d\U0001f697", "\x7f\x1b[2J"]


@pytest.mark.parametrize("text", ODD)
def test_odd_text_is_kept_as_it_came_or_refused(text, client, worlds):
    own, _rival = worlds
    api = Api(client, own.cpo)
    path = f"chargers/{own.ids['charger_id']}"
    response = api("PATCH", path, {"name": text})
    assert response.status_code in (200, 400)
    if response.status_code == 200:
        assert api("GET", path).json()["name"] == text.strip()
    assert api("GET", "chargers?search=" + text).status_code in (200, 400)
    assert api("GET", f"chargers/{text}").status_code == 404


@pytest.mark.parametrize("query", ["search=%00", "status=%00", "charger_id=%ff", "cpo_id=%00"])
def test_a_nul_or_half_a_letter_in_an_address(query, client, worlds):
    api = Api(client, worlds[0].cpo)
    for path in ("chargers", "sessions"):
        assert api("GET", f"{path}?{query}").status_code in (200, 400)


def test_a_taken_charger_id_tells_nothing_of_its_owner(client, worlds):
    own, rival = worlds
    body = {"charger_id": rival.ids["charger_id"].lower(), "location": {"name": "Plaza"}}
    response = Api(client, own.cpo)("POST", "chargers", body)
    assert fields_of(response, 409) <= {"charger_id", "identity"}
    assert rival.cpo.name not in response.json()["detail"]


def test_names_are_each_companys_own(client, worlds):
    own, rival = worlds
    body = {"name": "AC", "simple": {"per_kwh": "2400"}}
    for world in (own, rival):
        assert Api(client, world.cpo)("POST", "tariffs/templates", body).status_code == 201


def test_idempotency_keys_are_each_callers_own(client, worlds):
    own, rival = worlds
    for world in (own, rival):
        body = {"charger_id": f"NEW-{world.cpo.name}", "location": {"name": "Plaza"}}
        answer = Api(client, world.cpo)("POST", "chargers", body, Idempotency_Key="same")
        assert (answer.status_code, answer.json()["cpo_id"]) == (201, str(world.cpo.pk))


def test_a_session_writes_nothing_without_its_token(worlds):
    own, _rival = worlds
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_member(own.cpo, Role.OWNER))
    for operation in operations().values():
        if operation.method != "GET":
            response = client.generic(
                operation.method,
                own.path(operation.path),
                json.dumps(body_of(operation, own)),
                content_type="application/json",
            )
            assert response.status_code == 403, operation.path


def test_the_key_of_a_company_that_may_not_trade_still_reads(client):
    cpo = make_cpo(verified=False)
    api = Api(client, cpo)
    assert api("GET", "chargers").status_code == 200
    assert api("GET", f"cpo/{cpo.pk}").json()["status"] == "pending"
