"""From a partner's card to its CDR, through the same engine that bills (reference §7, §8)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from chargers.models import ChargingSession
from chargers.services.billing import hold_session
from chargers.tests.factories import meter_values, reading, send_one, stop
from ocpi.models import Cdr, RoamingSession
from ocpi.services.selling.cdrs import issue_cdr, issue_credit, sweep_cdrs
from ocpi.services.selling.sessions import begin_roaming, refresh_session, sweep_sessions
from ocpi.tests.calling import Caller, code, data
from ocpi.tests.driving import begin, charge, push_token, sell
from ocpi.tests.field import make_site
from ocpi.tests.objects import Cdr as CdrModel
from ocpi.tests.objects import Session, check
from ocpi.tests.partners import connect_partner
from payments.models import Bill
from payments.services.billing import bill_session
from tariffs.pricing import price
from tariffs.tests.pricing.ocpi import read_tariff, read_usage
from unievp.lib import clock
from unievp.lib.errors import ConflictError

pytestmark = pytest.mark.django_db
SINCE = "2020-01-01T00:00:00Z"


@pytest.fixture
def site(partner):
    charger = make_site()
    sell(charger)
    return charger


def sessions(call, **query):
    return [check(Session, one) for one in data(call.get("sessions", date_from=SINCE, **query))]


def cdrs(call):
    return [check(CdrModel, one) for one in data(call.get("cdrs"))]


def test_running_session_is_told_to_its_partner_alone(call, peer, site):
    body = push_token(call)
    session = begin(site, body["uid"])
    send_one(site, meter_values(session.transaction_id, reading(30, 150)))
    begin_roaming(session.pk)
    (told,) = sessions(call)
    assert told["status"] == "ACTIVE"
    assert told["kwh"] == Decimal("0.15")
    assert told["cdr_token"] == {
        name: body[name] for name in ("country_code", "party_id", "uid", "type", "contract_id")
    }
    assert told["auth_method"] == "WHITELIST"
    assert told["total_cost"] == {"excl_vat": 1201, "incl_vat": 1300}
    assert told["evse_uid"] == f"{site.location_id}-{session.connector_id}"
    assert "end_date_time" not in told
    rival = connect_partner(peer, party=("DE", "ABC"))
    assert sessions(Caller(rival.access_token)) == []


def test_sessions_want_a_date(call):
    assert code(call.get("sessions")) == (200, 2001)


def test_session_of_anybody_else_is_nobodys(call, site):
    from chargers.tests.factories import make_token

    session = charge(site, make_token("OWN").token)
    assert begin_roaming(session.pk) is None
    bill = bill_session(session.pk)
    assert issue_cdr(bill.pk) is None
    assert sessions(call) == []


def test_progress_moves_the_session_and_nothing_moves_nothing(call, site):
    session = begin(site, push_token(call)["uid"])
    row = begin_roaming(session.pk)
    RoamingSession.objects.update(last_updated=clock.now() - timedelta(hours=1))
    send_one(site, meter_values(session.transaction_id, reading(60, 300)))
    assert sweep_sessions() == 1
    (told,) = sessions(call)
    assert told["kwh"] == Decimal("0.3")
    assert sweep_sessions() == 0
    assert begin_roaming(session.pk).pk == row.pk


def test_billed_session_is_completed_and_has_its_cdr(call, site):
    session = charge(site, push_token(call)["uid"])
    begin_roaming(session.pk)
    bill = bill_session(session.pk)
    issue_cdr(bill.pk)
    (told,), (cdr,) = sessions(call), cdrs(call)
    assert told["status"] == "COMPLETED"
    assert cdr["session_id"] == told["id"]
    assert cdr["total_energy"] == Decimal("0.4")
    # 0.4 kWh at 2,000 and a fee of 1,000 with 11 % inside.
    assert cdr["total_cost"] == {"excl_vat": 1_701, "incl_vat": 1_800}
    assert cdr["total_energy_cost"] == {"excl_vat": 800, "incl_vat": 800}
    assert cdr["total_fixed_cost"] == {"excl_vat": 901, "incl_vat": 1000}
    assert cdr["total_cost"]["incl_vat"] == bill.total
    assert cdr["cdr_location"]["evse_id"].startswith("ID*")
    assert {period["tariff_id"] for period in cdr["charging_periods"]} == {cdr["tariffs"][0]["id"]}


def test_stranger_recomputes_the_cdr_to_the_rupiah(call, site):
    bill = bill_session(charge(site, push_token(call)["uid"], energy_wh=333).pk)
    issue_cdr(bill.pk)
    (cdr,) = cdrs(call)
    vector = {**cdr, "reservation_expired": False}
    result = price(read_tariff(cdr["tariffs"][0], "Asia/Jakarta"), read_usage(vector))
    assert result.rounded(0).total == cdr["total_cost"]["incl_vat"]
    assert result.rounded(0).net == cdr["total_cost"]["excl_vat"]


def test_tariff_of_the_start_is_the_one_in_the_cdr(call, site):
    session = begin(site, push_token(call)["uid"])
    begin_roaming(session.pk)
    sell(site, per_kwh=2_400)
    send_one(site, stop(session.transaction_id, meter=400, seconds=90))
    issue_cdr(bill_session(session.pk).pk)
    (cdr,) = cdrs(call)
    assert cdr["total_cost"]["incl_vat"] == 1800
    assert cdr["tariffs"][0]["elements"][0]["price_components"][0]["price"] == 2000


def test_place_of_the_start_stays_in_the_cdr(call, site):
    session = begin(site, push_token(call)["uid"])
    begin_roaming(session.pk)
    site.location.name = "Renamed"
    site.location.save()
    send_one(site, stop(session.transaction_id, meter=400, seconds=90))
    issue_cdr(bill_session(session.pk).pk)
    assert cdrs(call)[0]["cdr_location"]["name"] != "Renamed"


def test_cdr_is_issued_once_and_never_changes(call, site):
    bill = bill_session(charge(site, push_token(call)["uid"]).pk)
    cdr = issue_cdr(bill.pk)
    assert issue_cdr(bill.pk) == cdr
    assert sweep_cdrs() == 0
    for change in (lambda: Cdr.objects.update(body="{}"), lambda: Cdr.objects.all().delete()):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            change()


def test_completed_session_stays_as_it_is(call, site):
    bill = bill_session(charge(site, push_token(call)["uid"]).pk)
    issue_cdr(bill.pk)
    row = RoamingSession.objects.get()
    ChargingSession.objects.update(energy_wh=1)
    assert refresh_session(row.pk) is False
    assert sessions(call)[0]["kwh"] == Decimal("0.4")


def test_sweeps_find_what_no_event_told(call, site):
    session = charge(site, push_token(call)["uid"])
    assert sweep_sessions() == 1
    assert not Cdr.objects.exists()
    bill_session(session.pk)
    assert sweep_cdrs() == 1
    assert sessions(call)[0]["status"] == "COMPLETED"


def test_held_session_is_not_completed_and_has_no_cdr(call, site):
    session = charge(site, push_token(call)["uid"])
    hold_session(session.pk, reason="look")
    assert bill_session(session.pk) is None
    assert sweep_sessions() == 1
    assert sweep_cdrs() == 0
    told = sessions(call)[0]
    assert told["status"] == "ACTIVE"
    assert told["end_date_time"]


def test_session_without_energy_costs_nothing_and_says_so(call, site):
    issue_cdr(bill_session(charge(site, push_token(call)["uid"], energy_wh=0).pk).pk)
    (cdr,) = cdrs(call)
    assert cdr["total_cost"] == {"excl_vat": 0, "incl_vat": 0}
    # Free below 1 Wh is a rule of ours: no tariff is named, so nobody computes a fee.
    assert not any("tariff_id" in period for period in cdr["charging_periods"])


def test_credit_takes_a_cdr_back_once(call, site):
    cdr = issue_cdr(bill_session(charge(site, push_token(call)["uid"]).pk).pk)
    credit = issue_credit(cdr, actor="test", reason="wrong meter")
    original, taken = cdrs(call)
    assert taken["id"] == f"{original['id']}-C"
    assert taken["credit_reference_id"] == original["id"]
    assert taken["total_cost"] == {"excl_vat": Decimal(-1_701), "incl_vat": Decimal(-1_800)}
    assert taken["total_energy_cost"] == original["total_energy_cost"]
    for wrong in (cdr, credit):
        with pytest.raises(ConflictError):
            issue_credit(wrong, actor="test", reason="again")
    assert Bill.objects.count() == 1


def test_long_uid_comes_back_in_session_and_cdr(call, site):
    from ocpi.models import RoamingTag

    uid = "9f7c9f0e-7c1e-4b6e-9a51-0f5d2f5b8c11"
    push_token(call, uid, type="APP_USER")
    session = charge(site, RoamingTag.objects.get().id_token.token)
    issue_cdr(bill_session(session.pk).pk)
    assert cdrs(call)[0]["cdr_token"]["uid"] == uid
    assert sessions(call)[0]["cdr_token"]["uid"] == uid
