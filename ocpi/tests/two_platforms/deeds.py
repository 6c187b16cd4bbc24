"""What people do on a platform, and what its rows say: run inside its own process."""

from __future__ import annotations

from typing import Any

from chargers.models import ChargingSession, Connector, IdToken, PowerType
from chargers.tests.factories import make_charger, make_location
from cpo.models import Driver, Scope
from cpo.services.api_keys import create_api_key
from cpo.tests.factories import make_cpo
from ocpi.models import (
    Cdr,
    Exchange,
    ForeignCdr,
    ForeignLocation,
    ForeignSession,
    ForeignTariff,
    GivenAuthorization,
    OwnToken,
    Partner,
    Party,
    PublishedLocation,
    Push,
    PushLine,
    RoamingContract,
    RoamingSession,
    RoamingToken,
)
from ocpi.services.drivers.contracts import open_contract
from ocpi.services.drivers.publishing import refresh_contract
from ocpi.services.foreign import pulling
from ocpi.services.partners.inviting import invite_partner
from ocpi.services.partners.registering import register_with
from ocpi.services.publishing.locations import sweep_locations
from ocpi.services.selling.sessions import follow_sessions
from ocpi.tests.driving import sell
from ocpi.tests.field import ADDRESS
from payments.chart import AccountRef, Code, Owner
from payments.models import Bill
from payments.services.check_books import check_books
from payments.services.ledger import balance_of

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


def is_available_again(connector: int) -> bool:
    return Connector.objects.filter(
        charger__presence__online=True, number=connector, status="Available"
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


def ended(pk: int) -> bool:
    return ChargingSession.objects.filter(pk=pk, status="ended").exists()


def billed(pk: int) -> bool:
    return Cdr.objects.filter(roaming_session__session=pk).exists()


def partner_is_away() -> bool:
    """Whether a push has found nobody there."""
    return PushLine.objects.filter(failures__gt=0).exists()


def tell_progress(pk: int) -> int:
    """What the clock does once a minute."""
    return follow_sessions([pk])


def owed_by_provider() -> int:
    account = AccountRef(Code.ROAMING_RECEIVABLE, Owner.PARTNER, str(Partner.objects.get().pk))
    return balance_of(account)


def charges_at(connector: int) -> int:
    return ChargingSession.objects.filter(connector__number=connector).count()


def pushes(status: str) -> list[str]:
    return [str(one) for one in Push.objects.filter(status=status)]


# --- The provider ---------------------------------------------------------------------------------


def become_provider(cards: list[str]) -> dict[str, str]:
    """A driver who may roam, with cards and the app; a key for the driver's program."""
    Party.objects.create(role="EMSP", country_code="ID", party_id="UNV", name="UNIEV Drive")
    driver = Driver.objects.create(name="Budi", language="id")
    contract = open_contract(driver, actor=ACTOR, credit_limit=1_000_000)
    for card in cards:
        IdToken.objects.create(token=card, driver=driver)
    refresh_contract(contract)
    key = create_api_key(name="App", cpo=None, scopes=[Scope.ALL], actor=ACTOR)[1]
    app = OwnToken.objects.get(type="APP_USER")
    return {"driver_id": str(driver.pk), "key": key, "app_uid": app.uid}


def register(versions_url: str, token: str) -> str:
    partner = Partner.objects.create(name="Nusantara network")
    return register_with(partner, versions_url=versions_url, token=token, actor=ACTOR).status


def place() -> int:
    """The operator's place as our drivers find it; 0 before it has come with its prices."""
    found = ForeignLocation.objects.filter(is_offered=True).first()
    return found.pk if found and ForeignTariff.objects.exists() else 0


def session_elsewhere(ocpi_id: str) -> dict[str, Any] | None:
    row = ForeignSession.objects.filter(ocpi_id=ocpi_id).first()
    if row is None:
        return None
    return {"id": row.pk, "status": row.status, "energy_wh": row.energy_wh}


def cdr_booked(session: str) -> dict[str, Any] | None:
    """The CDR of a session once our own engine has looked at it and it is booked."""
    row = ForeignCdr.objects.filter(session__ocpi_id=session, charge__isnull=False).first()
    if row is None or row.check_state == "waiting" or row.charge is None:
        return None
    return {
        "check": row.check_state,
        "differences": [str(one) for one in row.differences.all()],
        "energy_wh": row.energy_wh,
        "owed_to_operator": row.charge.net + row.charge.tax,
        "rows": ForeignCdr.objects.filter(ocpi_id=row.ocpi_id).count(),
    }


def pull_cdrs() -> int:
    """Once more, by ourselves; how many rows there are then."""
    assert pulling.pull_partner(Partner.objects.get()) > 0
    return ForeignCdr.objects.count()


def owed() -> dict[str, int]:
    """What the driver owes us, and we the operator."""
    contract = RoamingContract.objects.get()
    partner_account = AccountRef(Code.ROAMING_PAYABLE, Owner.PARTNER, str(Partner.objects.get().pk))
    return {
        "by_driver": balance_of(
            AccountRef(Code.DRIVER_RECEIVABLE, Owner.DRIVER, str(contract.driver_id))
        ),
        "to_operator": balance_of(partner_account),
    }


def given_reference(card: str) -> str:
    found = GivenAuthorization.objects.filter(token__uid=card, allowed="ALLOWED").first()
    return found.reference if found else ""


# --- Both -----------------------------------------------------------------------------------------


def books() -> dict[str, list[str]]:
    """What differs in the ledger; empty when all is well."""
    return {proof: found for proof, found in check_books().items() if found}


def refusals() -> list[str]:
    """What either side refused: there should be none."""
    rows = Exchange.objects.exclude(error="").order_by("pk")
    return [f"{row.direction} {row.method} {row.url}: {row.error}" for row in rows]
