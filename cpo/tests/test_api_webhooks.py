"""Outgoing webhooks by the REST API: secrets shown once, rivals see nothing, the log is whole."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from cpo.models import (
    AuditEntry,
    DeliveryAttempt,
    DeliveryStatus,
    EventDelivery,
    IdempotencyKey,
    Role,
    WebhookEndpoint,
)
from cpo.services.webhooks.outbox import emit
from cpo.tests.api import Api, fields_of
from cpo.tests.factories import make_cpo, make_member, make_user
from unievp.lib import clock

pytestmark = pytest.mark.django_db
WANTED = {"url": "https://hooks.example.com/uniev", "event_types": ["session.*"], "name": "Shop"}


@pytest.fixture
def cpo():
    return make_cpo()


@pytest.fixture
def api(client, cpo):
    return Api(client, cpo)


@pytest.fixture
def webhook(api):
    return api("POST", "webhooks", WANTED).json()


def fail_some(cpo, webhook, count):
    for number in range(count):
        emit("session.ended", key=f"k{number}", cpo_id=cpo.pk, data={"n": number})
    EventDelivery.objects.update(status=DeliveryStatus.FAILED, next_try_at=None)
    for delivery in EventDelivery.objects.filter(endpoint=webhook["id"]):
        DeliveryAttempt.objects.create(
            delivery=delivery, at=clock.now(), url=WANTED["url"], status=500, latency_ms=12
        )


def test_secret_is_shown_once_and_masked_ever_after(api, cpo):
    response = api("POST", "webhooks", WANTED, Idempotency_Key="k")
    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    body = response.json()
    secret = body["secret"]
    assert WebhookEndpoint.objects.get().secret == secret
    assert (body["cpo_id"], body["is_enabled"], body["failing_since"]) == (str(cpo.pk), True, None)
    again = api("POST", "webhooks", WANTED, Idempotency_Key="k")
    assert again["Idempotency-Replayed"] == "true"
    assert WebhookEndpoint.objects.count() == 1
    read = api("GET", f"webhooks/{body['id']}").json()
    assert read == body | {"secret": f"••••{secret[-4:]}"}
    for text in (again.content.decode(), str(list(IdempotencyKey.objects.values()))):
        assert secret not in text
    assert secret not in str(list(AuditEntry.objects.values()))


def test_webhook_is_changed_listed_and_deleted(api, webhook):
    path = f"webhooks/{webhook['id']}"
    etag = api("GET", path)["ETag"]
    changed = api("PATCH", path, {"event_types": ["*"], "is_enabled": False}, If_Match=etag)
    assert changed.status_code == 200
    assert (changed.json()["event_types"], changed.json()["is_enabled"]) == (["*"], False)
    assert api("PATCH", path, {"name": "x"}, If_Match=etag).status_code == 412
    assert api("GET", "webhooks?is_enabled=true").json()["count"] == 0
    assert api("GET", "webhooks").json()["results"][0]["id"] == webhook["id"]
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {f"webhook_endpoint.{name}" for name in ("create", "change", "delete")} <= actions


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"event_types": ["*"]}, "url"),
        (WANTED | {"url": "http://hooks.example.com/"}, "url"),
        (WANTED | {"url": "https://169.254.169.254/latest"}, "url"),
        (WANTED | {"url": "https://localhost/"}, "url"),
        (WANTED | {"url": "gopher"}, "url"),
        (WANTED | {"event_types": []}, "event_types"),
        (WANTED | {"event_types": ["session.exploded"]}, "event_types.0"),
        (WANTED | {"name": "x" * 121}, "name"),
        (WANTED | {"cpo_id": "mine"}, "cpo_id"),
    ],
)
def test_refused_webhook_names_the_field(body, field, api):
    assert field in fields_of(api("POST", "webhooks", body), 400)
    assert not WebhookEndpoint.objects.exists()


def test_rival_sees_and_does_nothing(client, webhook, cpo):
    rival = Api(client, make_cpo())
    emit("session.ended", key="k", cpo_id=cpo.pk, data={})
    delivery = EventDelivery.objects.get()
    path = f"webhooks/{webhook['id']}"
    for method, address, body in (
        ("GET", path, None),
        ("PATCH", path, {"url": "https://evil.example.com/"}),
        ("DELETE", path, None),
        ("POST", f"{path}/rotate-secret", None),
        ("POST", f"{path}/test", None),
        ("POST", f"{path}/resend", {"since": "2026-01-01T00:00:00Z"}),
        ("GET", f"{path}/deliveries", None),
        ("POST", f"{path}/deliveries/{delivery.pk}/resend", None),
    ):
        assert rival(method, address, body).status_code == 404, address
    assert rival("GET", "webhooks").json()["count"] == 0
    assert fields_of(rival("POST", "webhooks", WANTED | {"cpo_id": str(cpo.pk)}), 404) == {"cpo_id"}
    own = rival("POST", "webhooks", WANTED).json()
    mixed = f"webhooks/{own['id']}/deliveries/{delivery.pk}/resend"
    assert rival("POST", mixed).status_code == 404
    assert WebhookEndpoint.objects.get(pk=webhook["id"]).secret == webhook["secret"]


def test_company_does_not_see_the_platforms_webhooks(client, api):
    made = Api(client)("POST", "webhooks", WANTED).json()
    assert made["cpo_id"] is None
    assert api("GET", f"webhooks/{made['id']}").status_code == 404
    assert api("GET", "webhooks").json()["count"] == 0


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 201), (Role.OPERATOR, 403), (Role.FINANCE, 403), (Role.VIEWER, 403)],
)
def test_people_manage_webhooks_by_their_role(role, status, client, cpo):
    client.force_login(make_member(cpo, role))
    answer = client.post("/api/webhooks", WANTED, content_type="application/json")
    assert answer.status_code == status
    assert client.get("/api/webhooks").status_code == (200 if status == 201 else 403)


def test_key_with_the_scope_alone_hears_of_nothing(client, cpo):
    writer = Api(client, cpo, "webhooks:write")
    assert fields_of(writer("POST", "webhooks", WANTED), 403) == {"event_types"}
    assert writer("GET", "webhooks").status_code == 403
    reader = Api(client, cpo, "webhooks:read")
    assert reader("POST", "webhooks", WANTED).status_code == 403
    assert reader("GET", "webhooks").status_code == 200


def test_new_secret_is_shown_once(api, webhook):
    renewed = api("POST", f"webhooks/{webhook['id']}/rotate-secret").json()
    assert renewed["secret"].startswith("whsec_")
    assert renewed["secret"] != webhook["secret"]
    assert renewed["former_secret_until"] is not None
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.secret, endpoint.former_secret) == (renewed["secret"], webhook["secret"])


def test_test_event_is_queued(api, webhook):
    response = api("POST", f"webhooks/{webhook['id']}/test", Idempotency_Key="k")
    assert response.status_code == 202
    assert (response.json()["event_type"], response.json()["status"]) == ("webhook.test", "pending")
    api("POST", f"webhooks/{webhook['id']}/test", Idempotency_Key="k")
    assert EventDelivery.objects.count() == 1
    api("PATCH", f"webhooks/{webhook['id']}", {"is_enabled": False})
    assert api("POST", f"webhooks/{webhook['id']}/test").status_code == 409


def test_log_shows_every_try_and_is_filtered(api, cpo, webhook, django_assert_max_num_queries):
    fail_some(cpo, webhook, 5)
    path = f"webhooks/{webhook['id']}/deliveries"
    with django_assert_max_num_queries(10):
        page = api("GET", path).json()
    assert page["count"] == 5
    newest = page["results"][0]
    assert newest["body"]["data"] == {"n": 4}
    assert newest["attempts"][0]["status"] == 500
    assert api("GET", f"{path}?status=pending").json()["count"] == 0
    assert api("GET", f"{path}?event_type=session.ended").json()["count"] == 5
    later = (clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert api("GET", f"{path}?since={later}").json()["count"] == 0
    assert fields_of(api("GET", f"{path}?status=lost"), 400) == {"status"}


def test_one_or_all_failed_deliveries_are_sent_again(api, cpo, webhook):
    fail_some(cpo, webhook, 3)
    path = f"webhooks/{webhook['id']}"
    first = EventDelivery.objects.earliest("pk")
    one = api("POST", f"{path}/deliveries/{first.pk}/resend")
    assert (one.status_code, one.json()["status"], one.json()["tries"]) == (202, "pending", 0)
    later = (clock.now() + timedelta(hours=1)).isoformat()
    assert api("POST", f"{path}/resend", {"since": later}).json() == {"count": 0}
    since = (clock.now() - timedelta(hours=1)).isoformat()
    assert api("POST", f"{path}/resend", {"since": since}).json() == {"count": 2}
    assert fields_of(api("POST", f"{path}/resend", {"since": "soon"}), 400) == {"since"}
    assert api("POST", f"{path}/deliveries/{2**63}/resend").status_code == 404
    api("PATCH", path, {"is_enabled": False})
    assert api("POST", f"{path}/deliveries/{first.pk}/resend").status_code == 409


def test_company_has_so_many_webhooks_at_most(api, webhook, monkeypatch):
    monkeypatch.setattr("cpo.services.webhooks.endpoints.MOST_ENDPOINTS", 1)
    assert api("POST", "webhooks", WANTED).status_code == 409


def test_staff_make_webhooks_of_the_platform_or_of_one_company(client, cpo):
    client.force_login(make_user(is_staff=True))
    for more, owner in (({}, None), ({"cpo_id": str(cpo.pk)}, str(cpo.pk))):
        body = json.dumps(WANTED | more)
        response = client.post("/api/webhooks", body, content_type="application/json")
        assert (response.status_code, response.json()["cpo_id"]) == (201, owner)
