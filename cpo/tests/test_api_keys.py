"""API keys by the REST API: shown once, masked ever after, never more than their maker has."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from cpo.models import ApiKey, AuditEntry, IdempotencyKey, Role
from cpo.tests.api import Api, fields_of
from cpo.tests.factories import make_cpo, make_member, make_user
from unievp.lib import clock

pytestmark = pytest.mark.django_db
WANTED = {"name": "Shop", "scopes": ["commands:write", "commands:read"]}


@pytest.fixture
def cpo():
    return make_cpo()


def test_a_key_is_shown_once_works_and_is_masked_ever_after(client, cpo):
    api = Api(client, cpo)
    response = api("POST", "apikeys", WANTED, Idempotency_Key="k")
    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    body = response.json()
    made = ApiKey.objects.get(name="Shop")
    assert (body["id"], body["cpo_id"], body["scopes"]) == (made.pk, str(cpo.pk), WANTED["scopes"])
    assert body["key"].startswith(f"uniev_{made.prefix}_")
    secret = body["key"].rpartition("_")[2]
    used = client.get("/api/apikeys", headers={"Authorization": f"Api-Key {body['key']}"})
    assert used.status_code == 403  # known, without the scope
    again = api("POST", "apikeys", WANTED, Idempotency_Key="k")
    assert (again.status_code, again["Idempotency-Replayed"]) == (201, "true")
    assert again.json()["key"] == f"uniev_{made.prefix}_••••"
    listed = api("GET", "apikeys").json()
    assert listed["count"] == ApiKey.objects.count() == 2
    for text in (json.dumps(listed), str(list(IdempotencyKey.objects.values()))):
        assert secret not in text
    assert AuditEntry.objects.filter(action="api_key.create", cpo=cpo).exists()


def test_a_revoked_key_is_refused_and_stays_in_the_list(client, cpo):
    api = Api(client, cpo)
    body = api("POST", "apikeys", WANTED | {"scopes": ["apikeys:read"]}).json()
    headers = {"Authorization": f"Api-Key {body['key']}"}
    assert client.get("/api/apikeys", headers=headers).status_code == 200
    for _ in range(2):
        assert api("DELETE", f"apikeys/{body['id']}").status_code == 204
    assert client.get("/api/apikeys", headers=headers).status_code == 401
    (row,) = (row for row in api("GET", "apikeys").json()["results"] if row["id"] == body["id"])
    assert row["revoked_at"] is not None
    assert AuditEntry.objects.filter(action="api_key.revoke").count() == 1


def test_a_rivals_keys_are_not_there(client, cpo):
    rival = Api(client, make_cpo())
    own = Api(client, cpo)
    made = ApiKey.objects.get(cpo=cpo)
    assert rival("DELETE", f"apikeys/{made.pk}").status_code == 404
    assert rival("GET", "apikeys").json()["count"] == 1
    assert fields_of(rival("POST", "apikeys", WANTED | {"cpo_id": str(cpo.pk)}), 404) == {"cpo_id"}
    platform = Api(client)
    key = ApiKey.objects.get(cpo=None)
    assert own("DELETE", f"apikeys/{key.pk}").status_code == 404
    assert platform("GET", "apikeys").json()["count"] == 3
    assert own("DELETE", f"apikeys/{2**63}").status_code == 404


def test_a_key_of_a_company_makes_none_for_the_platform_and_none_that_may_more(client, cpo):
    api = Api(client, cpo, "apikeys:write", "chargers:read")
    made = api("POST", "apikeys", WANTED | {"scopes": ["chargers:read"]})
    assert made.json()["cpo_id"] == str(cpo.pk)
    for scope in ("*", "commands:write"):
        refused = api("POST", "apikeys", WANTED | {"scopes": ["chargers:read", scope]})
        assert fields_of(refused, 403) == {"scopes"}
    assert ApiKey.objects.count() == 2


def test_a_key_that_ends_makes_none_that_outlives_it(client, cpo):
    api = Api(client, cpo)
    end = clock.now().replace(microsecond=0) + timedelta(days=1)
    ApiKey.objects.update(expires_at=end)
    later = {"expires_at": (end + timedelta(seconds=1)).isoformat()}
    assert fields_of(api("POST", "apikeys", WANTED | later), 403) == {"expires_at"}
    assert ApiKey.objects.count() == 1
    made = api("POST", "apikeys", WANTED).json()["id"]
    assert ApiKey.objects.get(pk=made).expires_at == end
    sooner = {"expires_at": (end - timedelta(hours=1)).isoformat()}
    made = api("POST", "apikeys", WANTED | sooner).json()["id"]
    assert ApiKey.objects.get(pk=made).expires_at == end - timedelta(hours=1)


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 201), (Role.OPERATOR, 403), (Role.FINANCE, 403), (Role.VIEWER, 403)],
)
def test_people_manage_keys_by_their_role(role, status, client, cpo):
    def post():
        return client.post("/api/apikeys", WANTED, content_type="application/json").status_code

    assert post() == 401
    client.force_login(make_member(cpo, role))
    assert post() == status
    assert ApiKey.objects.filter(cpo=cpo).count() == (status == 201)


def test_staff_make_keys_of_the_platform_or_of_one_company(client, cpo):
    client.force_login(make_user(is_staff=True))
    for more, owner in (({}, None), ({"cpo_id": str(cpo.pk)}, str(cpo.pk))):
        response = client.post("/api/apikeys", WANTED | more, content_type="application/json")
        assert (response.status_code, response.json()["cpo_id"]) == (201, owner)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ["*"]}, "name"),
        ({"name": " ", "scopes": ["*"]}, "name"),
        ({"name": "Shop"}, "scopes"),
        ({"name": "Shop", "scopes": []}, "scopes"),
        ({"name": "Shop", "scopes": ["everything"]}, "scopes.0"),
        (WANTED | {"cpo_id": "mine"}, "cpo_id"),
        (WANTED | {"expires_at": "tomorrow"}, "expires_at"),
        (WANTED | {"expires_at": (clock.now() - timedelta(days=1)).isoformat()}, "expires_at"),
    ],
)
def test_a_refused_key_names_the_field(body, field, client, cpo):
    assert field in fields_of(Api(client, cpo)("POST", "apikeys", body), 400)
    assert ApiKey.objects.count() == 1


def test_keys_are_found_by_company_and_by_whether_they_are_revoked(client, cpo):
    api = Api(client)
    for _ in range(2):
        made = api("POST", "apikeys", WANTED | {"cpo_id": str(cpo.pk)}).json()["id"]
    api("DELETE", f"apikeys/{made}")
    assert api("GET", f"apikeys?cpo_id={cpo.pk}").json()["count"] == 2
    found = api("GET", f"apikeys?cpo_id={cpo.pk}&revoked=true").json()["results"]
    assert [key["id"] for key in found] == [made]
    assert api("GET", f"apikeys?cpo_id={cpo.pk}&revoked=false").json()["count"] == 1


def test_only_finance_staff_give_a_platform_key_the_right_to_decide(client, cpo):
    def post(**more):
        body = {"name": "Till", "scopes": ["settlements:write"]} | more
        return client.post("/api/apikeys", body, content_type="application/json").status_code

    client.force_login(make_user(is_staff=True))
    assert [post(), post(scopes=["*"]), post(cpo_id=str(cpo.pk))] == [403, 403, 201]
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert [post(), post(scopes=["*"])] == [201, 201]
    platform = Api(client)
    for scopes in (["*"], ["settlements:write"]):
        refused = platform("POST", "apikeys", {"name": "Till", "scopes": scopes})
        assert fields_of(refused, 403) == {"scopes"}
