"""Tickets by the REST API: companies, rivals, drivers."""

from __future__ import annotations

import base64

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile

from chargers.tests.factories import make_charger
from cpo.models import Driver
from cpo.services import supabase
from cpo.tests.api import Api, fields_of
from cpo.tests.factories import make_cpo, make_member, make_user
from tickets.models import Ticket, TicketAttachment, TicketComment
from tickets.services.changing import Change, change_ticket
from tickets.services.commenting import add_comment
from tickets.tests.factories import make_report, make_ticket

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


@pytest.fixture
def cpo():
    return make_cpo()


@pytest.fixture
def api(client, cpo):
    return Api(client, cpo)


@pytest.fixture
def ticket(cpo):
    return make_ticket(cpo)


@pytest.fixture
def driver(monkeypatch):
    monkeypatch.setattr(supabase, "is_configured", lambda: True)
    monkeypatch.setattr(supabase, "driver_of_token", lambda token: Driver.objects.get(pk=token))
    return Driver.objects.create(name="Sari", email="sari@example.com", language="en")


def as_driver(client, driver, method, path, body=None):
    call = getattr(client, method.lower())
    headers = {"Authorization": f"Bearer {driver.pk}"}
    values = {} if method == "GET" else {"data": body, "content_type": "application/json"}
    return call(f"/api/{path}", headers=headers, **values)


async def read(answer):
    return b"".join([piece async for piece in answer.streaming_content])


def ids(response):
    return {row["id"] for row in response.json()["results"]}


def test_ticket_is_opened_once_per_key_about_a_connector(api, cpo):
    charger = make_charger(cpo=cpo, identity="JKT-1")
    body = {"category": "charger", "subject": "Dark", "charger_id": "jkt-1", "connector_id": 2}
    first = api("POST", "tickets", body, Idempotency_Key="k1")
    assert api("POST", "tickets", body, Idempotency_Key="k1").json() == first.json()
    ticket = Ticket.objects.get()
    assert (ticket.cpo, ticket.charger, ticket.connector.number) == (cpo, charger, 2)
    shown = first.json()
    assert (shown["number"], shown["opened_by"]) == (ticket.number, "api key: Acme")
    assert (shown["charger_id"], shown["connector_id"], shown["overdue"]) == ("JKT-1", 2, False)


def test_connector_without_its_charger_and_unknown_things_are_named(api):
    body = {"category": "charger", "subject": "Dark"}
    assert fields_of(api("POST", "tickets", body | {"connector_id": 1}), 400) == {"charger_id"}
    assert fields_of(api("POST", "tickets", body | {"charger_id": "NO"}), 404) == {"charger_id"}
    assert fields_of(api("POST", "tickets", {}), 400) == {"category", "subject"}


def test_thing_of_another_company_than_the_named_one_is_refused(client, cpo):
    make_charger(identity="RIVAL")
    body = {"cpo_id": str(cpo.pk), "category": "charger", "subject": "X", "charger_id": "RIVAL"}
    assert fields_of(Api(client)("POST", "tickets", body), 400) == {"charger_id"}
    assert not Ticket.objects.exists()


def test_rival_s_ticket_is_not_there(client, ticket, driver):
    rival = Api(client, make_cpo())
    for method, part, body in (
        ("GET", "", None),
        ("PUT", "", {"status": "closed"}),
        ("GET", "/comments", None),
        ("POST", "/comments", {"body": "Hello"}),
        ("GET", "/attachments", None),
        ("POST", "/attachments", {"name": "a.png", "content": base64.b64encode(PNG).decode()}),
    ):
        path = f"tickets/{ticket.pk}{part}"
        assert rival(method, path, body).status_code == 404, path
        found = as_driver(client, driver, method, path, body).status_code
        assert found == (403 if method == "PUT" else 404), path
    assert ids(rival("GET", "tickets")) == set()
    assert not TicketComment.objects.exists()


def test_staff_open_tickets_of_the_platform_that_no_company_sees(client, api):
    body = {"category": "other", "subject": "Renew the contract"}
    shown = Api(client)("POST", "tickets", body).json()
    assert shown["cpo_id"] is None
    assert api("GET", f"tickets/{shown['id']}").status_code == 404


def test_driver_reports_and_sees_their_own_alone(client, driver, cpo):
    charger = make_charger(cpo=cpo, identity="JKT-1")
    make_report()
    body = {"category": "charger", "subject": "Stuck", "charger_id": "JKT-1"}
    opened = as_driver(client, driver, "POST", "tickets", body)
    assert opened.status_code == 201
    ticket = Ticket.objects.get(pk=opened.json()["id"])
    assert (ticket.cpo, ticket.charger, ticket.driver) == (cpo, charger, driver)
    assert ticket.reporter_email == "sari@example.com"
    member = make_member(cpo)
    change_ticket(ticket, Change(assignee=member), actor=member)
    add_comment(ticket, body="He parks badly", actor=member, via="portal", internal=True)
    add_comment(ticket, body="We come", actor=member, via="portal")
    listed = as_driver(client, driver, "GET", "tickets").json()["results"]
    assert [(row["id"], row["assignee"]) for row in listed] == [(ticket.pk, None)]
    path = f"tickets/{ticket.pk}/comments"
    said = as_driver(client, driver, "GET", path).json()["results"]
    assert [(comment["author"], comment["body"]) for comment in said] == [(cpo.name, "We come")]
    answered = as_driver(client, driver, "POST", path, {"body": "Thanks"})
    assert (answered.status_code, answered.json()["side"]) == (201, "driver")
    hidden = as_driver(client, driver, "POST", path, {"body": "Hm", "internal": True})
    assert fields_of(hidden, 400) == {"internal"}


def test_change_follows_the_flow_and_the_version(api, ticket, cpo):
    member, path = make_member(cpo), f"tickets/{ticket.pk}"
    tag = api("GET", path)["ETag"]
    changed = api("PUT", path, {"status": "waiting", "assignee": member.username}, If_Match=tag)
    body = changed.json()
    assert (body["status"], body["assignee"]) == ("waiting", member.username)
    assert changed["ETag"] == api("GET", path)["ETag"] != tag
    assert api("PUT", path, {"status": "closed"}, If_Match=tag).status_code == 412
    refused = api("PUT", path, {"status": "reopened"})
    assert fields_of(refused, 409) == {"status"}
    assert refused.json()["type"] == "urn:uniev:problem:transition_not_allowed"
    assert api("PUT", path, {"assignee": None}).json()["assignee"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "status"),
        ({"reason": "x"}, "status"),
        ({"status": "gone"}, "status"),
        ({"assignee": "nobody-of-this-name"}, "assignee"),
    ],
)
def test_change_without_a_usable_value_names_its_field(api, ticket, body, field):
    assert fields_of(api("PUT", f"tickets/{ticket.pk}", body), 400) == {field}


def test_people_of_other_companies_are_no_assignees(api, ticket):
    for person in (make_member(make_cpo()), make_user(is_staff=True)):
        answer = api("PUT", f"tickets/{ticket.pk}", {"assignee": person.username})
        assert fields_of(answer, 400) == {"assignee"}


def test_filters_narrow_the_list(api, cpo):
    member = make_member(cpo)
    charger = make_charger(cpo=cpo, identity="JKT-1")
    late = make_ticket(cpo, charger=charger, priority="urgent")
    Ticket.objects.filter(pk=late.pk).update(due_first_answer_at="2020-01-01T00:00:00Z")
    done = make_ticket(cpo, category="payment", subject="Paid twice")
    change_ticket(done, Change(status="resolved", assignee=member), actor=member)
    for query, expected in {
        "open=true": {late.pk},
        "open=false": {done.pk},
        "overdue=true": {late.pk},
        "overdue=false": {done.pk},
        "status=resolved": {done.pk},
        "priority=urgent": {late.pk},
        "category=payment": {done.pk},
        "charger_id=jkt-1": {late.pk},
        "assignee=none": {late.pk},
        f"assignee={member.username}": {done.pk},
        "search=twice": {done.pk},
        f"search={late.number}": {late.pk},
        f"cpo_id={cpo.pk}": {late.pk, done.pk},
        "status=odd": 400,
    }.items():
        answer = api("GET", f"tickets?{query}")
        found = ids(answer) if answer.status_code == 200 else answer.status_code
        assert found == expected, query


def test_files_are_added_as_json_or_form_listed_and_read(api, client, ticket):
    path = f"tickets/{ticket.pk}/attachments"
    body = {"name": "screen.png", "content": base64.b64encode(PNG).decode()}
    added = api("POST", path, body, Idempotency_Key="k")
    assert (added.status_code, added.json()["media_type"]) == (201, "image/png")
    form = {"file": SimpleUploadedFile("../b c.png", PNG + b"2")}
    headers = {"Authorization": f"Api-Key {api.key}"}
    second = client.post(f"/api/{path}", form, headers=headers)
    assert second.status_code == 201
    listed = api("GET", path).json()["results"]
    assert [row["id"] for row in listed] == [added.json()["id"], second.json()["id"]]
    answer = api("GET", f"{path}/{second.json()['id']}")
    assert async_to_sync(read)(answer) == PNG + b"2"
    name = f"{ticket.number}-{second.json()['id'][:8]}.png"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'


def test_bad_files_are_refused(api, client, ticket):
    path = f"tickets/{ticket.pk}/attachments"
    fake = {"name": "a.png", "content": base64.b64encode(b"<script>").decode()}
    assert fields_of(api("POST", path, fake), 400) == {"content"}
    assert fields_of(api("POST", path, {"name": "a", "content": "%%%"}), 400) == {"content"}
    headers = {"Authorization": f"Api-Key {api.key}"}
    for form in ({}, {"file": "no file"}, {"file": SimpleUploadedFile("a.png", b"MZ")}):
        assert fields_of(client.post(f"/api/{path}", form, headers=headers), 400) == {"file"}
    assert not TicketAttachment.objects.exists()


def test_file_of_an_internal_note_is_its_side_s(api, ticket):
    from tickets.services.attaching import File

    staff = make_user(is_staff=True)
    add_comment(
        ticket, body="See", actor=staff, via="admin", internal=True, files=[File("a.png", PNG)]
    )
    kept = TicketAttachment.objects.get()
    path = f"tickets/{ticket.pk}/attachments"
    assert api("GET", path).json()["results"] == []
    assert api("GET", f"{path}/{kept.pk}").status_code == 404
    assert Api(api.client)("GET", f"{path}/{kept.pk}").status_code == 200
