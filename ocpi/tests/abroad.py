"""What an operator (DE-CPO) tells us: a place, a tariff, a session and its CDR."""

from __future__ import annotations

from decimal import Decimal

ZONE = "Asia/Jakarta"
LATER = "2026-02-03T10:00:00Z"


def connector_body(**values):
    return {
        "id": "1",
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 32,
        "tariff_ids": ["T1"],
        "last_updated": "2026-02-01T09:30:00Z",
        **values,
    }


def evse_body(uid="E1", **values):
    return {
        "uid": uid,
        "status": "AVAILABLE",
        "connectors": [connector_body()],
        "last_updated": "2026-02-01T09:30:00Z",
        **values,
    }


def location_body(ocpi_id="LOC1", **values):
    return {
        "country_code": "DE",
        "party_id": "CPO",
        "id": ocpi_id,
        "publish": True,
        "name": "Plaza",
        "address": "Jl. Thamrin 1",
        "city": "Jakarta",
        "country": "IDN",
        "coordinates": {"latitude": "-6.19498", "longitude": "106.82310"},
        "time_zone": ZONE,
        "evses": [evse_body("E1"), evse_body("E2")],
        "last_updated": "2026-02-01T09:30:00Z",
        **values,
    }


def tariff_body(ocpi_id="T1", *, energy="2440", vat="11", fee="1000", **values):
    parts = [
        {"type": "ENERGY", "price": Decimal(energy), "vat": Decimal(vat), "step_size": 1},
        {"type": "FLAT", "price": Decimal(fee), "vat": Decimal(vat), "step_size": 1},
    ]
    return {
        "country_code": "DE",
        "party_id": "CPO",
        "id": ocpi_id,
        "currency": "IDR",
        "elements": [{"price_components": parts}],
        "last_updated": "2026-01-01T00:00:00Z",
        **values,
    }


def token_body(contract, **values):
    token = contract.tokens.order_by("pk").first()
    return {
        "country_code": "ID",
        "party_id": "UNV",
        "uid": token.uid,
        "type": token.type,
        "contract_id": contract.contract_id,
        **values,
    }


def period(start="2026-02-03T08:00:00Z", *, kwh="10", hours="1", **values):
    dimensions = [
        {"type": "ENERGY", "volume": Decimal(kwh)},
        {"type": "TIME", "volume": Decimal(hours)},
    ]
    return {"start_date_time": start, "dimensions": dimensions, "tariff_id": "T1", **values}


def session_body(contract, ocpi_id="S1", **values):
    return {
        "country_code": "DE",
        "party_id": "CPO",
        "id": ocpi_id,
        "start_date_time": "2026-02-03T08:00:00Z",
        "kwh": Decimal("4.5"),
        "cdr_token": token_body(contract),
        "auth_method": "WHITELIST",
        "location_id": "LOC1",
        "evse_uid": "E1",
        "connector_id": "1",
        "currency": "IDR",
        "charging_periods": [period(kwh="4.5", hours="0.5")],
        "total_cost": {"excl_vat": Decimal("11980"), "incl_vat": Decimal("13297.8")},
        "status": "ACTIVE",
        "last_updated": "2026-02-03T08:30:00Z",
        **values,
    }


def cdr_body(contract, ocpi_id="CDR1", **values):
    """10 kWh at 2,440 and a fee of 1,000, 11 % on both: 25,400 without and 28,194 with tax."""
    return {
        "country_code": "DE",
        "party_id": "CPO",
        "id": ocpi_id,
        "start_date_time": "2026-02-03T08:00:00Z",
        "end_date_time": "2026-02-03T09:00:00Z",
        "session_id": "S1",
        "cdr_token": token_body(contract),
        "auth_method": "WHITELIST",
        "cdr_location": {
            "id": "LOC1",
            "address": "Jl. Thamrin 1",
            "city": "Jakarta",
            "country": "IDN",
            # Latitude and longitude the wrong way round, as in the specification's own example.
            "coordinates": {"latitude": "106.82310", "longitude": "-6.19498"},
            "evse_uid": "E1",
            "evse_id": "DE*CPO*E1",
            "connector_id": "1",
            "connector_standard": "IEC_62196_T2",
            "connector_format": "SOCKET",
            "connector_power_type": "AC_3_PHASE",
        },
        "currency": "IDR",
        "tariffs": [tariff_body()],
        "charging_periods": [period()],
        "total_cost": {"excl_vat": Decimal(25_400), "incl_vat": Decimal(28_194)},
        "total_fixed_cost": {"excl_vat": Decimal(1_000), "incl_vat": Decimal(1_110)},
        "total_energy_cost": {"excl_vat": Decimal(24_400), "incl_vat": Decimal(27_084)},
        "total_energy": Decimal(10),
        "total_time": Decimal(1),
        "last_updated": "2026-02-03T09:01:00Z",
        **values,
    }


def credit_body(contract, of="CDR1", **values):
    """Only the total is negated."""
    return cdr_body(
        contract,
        f"{of}-C",
        total_cost={"excl_vat": Decimal(-25_400), "incl_vat": Decimal(-28_194)},
        credit=True,
        credit_reference_id=of,
        **values,
    )
