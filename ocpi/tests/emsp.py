"""The platform as mobility provider: its party, its drivers, and partners with chargers."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal

from chargers.models import IdToken
from cpo.models import Driver
from ocpi.models import (
    ForeignLocation,
    ForeignSession,
    ForeignTariff,
    InboundTokenKind,
    Partner,
    PartnerEndpoint,
    PartnerParty,
    Party,
)
from ocpi.services.drivers.contracts import open_contract
from ocpi.services.drivers.publishing import refresh_contract
from ocpi.services.partners.inviting import issue_token
from unievp.lib import clock

_numbers = itertools.count(1)
OPERATOR_MODULES = [
    ("credentials", "RECEIVER"),
    ("locations", "SENDER"),
    ("tariffs", "SENDER"),
    ("sessions", "SENDER"),
    ("cdrs", "SENDER"),
    ("tokens", "RECEIVER"),
    ("commands", "RECEIVER"),
]


def make_emsp_party(**values):
    return Party.objects.create(
        **{"role": "EMSP", "country_code": "ID", "party_id": "UNV", "name": "UNIEV", **values}
    )


def connect_operator(peer, *, party=("DE", "CPO"), roles=("CPO",), path="", **values):
    """A partner with chargers, connected; `access_token` is what it calls us with."""
    partner = Partner.objects.create(
        name=f"Operator {next(_numbers)}",
        status="registered",
        versions_url=peer.versions_url,
        version="2.2.1",
        token="token-of-the-operator",
        registered_at=clock.now(),
        **values,
    )
    for role in roles:
        PartnerParty.objects.create(
            partner=partner, role=role, country_code=party[0], party_id=party[1], name="Operator"
        )
    for identifier, side in OPERATOR_MODULES:
        url = f"{peer.url}/2.2.1{path}/{identifier}"
        PartnerEndpoint.objects.create(partner=partner, identifier=identifier, role=side, url=url)
    partner.access_token = issue_token(partner, InboundTokenKind.ACCESS)
    return partner


def make_driver(**values):
    return Driver.objects.create(**{"name": f"Driver {next(_numbers)}", "language": "id", **values})


def let_roam(driver=None, *, card="", **values):
    """The contract of a driver who may roam; with a card of the platform if it has a number."""
    driver = driver or make_driver()
    contract = open_contract(driver, actor="test", **values)
    if card:
        IdToken.objects.create(token=card, driver=driver)
        refresh_contract(contract)
    return contract


def place_body(ocpi_id="LOC1", *, evses=None, **values):
    """An OCPI Location of DE-CPO in Berlin, with a fast and a slow EVSE."""
    return {
        "country_code": "DE",
        "party_id": "CPO",
        "id": ocpi_id,
        "publish": True,
        "name": "Alexanderplatz",
        "address": "Alexanderplatz 1",
        "city": "Berlin",
        "postal_code": "10178",
        "country": "DEU",
        "coordinates": {"latitude": "52.521900", "longitude": "13.413200"},
        "time_zone": "Europe/Berlin",
        "operator": {"name": "Berlin Strom"},
        "opening_times": {"twentyfourseven": True},
        "evses": evses or [evse_body("E1"), evse_body("E2", "CHARGING", dc=False)],
        "last_updated": "2026-02-01T09:30:00Z",
        **values,
    }


def evse_body(uid, status="AVAILABLE", *, dc=True, connectors=1):
    kind = ("IEC_62196_T2_COMBO", "DC", 400, 375) if dc else ("IEC_62196_T2", "AC_3_PHASE", 230, 32)
    return {
        "uid": uid,
        "evse_id": f"DE*CPO*{uid}",
        "status": status,
        "capabilities": ["REMOTE_START_STOP_CAPABLE", "RESERVABLE"],
        "connectors": [
            {
                "id": str(number),
                "standard": kind[0],
                "format": "CABLE",
                "power_type": kind[1],
                "max_voltage": kind[2],
                "max_amperage": kind[3],
                "tariff_ids": ["FAST" if dc else "SLOW"],
                "last_updated": "2026-02-01T09:30:00Z",
            }
            for number in range(1, connectors + 1)
        ],
        "last_updated": "2026-02-01T09:30:00Z",
    }


def make_place(partner, ocpi_id="LOC1", **values):
    body = place_body(ocpi_id, **values)
    return ForeignLocation.objects.create(
        partner=partner,
        country_code="DE",
        party_id="CPO",
        ocpi_id=ocpi_id,
        name=body["name"],
        address=body["address"],
        city=body["city"],
        country=body["country"],
        time_zone=body["time_zone"],
        latitude=Decimal(body["coordinates"]["latitude"]),
        longitude=Decimal(body["coordinates"]["longitude"]),
        body=json.dumps(body),
        last_updated=clock.now(),
        received_at=clock.now(),
    )


def make_price(partner, ocpi_id="FAST", **values):
    """59 cents a kWh and 19 % on them."""
    part = {"type": "ENERGY", "price": 0.59, "vat": 19, "step_size": 1}
    body = {
        "country_code": "DE",
        "party_id": "CPO",
        "id": ocpi_id,
        "currency": "EUR",
        "tariff_alt_text": [{"language": "en", "text": "Fast and green"}],
        "elements": [{"price_components": [part]}],
        "last_updated": "2026-02-01T09:30:00Z",
        **values,
    }
    return ForeignTariff.objects.create(
        partner=partner,
        country_code="DE",
        party_id="CPO",
        ocpi_id=ocpi_id,
        currency=body["currency"],
        body=json.dumps(body),
        last_updated=clock.now(),
    )


def make_session(partner, token, ocpi_id="SESSION1", **values):
    return ForeignSession.objects.create(
        **{
            "partner": partner,
            "country_code": "DE",
            "party_id": "CPO",
            "ocpi_id": ocpi_id,
            "own_token": token,
            "status": "ACTIVE",
            "energy_wh": 4_200,
            "total_excl": Decimal("2.478"),
            "total_incl": Decimal("2.94882"),
            "currency": "EUR",
            "started_at": clock.now(),
            "location_id": "LOC1",
            "evse_uid": "E1",
            "connector_id": "1",
            "body": "{}",
            "last_updated": clock.now(),
            "received_at": clock.now(),
            **values,
        }
    )
