"""CDRs of our drivers: kept as they came, priced again by our own engine, booked once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from ocpi import events
from ocpi.models import ForeignCdr, ForeignSession, Partner
from ocpi.proofs import QUERIES
from ocpi.services.foreign.cdrs import (
    find_missing_cdrs,
    receive_cdr,
    recheck_cdr,
    settle_cdr,
    sweep_cdrs,
)
from ocpi.services.foreign.locations import put_location
from ocpi.services.foreign.sessions import put_session
from ocpi.services.foreign.tariffs import put_tariff
from ocpi.tests.abroad import (
    LATER,
    cdr_body,
    credit_body,
    location_body,
    period,
    session_body,
    tariff_body,
    token_body,
)
from ocpi.tests.calling import Caller, code, data, envelope
from ocpi.tests.emsp import connect_operator, let_roam, make_emsp_party
from payments.chart import AccountRef, Code, Owner, partner_account
from payments.models import LedgerTransaction, RoamingCharge
from payments.services.check_books import check_books
from payments.services.ledger import balance_of
from unievp.lib import clock

pytestmark = pytest.mark.django_db
CDRS = "/ocpi/emsp/2.2.1/cdrs"


@pytest.fixture
def operator(peer):
    make_emsp_party()
    return connect_operator(peer)


@pytest.fixture
def contract(operator):
    return let_roam()


@pytest.fixture
def tell(operator):
    return Caller(operator.access_token)


@pytest.fixture
def heard(monkeypatch):
    """Events of CDRs, in order."""
    found = []
    monkeypatch.setattr("ocpi.services.foreign.cdrs.publish", found.append)
    return found


def settled(operator, body):
    cdr, _new = receive_cdr(operator, body)
    settle_cdr(cdr.pk)
    cdr.refresh_from_db()
    return cdr


def books(contract, operator):
    """What the driver owes us, what we owe the operator, what we keep."""
    reference = str(operator.pk)
    return (
        balance_of(AccountRef(Code.DRIVER_RECEIVABLE, Owner.DRIVER, str(contract.driver_id))),
        balance_of(partner_account(Code.ROAMING_PAYABLE, reference)),
        balance_of(partner_account(Code.PLATFORM_FEE_REVENUE, reference)),
    )


def differences(cdr):
    return [(one.what, one.theirs, one.ours) for one in cdr.differences.order_by("position")]


def in_balance():
    return not any(check_books().values())


# --- Taking it ---------------------------------------------------------------------------------


def test_cdr_is_posted_once_and_read_where_location_says(tell, contract):
    first = tell.post(CDRS, cdr_body(contract))
    again = tell.post(CDRS, cdr_body(contract, last_updated=LATER))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["Location"] == again.headers["Location"]
    row = ForeignCdr.objects.get()
    assert (row.total_excl, row.total_incl, row.energy_wh) == (25_400, 28_194, 10_000)
    path = first.headers["Location"].removeprefix("https://uniev.example")
    assert data(tell.get(path))["id"] == "CDR1"


def test_known_cdr_with_another_content_is_refused(tell, contract):
    tell.post(CDRS, cdr_body(contract))
    reply = tell.post(CDRS, cdr_body(contract, total_energy=11))
    assert (code(reply), envelope(reply)["status_message"]) == (
        (200, 2001),
        "id: CDR1 is known with another content; credit it instead",
    )
    assert ForeignCdr.objects.get().energy_wh == 10_000


def test_database_refuses_to_change_what_came(operator, contract):
    cdr = settled(operator, cdr_body(contract))
    for change in ({"total_excl": 1}, {"body": "{}"}, {"own_token": None, "currency": "EUR"}):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            ForeignCdr.objects.filter(pk=cdr.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoamingCharge.objects.filter(pk=cdr.charge_id).update(net=1)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"total_cost": None}, "total_cost"),
        ({"total_cost": {"excl_vat": 10**13}}, "total_cost.excl_vat"),
        ({"charging_periods": []}, "charging_periods"),
        ({"end_date_time": "2026-02-03T07:00:00Z"}, "end_date_time"),
        ({"credit": True}, "credit_reference_id"),
        ({"cdr_location": {}}, "cdr_location.id"),
        ({"total_energy": "10"}, "total_energy"),
        ({"charging_periods": [[period()]]}, "charging_periods"),
        ({"party_id": "XXX"}, "DE-XXX is none of your parties"),
    ],
)
def test_bad_cdr_names_its_field_and_is_not_kept(tell, contract, change, field):
    reply = tell.post(CDRS, cdr_body(contract, **change))
    assert code(reply)[1] == 2001
    assert envelope(reply)["status_message"].startswith(field)
    assert not ForeignCdr.objects.exists()


def test_cdr_of_another_partner_is_404(tell, contract, peer):
    path = tell.post(CDRS, cdr_body(contract)).headers["Location"]
    rival = Caller(connect_operator(peer, party=("FR", "TWO")).access_token)
    assert code(rival.get(path.removeprefix("https://uniev.example")))[0] == 404
    assert code(rival.get(f"{CDRS}/none"))[0] == 404


# --- Checking it -------------------------------------------------------------------------------


def test_right_cdr_agrees_and_says_nothing(operator, contract, heard):
    put_tariff(operator, tariff_body())
    put_location(operator, location_body())
    cdr = settled(operator, cdr_body(contract))
    assert (cdr.check_state, cdr.recomputed_excl, cdr.recomputed_incl) == ("ok", 25_400, 28_194)
    assert differences(cdr) == []
    assert heard == [events.CdrReceived(cdr.pk)]


def test_one_rupiah_per_line_is_rounding_and_more_is_a_difference(operator, contract):
    near = settled(
        operator, cdr_body(contract, total_cost={"excl_vat": 25_402, "incl_vat": 28_192})
    )
    assert near.check_state == "ok"
    body = cdr_body(contract, "CDR2", total_cost={"excl_vat": 25_403, "incl_vat": 28_194})
    far = settled(operator, body)
    assert far.check_state == "differs"
    assert differences(far) == [("total_cost.excl_vat", 25_403, 25_400)]


def test_difference_is_explained_by_dimension_and_told_once(operator, contract, heard):
    body = cdr_body(
        contract,
        total_cost={"excl_vat": 50_000, "incl_vat": 55_500},
        total_energy_cost={"excl_vat": 49_000, "incl_vat": 54_390},
    )
    cdr = settled(operator, body)
    assert differences(cdr) == [
        ("total_cost.excl_vat", 50_000, 25_400),
        ("total_cost.incl_vat", 55_500, 28_194),
        ("total_energy_cost.excl_vat", 49_000, 24_400),
        ("total_energy_cost.incl_vat", 54_390, 27_084),
    ]
    assert "10 kWh x 2440" in cdr.differences.get(what="total_energy_cost.excl_vat").why
    settle_cdr(cdr.pk)
    assert heard == [events.CdrReceived(cdr.pk), events.CdrDiffers(cdr.pk)]


def test_price_that_was_never_published_is_found(operator, contract):
    put_tariff(operator, tariff_body())
    dear = cdr_body(
        contract,
        tariffs=[tariff_body(energy="5000")],
        total_cost={"excl_vat": 51_000, "incl_vat": 56_610},
        total_energy_cost={"excl_vat": 50_000, "incl_vat": 55_500},
    )
    cdr = settled(operator, dear)
    assert cdr.check_state == "differs"
    assert cdr.recomputed_excl == 25_400
    first = cdr.differences.order_by("position")[0]
    assert first.why == "the tariff T1 of the CDR is not the one that was published"


def test_the_tariff_of_its_time_counts(operator, contract):
    put_tariff(operator, tariff_body())
    put_tariff(operator, tariff_body(energy="9000", last_updated=LATER))
    assert settled(operator, cdr_body(contract)).check_state == "ok"
    # Its own copy may be missing: the published one of then is ours.
    assert settled(operator, cdr_body(contract, "CDR2", tariffs=[])).check_state == "ok"


def test_new_price_may_take_an_hour_to_reach_us(operator, contract):
    put_tariff(operator, tariff_body(energy="1", last_updated="2026-01-01T00:00:00Z"))
    put_tariff(operator, tariff_body(last_updated="2026-02-03T08:20:00Z"))
    assert settled(operator, cdr_body(contract)).check_state == "ok"


def test_clock_of_the_place_decides_the_price(operator, contract):
    night = {
        "price_components": [{"type": "ENERGY", "price": 1_000, "vat": 0, "step_size": 1}],
        # 08:00 to 09:00 UTC is 15:00 to 16:00 in Jakarta.
        "restrictions": {"start_time": "15:00", "end_time": "17:00"},
    }
    day = {"price_components": [{"type": "ENERGY", "price": 3_000, "vat": 0, "step_size": 1}]}
    put_location(operator, location_body())
    total = {"excl_vat": 10_000, "incl_vat": 10_000}
    cdr = settled(
        operator,
        cdr_body(
            contract,
            tariffs=[tariff_body(elements=[night, day])],
            total_cost=total,
            total_energy_cost=total,
            total_fixed_cost=None,
        ),
    )
    assert cdr.check_state == "ok", differences(cdr)


def test_volumes_in_watt_hours_are_found(operator, contract):
    cdr = settled(operator, cdr_body(contract, charging_periods=[period(kwh="10000")]))
    assert ("total_energy", Decimal(10), Decimal(10_000)) in differences(cdr)


def test_objects_that_a_peer_wraps_are_checked_all_the_same(operator, contract):
    body = cdr_body(contract)
    wrapped = {name: [body[name]] for name in ("total_cost", "cdr_token", "cdr_location")}
    assert settled(operator, {**body, **wrapped}).check_state == "ok"
    dear = {**body, **wrapped, "id": "CDR2", "total_cost": [{"excl_vat": 99_999}]}
    assert settled(operator, dear).check_state == "differs"


def test_cdr_without_any_tariff_cannot_be_recomputed_and_is_booked(operator, contract, heard):
    cdr = settled(operator, cdr_body(contract, tariffs=[]))
    assert cdr.check_state == "unpriceable"
    assert cdr.differences.get().why == "it names no tariff that we know"
    assert cdr.charge is not None
    assert heard[-1] == events.CdrDiffers(cdr.pk)


@pytest.mark.parametrize(
    "change",
    [
        {"currency": "XAF"},
        {"tariffs": [{"id": "T1"}]},
        {"charging_periods": [{"start_date_time": "once"}]},
        {"charging_periods": [{"start_date_time": "2026-02-03T08:00:00Z", "dimensions": 5}]},
        {"charging_periods": [period("2027-02-03T08:00:00Z")]},
        {
            "tariffs": [tariff_body(), tariff_body("T2")],
            "charging_periods": [period(), period("2026-02-03T08:30:00Z", tariff_id="T2")],
        },
    ],
)
def test_nothing_that_a_partner_sends_breaks_the_check(operator, contract, change):
    cdr = settled(operator, cdr_body(contract, **change))
    assert cdr.check_state == "unpriceable"
    assert cdr.differences.get().why


def test_absurd_amounts_break_nothing(operator, contract):
    cost = {"excl_vat": Decimal(10) ** 30, "incl_vat": 1}
    cdr = settled(operator, cdr_body(contract, total_energy_cost=cost, total_time=Decimal("1e30")))
    assert (cdr.check_state, cdr.charge is None) == ("differs", False)
    assert ("total_time", None, Decimal(1)) in differences(cdr)
    dear = tariff_body(energy="99999999999999")
    assert (
        settled(operator, cdr_body(contract, "CDR2", tariffs=[dear])).check_state == "unpriceable"
    )


def test_recheck_counts_a_tariff_that_came_later(operator, contract):
    cdr = settled(operator, cdr_body(contract, tariffs=[]))
    put_tariff(operator, tariff_body())
    recheck_cdr(cdr)
    cdr.refresh_from_db()
    assert (cdr.check_state, differences(cdr)) == ("ok", [])
    assert RoamingCharge.objects.count() == 1


# --- Booking it --------------------------------------------------------------------------------


def test_driver_owes_us_and_we_owe_the_operator_once(operator, contract):
    Partner.objects.filter(pk=operator.pk).update(margin_percent=Decimal("2.5"))
    operator.refresh_from_db()
    cdr = settled(operator, cdr_body(contract))
    # 2.5 % of 25,400 is ours.
    assert books(contract, operator) == (28_829, 28_194, 635)
    settle_cdr(cdr.pk)
    sweep_cdrs()
    assert LedgerTransaction.objects.filter(kind="roaming_charge").count() == 1
    assert in_balance()


def test_what_differs_is_booked_as_it_came(operator, contract):
    cdr = settled(operator, cdr_body(contract, total_cost={"excl_vat": 9, "incl_vat": 10}))
    assert (cdr.check_state, books(contract, operator)) == ("differs", (10, 10, 0))
    assert in_balance()


def test_credit_takes_everything_back_once(operator, contract):
    Partner.objects.filter(pk=operator.pk).update(margin_percent=10)
    operator.refresh_from_db()
    settled(operator, cdr_body(contract))
    credit = settled(operator, credit_body(contract))
    assert (credit.check_state, credit.held_because) == ("ok", "")
    assert books(contract, operator) == (0, 0, 0)
    second = settled(operator, {**credit_body(contract), "id": "CDR1-D"})
    assert (second.charge, second.held_because) == (None, "credited_before")
    assert in_balance()


def test_session_is_charged_once_until_its_cdr_is_taken_back(operator, contract):
    """A peer that sends its CDR again under another id, and one that corrects it."""
    settled(operator, cdr_body(contract))
    again = settled(operator, cdr_body(contract, "CDR2", session_id="s1"))
    assert (again.charge, again.held_because) == (None, "charged_before")
    assert books(contract, operator)[0] == 28_194
    settled(operator, credit_body(contract))
    again.refresh_from_db()
    assert (again.charge.total, again.held_because) == (28_194, "")
    assert books(contract, operator)[0] == 28_194
    other = settled(operator, cdr_body(contract, "CDR3", session_id="S2"))
    assert other.charge is not None
    assert in_balance()


def test_credit_is_not_taken_back(operator, contract):
    settled(operator, cdr_body(contract))
    credit = settled(operator, credit_body(contract))
    body = credit_body(contract, credit.ocpi_id)
    back = settled(operator, {**body, "total_cost": {"excl_vat": 25_400, "incl_vat": 28_194}})
    assert (back.charge, back.held_because) == (None, "original_missing")
    assert books(contract, operator) == (0, 0, 0)


def test_session_of_one_driver_is_not_charged_to_another(operator, contract):
    put_session(operator, session_body(contract))
    cdr = settled(operator, cdr_body(let_roam()))
    assert (cdr.charge, cdr.held_because) == (None, "another_driver")
    assert in_balance()


def test_credit_before_its_cdr_waits_for_it(operator, contract):
    credit = settled(operator, credit_body(contract))
    assert credit.held_because == "original_missing"
    settled(operator, cdr_body(contract))
    credit.refresh_from_db()
    assert (credit.check_state, credit.held_because) == ("ok", "")
    assert books(contract, operator) == (0, 0, 0)
    assert in_balance()


def test_credit_of_a_peer_that_negates_everything_is_understood(operator, contract):
    settled(operator, cdr_body(contract))
    credit = settled(operator, {**credit_body(contract), "total_energy": -10, "total_time": -1})
    assert (credit.check_state, credit.energy_wh) == ("ok", 10_000)
    assert books(contract, operator) == (0, 0, 0)


def test_half_a_credit_is_a_question_for_people(operator, contract, heard):
    settled(operator, cdr_body(contract))
    credit = settled(
        operator, {**credit_body(contract), "total_cost": {"excl_vat": -1, "incl_vat": -2}}
    )
    assert (credit.check_state, credit.held_because) == ("differs", "another_amount")
    assert books(contract, operator)[0] == 28_194
    assert heard[-1] == events.CdrDiffers(credit.pk)
    assert in_balance()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cdr_token": {"uid": "NOBODY", "type": "RFID"}, "session_id": "S9"}, "unknown_token"),
        ({"currency": "XAF"}, "unknown_currency"),
        ({"total_cost": {"excl_vat": -5}}, "impossible_amount"),
        ({"total_cost": {"excl_vat": 5, "incl_vat": 3}}, "impossible_amount"),
    ],
)
def test_what_cannot_be_booked_is_held_and_says_why(operator, contract, heard, change, reason):
    cdr = settled(operator, cdr_body(contract, **change))
    assert (cdr.charge, cdr.held_because) == (None, reason)
    assert heard[-1] == events.CdrDiffers(cdr.pk)
    assert in_balance()


def test_cdr_finds_its_driver_by_the_session(operator, contract):
    put_session(operator, session_body(contract))
    cdr = settled(
        operator, cdr_body(contract, cdr_token=token_body(contract, uid="X", contract_id="Y"))
    )
    assert cdr.own_token.contract == contract
    assert cdr.session == ForeignSession.objects.get()


def test_session_that_comes_after_its_cdr_finds_it(operator, contract):
    cdr = settled(operator, cdr_body(contract))
    put_session(operator, session_body(contract, status="COMPLETED"))
    cdr.refresh_from_db()
    assert cdr.session == ForeignSession.objects.get()


def test_free_charging_is_no_booking(operator, contract):
    nothing = {"excl_vat": 0, "incl_vat": 0}
    free = {"price_components": [{"type": "FLAT", "price": 0, "step_size": 0}]}
    cdr = settled(
        operator,
        cdr_body(
            contract,
            tariffs=[tariff_body(elements=[free])],
            total_cost=nothing,
            total_fixed_cost=nothing,
            total_energy_cost=None,
        ),
    )
    assert (cdr.check_state, cdr.charge.total, cdr.charge.booking) == ("ok", 0, None)
    assert in_balance()


def test_sweep_settles_what_no_nudge_did(operator, contract, monkeypatch):
    cdr, _new = receive_cdr(operator, cdr_body(contract))
    assert sweep_cdrs() == 1
    cdr.refresh_from_db()
    assert cdr.charge is not None
    assert sweep_cdrs() == 0


def test_books_miss_a_cdr_that_nobody_booked(operator, contract):
    cdr, _new = receive_cdr(operator, cdr_body(contract))
    ForeignCdr.objects.filter(pk=cdr.pk).update(received_at=clock.now() - timedelta(hours=2))
    assert check_books()["CDRs received and roaming charges"] == [
        "CDR CDR1: expected a charge, found none"
    ]
    assert set(QUERIES) <= set(check_books())


# --- Missing it --------------------------------------------------------------------------------


def test_session_without_a_cdr_is_told_of_once(operator, contract, heard, settings):
    settings.OCPI_CDR_HOURS = 0
    put_session(operator, session_body(contract, status="COMPLETED"))
    put_session(operator, session_body(contract, "S2"))
    row = ForeignSession.objects.get(ocpi_id="S1")
    assert find_missing_cdrs() == 1
    assert find_missing_cdrs() == 0
    assert heard == [events.CdrMissing(row.pk)]
    assert ForeignSession.objects.get(ocpi_id="S2").cdr_missed_at is None
