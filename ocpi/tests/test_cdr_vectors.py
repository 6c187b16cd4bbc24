"""Every numeric example of the specification, as the CDR that we would send for it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest

from ocpi.objects.cdrs import Charged, cdr_object, credit_object
from ocpi.tests.objects import Cdr, check
from ocpi.wire import json
from tariffs.pricing import price, to_decimal
from tariffs.tests.pricing.ocpi import VECTORS, read_tariff, read_usage

TOKEN = {
    "country_code": "NL",
    "party_id": "TNM",
    "uid": "012345678",
    "type": "RFID",
    "contract_id": "NL8ACC12E46L89",
}
PLACE = {
    "id": "L1",
    "address": "Jl. Sudirman 1",
    "city": "Jakarta",
    "country": "IDN",
    "coordinates": {"latitude": "-6.20000", "longitude": "106.81667"},
    "evse_uid": "1-1",
    "evse_id": "ID*NUS*E1",
    "connector_id": "1",
    "connector_standard": "IEC_62196_T2",
    "connector_format": "SOCKET",
    "connector_power_type": "AC_3_PHASE",
}
ISSUED = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)


def make(vector, *, digits):
    charged = Charged(
        owner=("ID", "NUS"),
        session_id="S1",
        token=TOKEN,
        auth_method="WHITELIST",
        authorization_reference="",
        place=PLACE,
        tariff_id="T1",
        snapshot=read_tariff(vector["tariff"], vector["time_zone"]),
        usage=read_usage(vector),
    )
    body = cdr_object(charged, ocpi_id="C1", digits=digits, issued_at=ISSUED)
    return check(Cdr, json.loads(json.dumps(body)))


def rounded(amount, printed):
    return Decimal(amount).quantize(Decimal(printed), rounding=ROUND_HALF_UP)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_cdr_costs_what_the_reference_says(vector):
    # A bill rounds each of its lines; the specification prints the rounded sum.
    total = make(vector, digits=12)["total_cost"]
    for side, printed in vector["expected"].items():
        if printed is not None:
            assert rounded(total[side], printed) == Decimal(printed)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_receiver_recomputes_it_from_the_cdr_alone(vector):
    cdr = make(vector, digits=8)
    # Only what a stranger has: the CDR's own tariff, periods and times.
    alone = {
        **vector,
        "tariff": cdr["tariffs"][0],
        "charging_periods": cdr["charging_periods"],
        "start_date_time": cdr["start_date_time"],
        "end_date_time": cdr["end_date_time"],
    }
    again = price(read_tariff(alone["tariff"], vector["time_zone"]), read_usage(alone))
    assert to_decimal(again.total_excl, 5) == round(cdr["total_cost"]["excl_vat"], 5)
    assert to_decimal(again.total_incl, 5) == round(cdr["total_cost"]["incl_vat"], 5)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_volumes_and_costs_add_up(vector):
    cdr = make(vector, digits=2)
    volumes = [one for period in cdr["charging_periods"] for one in period["dimensions"]]

    def total(*names):
        return sum((one["volume"] for one in volumes if one["type"] in names), Decimal())

    assert total("ENERGY") == cdr["total_energy"]
    assert total("TIME", "PARKING_TIME") == pytest.approx(
        cdr["total_time"], abs=Decimal("0.000002")
    )
    assert total("PARKING_TIME") == cdr.get("total_parking_time", 0)
    parts = [cdr[name] for name in cdr if name.startswith("total_") and name.endswith("_cost")]
    parts.remove(cdr["total_cost"])
    if not ({"min_price", "max_price"} & set(vector["tariff"])):
        for side in ("excl_vat", "incl_vat"):
            assert sum(part[side] for part in parts) == cdr["total_cost"][side]


def test_credit_negates_the_total_alone():
    cdr = make(VECTORS[1], digits=2)
    credit = check(Cdr, json.loads(json.dumps(credit_object(cdr, issued_at=ISSUED))))
    assert credit["total_cost"] == {name: -value for name, value in cdr["total_cost"].items()}
    assert (credit["credit"], credit["credit_reference_id"]) == (True, "C1")
    same = set(cdr) - {"total_cost", "id", "last_updated"}
    assert {name: credit[name] for name in same} == {name: cdr[name] for name in same}
