"""Every endpoint, called by everybody, about their own company and another: the table holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client

from chargers.models import ChargingSession
from cpo.api.rights import Caller, Open, Platform, Row
from cpo.models import Driver, Role, Scope
from cpo.services import supabase
from cpo.services.api_keys import create_api_key
from cpo.tests.factories import make_member, make_user
from ocpi.models import RoamingContract, SentCommand
from payments.api import payments as payment_endpoint
from payments.models import PaymentIntent
from tickets.models import Ticket
from unievp.devtools.permissions import permission_rows
from unievp.web.tests.api_world import World, make_world, operations

pytestmark = pytest.mark.django_db

# Somebody whom the table names, and two whom it tells of in words.
WITHOUT_SCOPE = "key without the scope"
FINANCE_STAFF = "finance staff"
CALLERS = [*Caller, WITHOUT_SCOPE, FINANCE_STAFF]
# Every company is as good as another one to them.
PLATFORM = {Caller.STAFF, Caller.SUPERUSER, Caller.PLATFORM_KEY, FINANCE_STAFF}
# They differ from the other staff in a few rows only.
SPECIAL_STAFF = {Caller.SUPERUSER, FINANCE_STAFF}
# One of each kind with each commit, everybody in the slow tier's turn.
AT_ONCE = {
    Caller.OWNER,
    Caller.VIEWER,
    Caller.STAFF,
    Caller.DRIVER,
    Caller.NOBODY,
    Caller.COMPANY_KEY,
    WITHOUT_SCOPE,
}
SLOW = pytest.mark.slow
ALLOWED, DENIED, UNKNOWN, ABSENT = "allowed", 403, 401, 404
# Drivers charge at any company's chargers: they find them, and pay there.
FOR_EVERY_DRIVER = (
    "/api/chargers",
    "/api/payments/intent",
    "/api/client/remote-start",
    "/api/roaming/locations",
    "/api/roaming/start",
    "/api/roaming/reserve",
    # They report what happened at any of them, too.
    "/api/tickets",
)


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch):
    monkeypatch.setattr(payment_endpoint, "CHECKOUT_WITHIN_S", 0)
    # Who drivers are is proven in test_api_drivers; here it is what they may do.
    monkeypatch.setattr(supabase, "is_configured", lambda: True)
    monkeypatch.setattr(supabase, "driver_of_token", lambda token: Driver.objects.get(pk=token))
    monkeypatch.setattr("unievp.lib.api.throttles.CallerThrottle.allow_request", lambda *_a: True)


@pytest.mark.parametrize(
    "caller", [each if each in AT_ONCE else pytest.param(each, marks=SLOW) for each in CALLERS]
)
def test_each_caller_gets_what_the_table_says(caller):
    own, rival = make_world("own"), make_world("rival")
    client = client_of(caller, own.cpo)
    wrong = []
    for row in permission_rows():
        if row.need is Open.SIGNED or (caller in SPECIAL_STAFF and not is_for_some_staff(row)):
            continue
        if caller == WITHOUT_SCOPE and row.scope == Scope.WEBHOOKS_WRITE:
            # The one that this key has.
            continue
        for whose, world in (("own", own), ("rival", rival)):
            if world is rival and (caller in PLATFORM or not names_a_company(row, own, rival)):
                continue
            response = call(client, row, world)
            expected = expected_of(row, caller, world is own)
            found = outcome(row, response)
            if found not in expected:
                wrong.append(
                    (row.method, row.path, whose, found, expected, response.read_text[:300])
                )
            if world is own and leaks(caller, rival, response):
                wrong.append((row.method, row.path, whose, "shows a rival's rows"))
    assert wrong == []


def expected_of(row: Row, caller: str, own: bool) -> set[Any]:
    if caller == WITHOUT_SCOPE:
        return {DENIED if row.scope else ALLOWED}
    if caller == FINANCE_STAFF:
        return {ALLOWED, "empty"}
    if row.need is Open.EVERYBODY:
        return {ALLOWED if row.allows(Caller(caller)) else DENIED}
    who = Caller(caller)
    if who is Caller.NOBODY:
        return {UNKNOWN}
    if own:
        # Drivers are members of no company: what they may not do, they cannot see either.
        refused = {DENIED, ABSENT, "empty"} if who is Caller.DRIVER else {DENIED}
        return {ALLOWED, "empty"} if row.allows(who) else refused
    found = {ABSENT, "empty"} if row.allows(who) else {ABSENT, DENIED, "empty"}
    at_any = who is Caller.DRIVER and row.path.startswith(FOR_EVERY_DRIVER)
    return {*found, ALLOWED} if at_any and row.allows(who) else found


def outcome(row: Row, response: Any) -> Any:
    """What a caller learns: a conflict or a refusal by a rule is told to those who may alone."""
    status = response.status_code
    if row.method == "GET" and status == 200 and response["Content-Type"] == "application/json":
        page = json.loads(response.read_text)
        if page.get("count") == 0:
            return "empty"
    return ALLOWED if status < 400 or status in (409, 422) else status


def call(client: Client, row: Row, world: World) -> Any:
    """The answer; what it changed is taken back."""
    operation = operations().get((row.method, row.path))
    example = operation.example if operation else None
    keep = operation.new_names if operation else frozenset()
    path = world.path(row.path)
    if row.method == "GET" and "{" not in row.path:
        path += f"?cpo_id={world.cpo.pk}"
    body = "" if example is None else json.dumps(world.body(example, keep))
    with transaction.atomic():
        response: Any = client.generic(row.method, path, body, content_type="application/json")
        response.read_text = async_to_sync(text_of)(response)
        transaction.set_rollback(True)
    return response


async def text_of(response: Any) -> str:
    pieces = [response.content] if not response.streaming else []
    if response.streaming and response.is_async:
        pieces = [piece async for piece in response.streaming_content]
    return b"".join(pieces).decode(errors="replace")


def is_for_some_staff(row: Row) -> bool:
    return isinstance(row.need, Platform) and bool(row.need.permission)


def names_a_company(row: Row, own: World, rival: World) -> bool:
    if own.path(row.path) != rival.path(row.path):
        return True
    operation = operations().get((row.method, row.path))
    if operation is None:
        return False
    filters = "cpo_id" in operation.names("query")
    return filters or own.body(operation.example) != rival.body(operation.example)


def leaks(caller: str, rival: World, response: Any) -> bool:
    return caller not in PLATFORM and any(mark in response.read_text for mark in rival.marks())


def client_of(caller: str, cpo: Any) -> Client:
    scopes = {WITHOUT_SCOPE: [Scope.WEBHOOKS_WRITE]}
    owner = None if caller == Caller.PLATFORM_KEY else cpo
    if caller in (Caller.COMPANY_KEY, Caller.PLATFORM_KEY, WITHOUT_SCOPE):
        _key, text = create_api_key(
            name="Caller",
            cpo=owner,
            scopes=scopes.get(caller, [Scope.ALL]),
            actor="test",
        )
        return Client(headers={"Authorization": f"Api-Key {text}"})
    if caller == Caller.DRIVER:
        return Client(headers={"Authorization": f"Bearer {driver_of(cpo).pk}"})
    client = Client()
    for person in people(caller, cpo):
        client.force_login(person)
    return client


def driver_of(cpo: Any) -> Driver:
    """Who charged and paid at the company; the token is the driver's id (`nobody_waits`)."""
    driver = Driver.objects.create(name="Budi")
    ChargingSession.objects.filter(cpo=cpo).update(driver=driver)
    PaymentIntent.objects.filter(cpo=cpo).update(driver=driver)
    Ticket.objects.filter(cpo=cpo).update(driver=driver)
    # And who roams.
    contract = RoamingContract.objects.earliest("pk")
    RoamingContract.objects.filter(pk=contract.pk).update(driver=driver)
    SentCommand.objects.filter(token__contract=contract).update(driver=driver)
    return driver


def people(caller: str, cpo: Any) -> Iterator[Any]:
    if caller in Role.values:
        yield make_member(cpo, Role(caller))
    elif caller == FINANCE_STAFF:
        person = make_user(is_staff=True)
        person.user_permissions.add(Permission.objects.get(codename="change_settlement"))
        yield person
    elif caller in (Caller.STAFF, Caller.SUPERUSER):
        yield make_user(is_staff=True, is_superuser=caller == Caller.SUPERUSER)
