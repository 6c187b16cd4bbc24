"""What people do on a platform, and what its rows say: run inside its own process."""

from __future__ import annotations

from typing import Any

from chargers.models import Charger, ChargingSession, Connector, IdToken, PowerType
from chargers.tests.factories import make_charger, make_location
from cpo.models import Driver, Scope
from cpo.services.api_keys import create_api_key
from cpo.tests.factories import make_cpo
from ocpi.models import (
    Cdr,
    Exchange,
    GivenAuthorization,
    OwnToken,
    Partner,
    Party,
    PublishedLocation,
    Push,
    RoamingSession,
    RoamingToken,
    SentCommand,
)
from ocpi.services.drivers.contracts import open_contract
from ocpi.services.drivers.publishing import refresh_contract
from ocpi.services.partners.inviting import invite_partner
from ocpi.services.partners.registering import register_with
from ocpi.services.publishing.locations import sweep_locations
from ocpi.services.sent_commands.asking import Asker, Target, ask_start, ask_stop
from ocpi.tests.driving import sell
from ocpi.tests.field import ADDRESS
from ocpi.wire import json
from payments.models import Bill
from payments.services.check_books import check_books

ACTOR = "two platforms"


def nothing() -> bool:
    return True


# --- The operator ---------------------------------------------------------------------------------


def open_for_business(identity: str) -> int:
    """A verified company with one charger that sells; the location's key."""
    cpo = make_cpo(name="Nusantara Charge")
    location = make_location(cpo, name="Senayan Park", **ADDRESS)
    charger = make_charger(location=location, identity=identity, tariff=False)
    Connector.objects.filter(charger=charger).update(
        standard="IEC_62196_T2_COMBO",
        power_type=PowerType.DC,
        max_power_w=120_000,
        max_current_a=300,
        max_voltage_v=1000,
    )
    sell(charger, per_kwh=2_000, fee=1_000)
    return location.pk


def invite(name: str) -> str:
    return invite_partner(name=name, actor=ACTOR)[1]


def is_available(identity: str, connector: int) -> bool:
    return Connector.objects.filter(
        charger__identity=identity,
        charger__presence__online=True,
        number=connector,
        status="Available",
    ).exists()


def publish() -> bool:
    """What the clock does every 15 s."""
    sweep_locations()
    return PublishedLocation.objects.exclude(body="").exists()


def knows_token(uid: str) -> bool:
    return RoamingToken.objects.filter(uid=uid, valid=True).exists()


def charging(connector: int, least_wh: int = 0) -> int:
    """The transaction that runs there and has taken so much; 0 for none."""
    found = ChargingSession.objects.filter(
        connector__number=connector, status="active", energy_wh__gte=least_wh
    ).first()
    return found.pk if found else 0


def session_of(pk: int) -> dict[str, Any]:
    session = ChargingSession.objects.get(pk=pk)
    roaming = RoamingSession.objects.filter(session=session).first()
    bill = Bill.objects.filter(session=session).first()
    return {
        "status": session.status,
        "energy_wh": session.energy_wh,
        "ocpi_id": roaming.ocpi_id if roaming else "",
        "auth_method": roaming.auth_method if roaming else "",
        "reference": roaming.authorization_reference if roaming else "",
        "total": bill.total if bill else None,
        "cdr": Cdr.objects.filter(roaming_session=roaming).values_list("ocpi_id", flat=True).first()
        if roaming
        else None,
    }


def evse(connector: int) -> dict[str, str]:
    """What partners call it."""
    body = json.loads(PublishedLocation.objects.get().body)
    return {"location_id": body["id"], "evse_uid": body["evses"][connector - 1]["uid"]}


def ended(pk: int) -> bool:
    return ChargingSession.objects.filter(pk=pk, status="ended").exists()


def billed(pk: int) -> bool:
    return Cdr.objects.filter(roaming_session__session=pk).exists()


def pushes(status: str) -> list[str]:
    return [str(one) for one in Push.objects.filter(status=status)]


# --- The provider ---------------------------------------------------------------------------------


def become_provider(card: str) -> dict[str, str]:
    """A driver who may roam, with a card and the app; a key for the driver's program."""
    Party.objects.create(role="EMSP", country_code="ID", party_id="UNV", name="UNIEV Drive")
    driver = Driver.objects.create(name="Budi", language="id")
    contract = open_contract(driver, actor=ACTOR, credit_limit=1_000_000)
    IdToken.objects.create(token=card, driver=driver)
    refresh_contract(contract)
    key = create_api_key(name="App", cpo=None, scopes=[Scope.ALL], actor=ACTOR)[1]
    app = OwnToken.objects.get(type="APP_USER")
    return {"driver_id": str(driver.pk), "key": key, "app_uid": app.uid}


def register(versions_url: str, token: str) -> str:
    partner = Partner.objects.create(name="Nusantara network")
    return register_with(partner, versions_url=versions_url, token=token, actor=ACTOR).status


def start_by_command(location_id: str, evse_uid: str) -> str:
    """The command's key."""
    one = Partner.objects.get()
    party = one.parties.get(role="CPO")
    target = Target(one, party.country_code, party.party_id, location_id, evse_uid)
    token = OwnToken.objects.get(type="APP_USER")
    return str(ask_start(token, target, asker=Asker(ACTOR, token.contract.driver)).pk)


def stop_by_command(session_id: str) -> str:
    one = Partner.objects.get()
    party = one.parties.get(role="CPO")
    target = Target(one, party.country_code, party.party_id)
    return str(ask_stop(session_id, target, asker=Asker(ACTOR)).pk)


def command(pk: str) -> dict[str, str]:
    row = SentCommand.objects.get(pk=pk)
    return {"status": row.status, "result": row.result, "message": row.message, "error": row.error}


def command_succeeded(pk: str) -> bool:
    """Raises where it has ended otherwise."""
    row = SentCommand.objects.get(pk=pk)
    if row.status in ("refused", "timed_out"):
        raise AssertionError(command(pk))
    return row.status == "succeeded"


def given_reference(card: str) -> str:
    found = GivenAuthorization.objects.filter(token__uid=card, allowed="ALLOWED").first()
    return found.reference if found else ""


# --- Both -----------------------------------------------------------------------------------------


def partner() -> dict[str, Any]:
    one = Partner.objects.get()
    return {
        "status": one.status,
        "parties": [str(party) for party in one.parties.all()],
        "modules": sorted(f"{row.identifier} {row.role}" for row in one.endpoints.all()),
    }


def books() -> dict[str, list[str]]:
    """What differs in the ledger; empty when all is well."""
    return {proof: found for proof, found in check_books().items() if found}


def refusals() -> list[str]:
    """What either side refused: there should be none."""
    rows = Exchange.objects.exclude(error="").order_by("pk")
    return [f"{row.direction} {row.method} {row.url}: {row.error}" for row in rows]


def chargers() -> int:
    return Charger.objects.count()
