"""Companies by the REST API: registered with papers, decided about, changed; and the first mail."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta

import pytest
from django.core import mail

from cpo.models import CPO, AuditEntry, CompanyDocument, Membership, Role, User
from cpo.services.welcome import GOOD_FOR_S, companies_to_welcome, make_link_token, send_welcome
from cpo.tests.api import Api, fields_of
from cpo.tests.factories import make_cpo, make_member, make_user
from unievp.lib import clock

pytestmark = pytest.mark.django_db
PDF = base64.b64encode(b"%PDF-1.7 a licence").decode()
COMPANY = {
    "name": "Cepat Isi",
    "legal_name": "PT Cepat Isi",
    "contact_email": "owner@cepat.example",
    "bank_code": "BCA",
    "bank_account_name": "PT Cepat Isi",
    "bank_account_number": "1234567890",
    "documents": [{"kind": "nib", "name": "nib.pdf", "content": PDF}],
}


def register(client, **change):
    return client.post(
        "/api/cpo/register", json.dumps(COMPANY | change), content_type="application/json"
    )


def test_a_company_registers_without_an_account_and_is_pending(client):
    response = register(client)
    assert response.status_code == 201, response.content
    body = response.json()
    cpo = CPO.objects.get()
    assert (body["status"], body["cpo_id"]) == ("pending", str(cpo.pk))
    assert body["bank_account_number"].startswith("•")
    assert "1234567890" not in response.content.decode()
    (paper,) = body["documents"]
    assert (paper["kind"], paper["media_type"]) == ("nib", "application/pdf")
    assert CompanyDocument.objects.get().file.read() == b"%PDF-1.7 a licence"
    assert not Membership.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"contact_email": "x"}, "contact_email"),
        ({"bank_account_number": "12-34"}, "bank_account_number"),
        ({"documents": [{"kind": "nib", "name": "x", "content": "%"}]}, "documents.0.content"),
        (
            {"documents": [{"kind": "nib", "name": "x.pdf", "content": "TVqQAAMA"}]},
            "documents.0.content",
        ),
        ({"documents": [{"kind": "map", "name": "x", "content": PDF}]}, "documents.0.kind"),
    ],
)
def test_what_is_wrong_with_a_registration_is_named_and_nothing_is_kept(client, change, field):
    assert field in fields_of(register(client, **change), 400)
    assert not CPO.objects.exists()


def test_strangers_share_no_idempotency_keys(client):
    headers = {"Idempotency-Key": "1"}
    for name, count in (("One", 1), ("One", 1), ("Two", 2)):
        body = json.dumps(COMPANY | {"name": name})
        response = client.post(
            "/api/cpo/register", body, content_type="application/json", headers=headers
        )
        assert response.status_code == 201
        assert CPO.objects.count() == count


# --- The first mail ---------------------------------------------------------------------------


@pytest.fixture
def link(client):
    register(client)
    cpo = CPO.objects.get()
    assert companies_to_welcome() == [cpo.pk]
    assert send_welcome(cpo.pk)
    assert not send_welcome(cpo.pk)
    assert companies_to_welcome() == []
    (sent,) = mail.outbox
    assert sent.to == ["owner@cepat.example"]
    return re.search(r"http://[^/]+(/accounts/welcome/\S+)", sent.body)[1]


def test_who_follows_the_link_owns_the_company(client, link):
    assert client.get(link).status_code == 200
    assert not User.objects.filter(email="owner@cepat.example").exists()
    weak = client.post(link, {"password": "123"})
    assert weak.status_code == 200
    assert not User.objects.filter(email="owner@cepat.example").exists()
    assert client.post(link, {"password": "a long enough secret"}).status_code == 302
    member = Membership.objects.get()
    assert (member.role, member.user.email) == (Role.OWNER, "owner@cepat.example")
    assert member.user.check_password("a long enough secret")
    assert CPO.objects.get().email_confirmed_at is not None
    assert client.post(link, {"password": "another long secret"}).status_code == 410
    assert not User.objects.get(email="owner@cepat.example").check_password("another long secret")


def test_a_person_with_an_account_keeps_the_password(client, link):
    user = make_user(email="owner@cepat.example", password="old secret words")
    assert client.post(link, {"password": "other secret words"}).status_code == 302
    user.refresh_from_db()
    assert user.check_password("old secret words")
    assert Membership.objects.get().user == user


def test_forged_and_old_links_lead_nowhere(client, time_machine):
    cpo = make_cpo(verified=False, contact_email="a@b.example")
    token = make_link_token(cpo)
    assert client.get(f"/accounts/welcome/{token}x").status_code == 410
    CPO.objects.update(contact_email="other@b.example")
    assert client.get(f"/accounts/welcome/{token}").status_code == 410
    CPO.objects.update(contact_email="a@b.example")
    assert client.get(f"/accounts/welcome/{token}").status_code == 200
    time_machine.move_to(clock.now() + timedelta(seconds=GOOD_FOR_S + 60))
    assert client.get(f"/accounts/welcome/{token}").status_code == 410


# --- Decisions and data -----------------------------------------------------------------------


def test_staff_decide_with_a_reason(client):
    cpo = make_cpo(verified=False)
    platform = Api(client)
    path = f"cpo/{cpo.pk}/verify"
    assert fields_of(platform("POST", path, {"decision": "maybe"}), 400) == {"decision"}
    assert fields_of(platform("POST", path, {"decision": "reject"}), 400) == {"reason"}
    body = platform("POST", path, {"decision": "reject", "reason": "No licence"}).json()
    assert (body["status"], body["status_reason"]) == ("rejected", "No licence")
    assert platform("POST", path, {"decision": "approve"}).json()["status"] == "verified"
    assert platform("POST", path, {"decision": "approve"}).status_code == 409
    entry = AuditEntry.objects.filter(action="cpo.verified").get()
    assert entry.actor_label == "api key: Acme"


def test_a_company_does_not_verify_itself(client):
    cpo = make_cpo(verified=False)
    own = Api(client, cpo)("POST", f"cpo/{cpo.pk}/verify", {"decision": "approve"})
    assert own.status_code == 403
    client.force_login(make_member(cpo))
    answer = client.post(
        f"/api/cpo/{cpo.pk}/verify", '{"decision": "approve"}', content_type="application/json"
    )
    assert answer.status_code == 403
    cpo.refresh_from_db()
    assert cpo.status == "pending"


def test_a_company_changes_its_contact_but_not_what_was_verified(client):
    cpo = make_cpo(legal_name="PT A")
    api = Api(client, cpo)
    path = f"cpo/{cpo.pk}"
    etag = api("GET", path)["ETag"]
    body = api("PATCH", path, {"contact_phone": "+62 21 1"}, If_Match=etag).json()
    assert body["contact_phone"] == "+62 21 1"
    assert api("PATCH", path, {"address": "x"}, If_Match=etag).status_code == 412
    assert fields_of(api("PATCH", path, {"legal_name": "PT B"}), 422) == {"legal_name"}
    assert Api(client)("PATCH", path, {"legal_name": "PT B"}).json()["legal_name"] == "PT B"


@pytest.mark.parametrize(("role", "status"), [(Role.OWNER, 200), (Role.OPERATOR, 403)])
def test_only_owners_change_company_data(client, role, status):
    cpo = make_cpo()
    client.force_login(make_member(cpo, role))
    answer = client.patch(f"/api/cpo/{cpo.pk}", '{"address": "x"}', content_type="application/json")
    assert answer.status_code == status


def test_a_rivals_company_is_not_there(client):
    cpo, rival = make_cpo(), make_cpo()
    api = Api(client, rival)
    assert [row["id"] for row in api("GET", "cpo").json()["results"]] == [str(rival.pk)]
    assert api("GET", f"cpo/{cpo.pk}").status_code == 404
    assert api("PATCH", f"cpo/{cpo.pk}", {"name": "x"}).status_code == 404
    assert api("POST", f"cpo/{cpo.pk}/verify", {"decision": "approve"}).status_code == 404
    assert api("POST", "cpo/register", COMPANY).status_code == 403


def test_staff_read_the_papers_and_nobody_else(client):
    register(client)
    document = CompanyDocument.objects.get()
    url = f"/admin/cpo/cpo/documents/{document.pk}"
    client.force_login(make_member(document.cpo))
    assert client.get(url).status_code == 302
    client.force_login(make_user(is_staff=True))
    assert client.get(url).status_code == 404
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert "nib.pdf" in client.get(f"/admin/cpo/cpo/{document.cpo_id}/change/").content.decode()
    answer = client.get(url)
    assert answer["Content-Disposition"].startswith('attachment; filename="nib-')
    assert int(answer["Content-Length"]) == document.size
    answer.close()


BANK = {"bank_code": "bri", "bank_account_name": "PT Baru", "bank_account_number": "5555 6666 77"}


def test_a_new_bank_account_is_kept_masked_and_cools_off(client):
    cpo = make_cpo(bank_code="BCA", bank_account_name="PT Lama", bank_account_number="1234567890")
    client.force_login(make_member(cpo, Role.FINANCE))
    answer = client.patch(f"/api/cpo/{cpo.pk}", BANK, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert "5555666677" not in answer.content.decode()
    assert answer.json()["bank_code"] == "BRI"
    cpo.refresh_from_db()
    change = cpo.bank_changes.get()
    assert (cpo.bank_account_number, change.account_number) == ("5555666677", "5555666677")
    assert change.verified_at is None
    assert change.usable_from > clock.now()
    entry = AuditEntry.objects.get(action="cpo.change_bank_account")
    assert (entry.before["bank_account_number"], entry.after["bank_account_number"]) == (
        "••••",
        "••••",
    )


@pytest.mark.parametrize("missing", sorted(BANK))
def test_half_a_bank_account_changes_nothing(client, missing):
    cpo = make_cpo(bank_code="BCA", bank_account_number="1234567890")
    api = Api(client, cpo)
    part = {name: value for name, value in BANK.items() if name != missing}
    answer = api("PATCH", f"cpo/{cpo.pk}", {**part, "address": "Jl. Baru"})
    assert fields_of(answer, 400) == {missing}
    cpo.refresh_from_db()
    assert (cpo.bank_code, cpo.address) == ("BCA", "")


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_bank_accounts_are_changed_by_those_with_the_right_to_money(client, role):
    cpo = make_cpo()
    client.force_login(make_member(cpo, role))
    answer = client.patch(f"/api/cpo/{cpo.pk}", BANK, content_type="application/json")
    assert answer.status_code == 403
    assert not cpo.bank_changes.exists()


def test_rivals_change_no_bank_account(client):
    cpo = make_cpo()
    assert Api(client, make_cpo())("PATCH", f"cpo/{cpo.pk}", BANK).status_code == 404
    assert not cpo.bank_changes.exists()
