"""Statements, the schedule and bank accounts by the API: whose they are, and what is refused."""

from __future__ import annotations

import pytest

from cpo.models import Role
from cpo.tests.api import Api
from payments.models import SettlementSchedule
from payments.services.settlements import request_settlement
from payments.tests.factories import give, make_member, make_paid_cpo

pytestmark = pytest.mark.django_db
ACCOUNT = {
    "bank_code": "mandiri",
    "bank_account_name": "PT Contoh",
    "bank_account_number": "144-0012345",
}


@pytest.fixture
def cpo():
    company = make_paid_cpo()
    give(company, 250_000)
    return company


@pytest.fixture
def api(client, cpo):
    return Api(client, cpo, "wallet:read", "settlements:write")


def test_statement_is_a_file_of_both_kinds(api, cpo):
    settlement = request_settlement(cpo, actor=make_member(cpo, Role.OWNER))
    for kind, media in (("pdf", "application/pdf"), ("csv", "text/csv; charset=utf-8")):
        answer = api("GET", f"cpo/{cpo.pk}/settlements/{settlement.pk}/statement.{kind}")
        assert (answer.status_code, answer["Content-Type"]) == (200, media)
        assert answer["Content-Disposition"].endswith(f'.{kind}"')


@pytest.mark.parametrize("kind", ["pdf", "csv"])
def test_rivals_statement_is_not_found(api, cpo, kind):
    rival = make_paid_cpo()
    give(rival, 100_000)
    settlement = request_settlement(rival, actor=make_member(rival, Role.OWNER))
    for owner in (rival, cpo):
        path = f"cpo/{owner.pk}/settlements/{settlement.pk}/statement.{kind}"
        assert api("GET", path).status_code == 404


def test_schedule_is_read_and_set(api, cpo):
    path = f"cpo/{cpo.pk}/settlement-schedule"
    assert api("GET", path).json()["frequency"] == "off"
    answer = api("PUT", path, {"frequency": "threshold", "threshold": 100_000})
    assert answer.json() == {
        "frequency": "threshold",
        "weekday": 0,
        "threshold": 100_000,
        "time_zone": "Asia/Jakarta",
    }
    assert SettlementSchedule.objects.get().threshold == 100_000


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"frequency": "hourly"}, "frequency"),
        ({"frequency": "weekly", "weekday": 9}, "weekday"),
        ({"frequency": "threshold", "threshold": 0}, "threshold"),
        ({"frequency": "threshold"}, "threshold"),
        ({"frequency": "daily", "time_zone": "Mars"}, "time_zone"),
    ],
)
def test_impossible_schedule_names_its_field(api, cpo, body, field):
    answer = api("PUT", f"cpo/{cpo.pk}/settlement-schedule", body)
    assert answer.status_code in (400, 422)
    assert field in answer.json()["errors"]
    assert not SettlementSchedule.objects.exists()


def test_bank_account_is_changed_masked_and_listed(api, cpo):
    path = f"cpo/{cpo.pk}/bank-accounts"
    made = api("POST", path, ACCOUNT)
    assert made.status_code == 201, made.content
    assert "1440012345" not in made.content.decode()
    assert api("POST", path, ACCOUNT).status_code == 409
    (row,) = api("GET", path).json()["results"]
    assert (row["bank_code"], row["verified_at"]) == ("MANDIRI", None)


def test_unusable_account_names_its_field(api, cpo):
    answer = api("POST", f"cpo/{cpo.pk}/bank-accounts", ACCOUNT | {"bank_account_number": "12AB"})
    assert "bank_account_number" in answer.json()["errors"]


def test_rivals_schedule_and_accounts_are_not_found(api):
    rival = make_paid_cpo()
    for method, name, body in (
        ("GET", "settlement-schedule", None),
        ("PUT", "settlement-schedule", {"frequency": "daily"}),
        ("GET", "bank-accounts", None),
        ("POST", "bank-accounts", ACCOUNT),
    ):
        assert api(method, f"cpo/{rival.pk}/{name}", body).status_code == 404
    assert not SettlementSchedule.objects.exists()
