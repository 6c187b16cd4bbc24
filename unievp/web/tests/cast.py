"""Who the portal's tests are about: two rival companies, and people with and without one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from chargers.models import Charger, ChargingSession, Connector, Location, Presence
from cpo.models import CPO, CPOStatus, Membership, Role, User
from unievp.lib import clock

# One iteration: what a password costs to check is not what these tests are about.
_PASSWORD = PBKDF2PasswordHasher().encode("a-long-password", "salt", iterations=1)


@dataclass(frozen=True)
class Company:
    """A verified CPO with one location, one charger with two connectors, one running session."""

    cpo: CPO
    owner: User
    location: Location
    charger: Charger
    connectors: list[Connector]
    session: ChargingSession


def company(name: str, *, zone: str = "Asia/Jakarta") -> Company:
    word = name.split()[0].lower()
    cpo = CPO.objects.create(name=name, status=CPOStatus.VERIFIED, verified_at=clock.now())
    owner = person(f"owner@{word}.example", cpo)
    location = Location.objects.create(cpo=cpo, name=f"{name} site", time_zone=zone)
    charger = add_charger(location, f"{word.upper()}-0001")
    connectors = list(charger.connectors.order_by("number"))
    session = start_session(connectors[0])
    return Company(cpo, owner, location, charger, connectors, session)


def person(email: str, cpo: CPO | None = None, role: Role = Role.OWNER, **fields: object) -> User:
    user = User.objects.create(username=email, email=email, password=_PASSWORD, **fields)
    if cpo:
        Membership.objects.create(user=user, cpo=cpo, role=role)
    return user


def add_charger(location: Location, identity: str, *, online: bool = True) -> Charger:
    charger = Charger.objects.create(
        cpo=location.cpo,
        location=location,
        identity=identity,
        status="Available",
        vendor="Voltaris",
        model="DC-120",
    )
    Presence.objects.create(charger=charger, online=online, last_seen_at=clock.now())
    for number in (1, 2):
        Connector.objects.create(charger=charger, number=number, status="Available")
    return charger


def start_session(connector: Connector, **fields: object) -> ChargingSession:
    connector.status = "Charging"
    connector.save(update_fields=["status"])
    values: dict[str, object] = {
        "cpo": connector.charger.cpo,
        "charger": connector.charger,
        "connector": connector,
        "id_tag": "TAG1",
        "authorization": "Accepted",
        "started_at": clock.now() - timedelta(minutes=5),
        "meter_start_wh": 1_000,
        "meter_last_wh": 13_345,
        "energy_wh": 12_345,
        "power_w": 48_500,
        "soc_percent": 62,
        "cost": 30_456,
    }
    session = ChargingSession.objects.create(**(values | fields))
    session.refresh_from_db()
    return session
