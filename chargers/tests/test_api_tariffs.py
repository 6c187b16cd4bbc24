"""Tariffs where they are sold, by the REST API: assigned, by default, and compared."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chargers.models import TariffAssignment, TariffDefault
from chargers.selectors.tariffs import effective_tariff
from chargers.tests.factories import T0, make_charger, make_location, make_tariff
from chargers.tests.priced_sessions import make_session, make_template
from cpo.models import AuditEntry, Role
from cpo.tests.api import Api, fields_of
from cpo.tests.factories import make_cpo, make_member
from tariffs.tests.rules_of_law import seed_rules
from unievp.lib import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger():
    return make_charger(tariff=False, identity="CP/1")


@pytest.fixture
def api(client, charger):
    return Api(client, charger.cpo)


@pytest.fixture
def template(charger):
    return make_template(charger.cpo)


def assign(api, template, **values):
    body = {"template_id": template.pk, "charger_id": "cp/1"} | values
    return api("POST", "tariffs/assign", body)


def sold_at(charger, number=1):
    found = effective_tariff(charger.connectors.get(number=number))
    return found.template if found else None


def test_tariff_is_assigned_to_a_charger_and_to_a_connector(api, charger, template):
    body = assign(api, template).json()
    assert (body["template_id"], body["charger_id"], body["connector_id"], body["valid_to"]) == (
        template.pk, "CP/1", None, None,
    )  # fmt: skip
    own = make_template(charger.cpo, "Own")
    assert assign(api, own, connector_id=2).json()["connector_id"] == 2
    assert (sold_at(charger, 1), sold_at(charger, 2)) == (template, own)
    assert AuditEntry.objects.filter(
        action="tariff.assign", actor_label="api key: Acme"
    ).count() == 2  # fmt: skip
    rows = api("GET", "tariffs/assignments?charger_id=cp/1").json()["results"]
    assert [(row["tariff"], row["connector_id"]) for row in rows] == [("Own", 2), ("AC", None)]


def test_charger_shows_the_tariff_it_sells_at(api, charger, template):
    assert api("GET", "chargers/CP%2F1").json()["tariff"] is None
    assign(api, template)
    assert api("GET", "chargers/CP%2F1").json()["tariff"] == "AC"
    assign(api, make_template(charger.cpo, "Own"), connector_id=2)
    assert api("GET", "chargers/CP%2F1").json()["tariff"] == "AC, Own"


def test_assigning_again_with_one_idempotency_key_assigns_once(api, template):
    body = {"template_id": template.pk, "charger_id": "CP/1"}
    one = api("POST", "tariffs/assign", body, Idempotency_Key="k")
    two = api("POST", "tariffs/assign", body, Idempotency_Key="k")
    assert (one.status_code, two.json()) == (201, one.json())
    assert TariffAssignment.objects.count() == 1


def test_assignment_ends(api, charger, template):
    made = assign(api, template).json()
    assert api("DELETE", f"tariffs/assignments/{made['id']}").status_code == 204
    assert sold_at(charger) is None


@pytest.mark.parametrize(
    ("values", "field", "status"),
    [
        ({"template_id": 2**62}, "template_id", 404),
        ({"template_id": "AC"}, "template_id", 400),
        ({"connector_id": 7}, "connector_id", 400),
        ({"valid_from": "2026-01-02T00:00:00Z", "valid_to": "2026-01-01T00:00:00Z"},
         "valid_to", 400),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_is_assigned(api, template, values, field, status):
    assert fields_of(assign(api, template, **values), status) == {field}
    assert not TariffAssignment.objects.exists()


def test_overlap_with_a_later_assignment_is_refused(api, template):
    later = (clock.now() + timedelta(days=1)).isoformat()
    assert assign(api, template, valid_from=later).status_code == 201
    assert fields_of(assign(api, template), 409) == {"valid_from"}


def test_fee_above_the_cap_of_the_class_is_refused_with_the_rule(api, charger):
    seed_rules()
    charger.connectors.update(max_power_w=50_000)
    dear = make_template(charger.cpo, "Dear", fee=25_001)
    response = assign(api, dear)
    assert fields_of(response, 422) == {"template_id"}
    assert "Kepmen ESDM 182.K/TL.04/MEM.S/2023" in response.json()["detail"]
    charger.connectors.update(max_power_w=60_000)
    assert assign(api, dear).status_code == 201


def test_tariff_in_use_is_not_archived(api, charger, template):
    made = assign(api, template).json()
    refused = api("DELETE", f"tariffs/templates/{template.pk}")
    assert (refused.status_code, refused.json()["type"]) == (
        409, "urn:uniev:problem:tariff_in_use",
    )  # fmt: skip
    api("DELETE", f"tariffs/assignments/{made['id']}")
    default(api, template)
    assert api("DELETE", f"tariffs/templates/{template.pk}").status_code == 409
    default(api, None, cpo_id=str(charger.cpo_id))
    assert api("DELETE", f"tariffs/templates/{template.pk}").status_code == 204


def default(api, template, **values):
    body = {"template_id": template.pk if template else None} | values
    return api("POST", "tariffs/defaults", body)


def test_defaults_of_company_and_location(api, charger, template):
    assert default(api, template).status_code == 201
    assert sold_at(charger) == template
    local = make_template(charger.cpo, "Local")
    body = default(api, local, location_id=charger.location_id).json()
    assert (body["tariff"], body["location_id"]) == ("Local", charger.location_id)
    assert sold_at(charger) == local
    assert api("GET", "tariffs/defaults").json()["count"] == 2
    begun = api("DELETE", f"tariffs/defaults/{body['id']}")
    assert (begun.status_code, TariffDefault.objects.count()) == (409, 2)
    later = (clock.now() + timedelta(days=1)).isoformat()
    future = default(api, None, location_id=charger.location_id, valid_from=later).json()
    assert api("DELETE", f"tariffs/defaults/{future['id']}").status_code == 204


# --- Comparison ---------------------------------------------------------------------------------


def compare(api, template, **values):
    span = {
        "from": (T0 - timedelta(days=40)).isoformat(),
        "to": (T0 + timedelta(days=1)).isoformat(),
    }
    return api("POST", f"tariffs/templates/{template.pk}/comparison", span | values)


def test_past_sessions_at_other_prices(api, charger, template):
    for number in range(3):
        make_session(charger, template, energy_wh=10_000 * (number + 1), hours_ago=number + 1)
    make_session(charger, make_template(charger.cpo, "Other"), energy_wh=500, hours_ago=9)
    body = compare(api, template, simple={"per_kwh": 2100}).json()
    assert (body["sessions"], body["old_total"], body["new_total"], body["difference"]) == (
        3, 120_000, 126_000, 6_000,
    )  # fmt: skip
    assert (body["dearer"], body["cheaper"], body["energy_wh"]) == (3, 0, 60_000)
    assert [one["difference"] for one in body["examples"]] == [3_000, 2_000, 1_000]
    assert body["examples"][0]["charger_id"] == "CP/1"
    every = compare(api, template, simple={"per_kwh": 2100}, only_this_tariff=False)
    assert every.json()["sessions"] == 4


def test_newest_prices_are_compared_where_none_are_given(api, charger, template):
    make_session(charger, template, energy_wh=10_000)
    body = compare(api, template).json()
    assert (body["sessions"], body["difference"], body["dearer"]) == (1, 0, 0)


def test_last_month_is_the_span_where_none_is_given(api, charger, template):
    make_session(charger, template, energy_wh=10_000, hours_ago=1)
    make_session(charger, template, energy_wh=10_000, hours_ago=24 * 75)
    body = api("POST", f"tariffs/templates/{template.pk}/comparison", {}).json()
    assert body["sessions"] == 0


def test_span_that_ends_before_it_begins_is_refused(api, template):
    refused = compare(api, template, to="2020-01-01T00:00:00Z")
    assert fields_of(refused, 400) == {"to"}


# --- Who may ------------------------------------------------------------------------------------


def test_a_rivals_rows_are_not_there(client, api, charger, template):
    rival_charger = make_charger(tariff=False, identity="RIVAL")
    rival = Api(client, rival_charger.cpo)
    mine = assign(api, template).json()
    made = default(api, template, valid_from=(clock.now() + timedelta(days=1)).isoformat()).json()
    assert fields_of(assign(rival, template, charger_id="RIVAL"), 404) == {"template_id"}
    own = make_tariff(rival_charger.cpo).template
    assert assign(rival, own).status_code == 404
    assert fields_of(assign(api, own), 404) == {"template_id"}
    for path in (f"assignments/{mine['id']}", f"defaults/{made['id']}"):
        assert rival("DELETE", f"tariffs/{path}").status_code == 404
    assert rival("GET", "tariffs/assignments").json()["count"] == 0
    assert rival("GET", "tariffs/defaults").json()["count"] == 0
    assert default(rival, template).status_code == 404
    assert default(rival, own, cpo_id=str(charger.cpo_id)).status_code == 404
    assert fields_of(default(rival, own, location_id=charger.location_id), 404) == {"location_id"}
    assert compare(rival, template).status_code == 404
    assert (TariffAssignment.objects.count(), TariffDefault.objects.count()) == (1, 1)


def test_staffs_key_cannot_mix_companies(client, charger, template):
    staff = Api(client)
    other = make_location(make_cpo())
    assert fields_of(default(staff, template, location_id=other.pk), 400) == {"location_id"}
    rival = make_charger(tariff=False, identity="RIVAL")
    refused = assign(staff, template, charger_id=rival.identity)
    assert fields_of(refused, 400) == {"template_id"}


@pytest.mark.parametrize(("role", "status"), [(Role.FINANCE, 201), (Role.VIEWER, 403)])
def test_people_assign_by_their_role(client, charger, template, role, status):
    client.force_login(make_member(charger.cpo, role))
    body = {"template_id": template.pk, "charger_id": "CP/1"}
    response = client.post("/api/tariffs/assign", body, content_type="application/json")
    assert response.status_code == status
