"""Tariff templates by the REST API: made, changed by versions, archived, and priced."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from cpo.api.endpoint import validated
from cpo.models import AuditEntry, Role
from cpo.tests.api import Api, fields_of
from cpo.tests.factories import make_cpo, make_member, make_user
from tariffs.api.rules import RulesPart, rules_from, rules_shown
from tariffs.models import TariffTemplate, TariffVersion
from tariffs.pricing import Kind, SimpleTariff, simple_rules
from tariffs.services.snapshots import rules_of
from tariffs.services.templates import archive_template, create_template
from tariffs.tests.pricing.ocpi import VECTORS, read_tariff
from tariffs.tests.rules_of_law import seed_rules
from unievp.lib import clock

pytestmark = pytest.mark.django_db

D = Decimal
NEW = {
    "name": "AC Jakarta",
    "tax_included": True,
    "elements": [
        {
            "price_components": [{"type": "ENERGY", "price": 2097, "step_size": 1}],
            "restrictions": {
                "start_time": "22:00",
                "end_time": "05:00",
                "day_of_week": ["MONDAY", "SUNDAY"],
                "max_kwh": 50.5,
            },
        },
        {
            "price_components": [
                {"type": "ENERGY", "price": "2466.78"},
                {"type": "FLAT", "price": "11100", "vat": "11"},
            ]
        },
        {
            "price_components": [{"type": "PARKING_TIME", "price": 30000, "step_size": 60}],
            "restrictions": {"min_idle": 900},
        },
    ],
    "max_price": {"incl_vat": 500000},
}
SIMPLE = {
    "name": "DC",
    "simple": {"per_kwh": "2400", "session_fee": 11100, "idle_per_minute": 500,
               "idle_grace_minutes": 15, "night_per_kwh": 2000},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _law():
    seed_rules()


@pytest.fixture
def cpo():
    return make_cpo()


@pytest.fixture
def api(client, cpo):
    return Api(client, cpo)


def make(api, body=NEW):
    response = api("POST", "tariffs/templates", body)
    assert response.status_code == 201, response.content
    return response.json()


def test_tariff_is_made_with_its_first_version(api, cpo):
    body = make(api)
    template = TariffTemplate.objects.get()
    assert (body["id"], body["cpo_id"], body["version"], body["in_force"]) == (
        template.pk, str(cpo.pk), 1, 1,
    )  # fmt: skip
    assert body["elements"][0]["restrictions"] == {
        "start_time": "22:00",
        "end_time": "05:00",
        "day_of_week": ["MONDAY", "SUNDAY"],
        "max_kwh": "50.5",
    }
    assert body["elements"][1]["price_components"] == [
        {"type": "ENERGY", "price": "2466.78", "vat": None, "step_size": 0},
        {"type": "FLAT", "price": "11100", "vat": "11", "step_size": 0},
    ]
    assert body["max_price"] == {"excl_vat": None, "incl_vat": "500000"}
    assert body["price_text"]["id"]["lines"][0].startswith("Rp2.097 per kWh (22.00-05.00, ")
    assert AuditEntry.objects.filter(action="tariff.create", actor_label="api key: Acme").exists()
    assert TariffVersion.objects.get().created_by is None
    assert api("GET", f"tariffs/templates/{template.pk}").json() == body


def test_five_numbers_make_the_usual_tariff_with_the_vat_of_today(api):
    make(api, SIMPLE)
    expected = simple_rules(
        SimpleTariff(D(2400), D(11100), D(500), 15, D(2000), fee_vat_percent=D(11))
    )
    assert rules_of(TariffVersion.objects.get()) == expected


def test_making_it_again_with_one_idempotency_key_makes_one(api):
    one = api("POST", "tariffs/templates", NEW, Idempotency_Key="k")
    two = api("POST", "tariffs/templates", NEW, Idempotency_Key="k")
    assert (two.status_code, two.json()) == (201, one.json())
    assert TariffTemplate.objects.count() == 1
    assert fields_of(api("POST", "tariffs/templates", NEW), 409) == {"name"}


def test_other_prices_are_a_new_version_and_the_same_are_none(api):
    made = make(api)
    path = f"tariffs/templates/{made['id']}"
    same = api("PUT", path, made)
    assert (same.status_code, same.json()["version"]) == (200, 1)
    dearer = NEW | {"name": "AC Bandung", "note": "spring", "elements": NEW["elements"][1:]}
    body = api("PUT", path, dearer).json()
    assert (body["name"], body["version"], body["note"]) == ("AC Bandung", 2, "spring")
    assert [one["version"] for one in body["versions"]] == [1, 2]
    assert len(rules_of(TariffVersion.objects.get(number=1)).elements) == 3


def test_later_prices_are_shown_and_not_in_force(api):
    made = make(api)
    at = (clock.now() + timedelta(days=3)).isoformat()
    body = api("PUT", f"tariffs/templates/{made['id']}", SIMPLE | {"valid_from": at}).json()
    assert (body["version"], body["in_force"]) == (2, 1)


def test_change_of_what_somebody_else_changed_is_refused(api):
    made = make(api)
    path = f"tariffs/templates/{made['id']}"
    etag = api("GET", path)["ETag"]
    assert api("PUT", path, NEW | {"name": "B"}, If_Match=etag).status_code == 200
    assert api("PUT", path, NEW | {"name": "C"}, If_Match=etag).status_code == 412
    assert TariffTemplate.objects.get().name == "B"


def test_archived_tariff_is_listed_when_asked_for(api):
    made = make(api)
    assert api("DELETE", f"tariffs/templates/{made['id']}").status_code == 204
    assert api("GET", "tariffs/templates").json()["count"] == 0
    assert api("GET", "tariffs/templates?archived=true").json()["count"] == 1
    assert api("PUT", f"tariffs/templates/{made['id']}", NEW).status_code == 409


def test_list_takes_the_same_queries_for_any_number(api, cpo, django_assert_max_num_queries):
    for number in range(4):
        rules = simple_rules(SimpleTariff(D(2000)))
        create_template(cpo, name=f"T{number}", rules=rules, actor=make_user())
    with django_assert_max_num_queries(8):
        body = api("GET", "tariffs/templates?limit=3").json()
    assert (body["count"], [row["name"] for row in body["results"]]) == (4, ["T0", "T1", "T2"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"elements": []}, "elements"),
        ({"elements": [{"price_components": []}]}, "elements.0.price_components"),
        ({"elements": [{"price_components": [{"type": "WIND", "price": 1}]}]},
         "elements.0.price_components.0.type"),
        ({"elements": [{"price_components": [{"type": "ENERGY", "price": -1}]}]},
         "elements.0.price_components.0.price"),
        ({"elements": [{"price_components": [{"type": "ENERGY", "price": "NaN"}]}]},
         "elements.0.price_components.0.price"),
        ({"elements": [{"price_components": [{"type": "ENERGY", "price": 1}],
                        "restrictions": {"min_kwh": 5, "max_kwh": 5}}]},
         "elements.1.restrictions.energy_wh"),
        ({"elements": [{"price_components": [{"type": "ENERGY", "price": 1}],
                        "restrictions": {"start_time": "25:00"}}]},
         "elements.0.restrictions.start_time"),
        ({"currency": "XXX"}, "currency"),
        ({"free_below_wh": -1}, "free_below_wh"),
        ({"min_price": {"excl_vat": 5}, "max_price": {"excl_vat": 4}}, "min_price"),
        ({"simple": {"per_kwh": 1}}, "elements"),
        ({"valid_from": "soon"}, "valid_from"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_is_made(api, change, field):
    found = fields_of(api("POST", "tariffs/templates", NEW | change), 400)
    assert field in {name.removesuffix(".non_field_errors") for name in found}
    assert not TariffTemplate.objects.exists()


def test_price_above_a_cap_is_refused_with_the_rule(api):
    dear = {"name": "Dear", "simple": {"per_kwh": 2467}}
    response = api("POST", "tariffs/templates", dear)
    assert fields_of(response, 422) == {"elements.1.components"}
    assert "Permen ESDM 1/2023" in response.json()["detail"]
    assert response.json()["type"] == "urn:uniev:problem:above_energy_price_cap"
    assert not TariffTemplate.objects.exists()


# --- Preview ------------------------------------------------------------------------------------


def preview(api, template_id, **body):
    described = {"energy_wh": 20_000, "starts_at": "2026-03-09T19:00"} | body
    return api("POST", f"tariffs/templates/{template_id}/preview", described)


def test_twenty_kilowatt_hours_at_seven_in_the_evening(api):
    made = make(api, SIMPLE)
    body = preview(api, made["id"], duration_s=7_200, idle_s=1_800).json()
    assert [(line["kind"], line["amount"], line["tax"]) for line in body["lines"]] == [
        ("FLAT", 11_100, 1_100), ("ENERGY", 48_000, 0), ("PARKING_TIME", 7_500, 743),
    ]  # fmt: skip
    assert (body["total"], body["tax"], body["taxes"]) == (
        66_600, 1_843, {"VAT": 1_843, "PBJT": 0},
    )  # fmt: skip
    assert body["lines"][1]["why"] == "element 2"


def test_preview_uses_the_clock_and_tax_of_the_place(api):
    made = make(api, SIMPLE)
    night = preview(api, made["id"], starts_at="2026-03-09T22:00").json()
    assert night["lines"][1]["amount"] == 40_000
    # 22:00 in Jakarta is midnight in Jayapura; 20:00 there is day.
    told = {"starts_at": "2026-03-09T18:00+07:00", "time_zone": "Asia/Jayapura"}
    assert preview(api, made["id"], power_w=20_000, **told).json()["lines"][1]["amount"] == 48_000
    taxed = preview(api, made["id"], pbjt_percent=3).json()
    assert taxed["taxes"]["PBJT"] == 1_398


def test_preview_of_a_version_by_its_number(api):
    made = make(api, SIMPLE)
    api("PUT", f"tariffs/templates/{made['id']}", {"name": "DC", "simple": {"per_kwh": 1000}})
    assert preview(api, made["id"], version=1).json()["version"] == 1
    assert preview(api, made["id"]).json()["total"] == 20_000
    assert fields_of(preview(api, made["id"], version=9), 400) == {"version"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"energy_wh": -1}, "energy_wh"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"starts_at": "2026-02-30T10:00"}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00"}, "starts_at"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"power_w": 0}, "power_w"),
        ({"idle_s": 10**9}, "idle_s"),
        ({"pbjt_percent": 11}, "pbjt_percent"),
    ],
)
def test_session_that_cannot_be_is_named(api, change, field):
    made = make(api, SIMPLE)
    assert fields_of(preview(api, made["id"], **change), 400) == {field}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_every_ocpi_tariff_is_understood_and_shown_again(vector):
    rules = read_tariff(vector["tariff"], "UTC").rules
    elements = tuple(
        replace(
            element,
            components=tuple(
                replace(part, step_size=0 if part.kind is Kind.FLAT else part.step_size)
                for part in element.components
            ),
        )
        for element in rules.elements
    )
    expected = replace(rules, elements=elements, free_below_wh=1)
    assert rules_from(validated(RulesPart(data=vector["tariff"]))) == expected
    assert rules_from(validated(RulesPart(data=rules_shown(expected)))) == expected


# --- Who may ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "tariffs/templates/{}", None),
        ("PUT", "tariffs/templates/{}", NEW),
        ("DELETE", "tariffs/templates/{}", None),
        ("POST", "tariffs/templates/{}/preview", {"energy_wh": 1, "starts_at": "2026-01-01T00:00"}),
    ],
)
def test_a_rivals_tariff_is_not_there(client, api, method, path, body):
    made = make(api)
    rival = Api(client, make_cpo())
    assert rival(method, path.format(made["id"]), body).status_code == 404
    assert rival(method, path.format(2**70), body).status_code == 404
    assert rival("GET", "tariffs/templates").json()["count"] == 0
    template = TariffTemplate.objects.get()
    assert (template.is_archived, template.versions.count()) == (False, 1)


def test_tariff_for_a_rival_is_not_made(api):
    other = make_cpo()
    assert fields_of(api("POST", "tariffs/templates", NEW | {"cpo_id": str(other.pk)}), 404) == {
        "cpo_id"
    }


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 201), (Role.OPERATOR, 201), (Role.FINANCE, 201), (Role.VIEWER, 403)],
)
def test_people_price_by_their_role(client, cpo, role, status):
    client.force_login(make_member(cpo, role))
    response = client.post("/api/tariffs/templates", NEW, content_type="application/json")
    assert response.status_code == status, response.content
    assert TariffTemplate.objects.count() == (status == 201)


def test_a_key_needs_the_scope(client, cpo):
    reader = Api(client, cpo, "tariffs:read")
    assert reader("GET", "tariffs/templates").status_code == 200
    assert reader("POST", "tariffs/templates", NEW).status_code == 403


def test_archived_twice_stays_archived(api):
    made = make(api)
    template = archive_template(TariffTemplate.objects.get(), actor=make_user())
    assert api("DELETE", f"tariffs/templates/{made['id']}").status_code == 204
    assert TariffTemplate.objects.get().archived_at == template.archived_at
