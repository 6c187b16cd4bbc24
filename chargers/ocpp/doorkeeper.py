"""Who may come in: the rules of contract §2 and the security white paper, for a batch of knocks.

One transaction finds the chargers, checks their credentials and makes each admitted connection
the newest of its charger, so that a storm of reconnecting chargers costs a few statements. Who is
refused is written down with the reason: in the inbox of strangers, or on the charger's own row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid4

from django.db.models.functions import Lower

from chargers.events import ChargerPresenceChanged
from chargers.models import CertificateStatus, Charger, ChargerCertificate, RefusalReason
from chargers.ocpp.character import Character, character_of
from chargers.ocpp.credentials import Credentials, Fit, Ours, check
from chargers.ocpp.messages import Caller
from chargers.ocpp.quirks import Rulebook, load_rulebook
from chargers.services.registration.adopting import adopt_at_door
from chargers.services.security.profiles import profile_reached
from chargers.services.security.rotations import settle_by_connection
from chargers.store.connections import (
    Arrival,
    Arrived,
    Departure,
    record_arrivals,
    record_departures,
)
from chargers.store.strangers import RefusedKnock, Stranger, record_refusals, record_strangers
from unievp.lib.events import publish

SUBPROTOCOL: Final = "ocpp1.6"
_STATUS: Final = {
    RefusalReason.UNKNOWN: 404,
    RefusalReason.BAD_PATH: 404,
    RefusalReason.RETIRED: 404,
    RefusalReason.CREDENTIALS: 401,
    RefusalReason.SUBPROTOCOL: 400,
    RefusalReason.PLAIN: 403,
    RefusalReason.PROFILE: 403,
    RefusalReason.CERTIFICATE: 403,
}


@dataclass(frozen=True, slots=True)
class Knock:
    """A handshake. `join_token`: of a CPO's adoption address, empty on any other path."""

    identity: str
    subprotocols: tuple[str, ...]
    credentials: Credentials
    process: str
    remote_address: str
    join_token: str = ""

    @property
    def last_part(self) -> str:
        """What a wrong path most likely means."""
        return self.identity.rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Refused:
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Admitted:
    caller: Caller
    connection_id: UUID
    subprotocol: str | None
    arrived: Arrived


def admit(knocks: list[Knock]) -> Sequence[Admitted | Refused]:
    """A verdict for each knock, in order; at most one knock per identity in a batch."""
    chargers = _find(knocks)
    rules, ours = load_rulebook(), _certificates(knocks)
    verdicts = [
        _judge(chargers.get(knock.identity.lower()) or _adopt(knock), knock, rules, ours)
        for knock in knocks
    ]
    welcome = [
        (verdict, knock)
        for verdict, knock in zip(verdicts, knocks, strict=True)
        if isinstance(verdict, _Welcome)
    ]
    _settle([verdict for verdict, _knock in welcome])
    arrived = record_arrivals(
        Arrival(item.charger.pk, item.connection_id, knock.process, knock.remote_address)
        for item, knock in welcome
    )
    for charger_pk, arrival in arrived.items():
        if not arrival.was_online:
            publish(ChargerPresenceChanged(charger_pk, online=True))
    refused = [
        (verdict, knock)
        for verdict, knock in zip(verdicts, knocks, strict=True)
        if isinstance(verdict, RefusalReason)
    ]
    _write_down(refused, chargers)
    return [
        Refused(_STATUS[verdict], verdict.value)
        if isinstance(verdict, RefusalReason)
        else verdict.admitted(arrived)
        for verdict in verdicts
    ]


def dismiss(departures: list[Departure]) -> Sequence[None]:
    """The ends of connections: offline where no newer one took over."""
    for charger_pk in record_departures(departures):
        publish(ChargerPresenceChanged(charger_pk, online=False))
    return [None] * len(departures)


@dataclass(frozen=True, slots=True)
class _Welcome:
    charger: Charger
    connection_id: UUID
    subprotocol: str | None
    fit: Fit
    character: Character = field(default_factory=Character)

    def admitted(self, arrived: dict[int, Arrived]) -> Admitted:
        charger = self.charger
        caller = Caller(
            charger_pk=charger.pk,
            cpo_id=charger.cpo_id,
            identity=charger.identity,
            registration=charger.registration,
            character=self.character,
        )
        caller.take_quirks()
        return Admitted(caller, self.connection_id, self.subprotocol, arrived[charger.pk])


def _find(knocks: list[Knock]) -> dict[str, Charger]:
    """By identity in lower case; of a wrong path also the charger that its last part names."""
    identities = {knock.identity.lower() for knock in knocks}
    identities |= {knock.last_part.lower() for knock in knocks if "/" in knock.identity}
    rows = (
        Charger.objects.select_related("location", "own_quirks", "cpo")
        .annotate(folded=Lower("identity"))
        .filter(folded__in=identities)
    )
    return {row.identity.lower(): row for row in rows}


def _certificates(knocks: list[Knock]) -> Ours:
    serials = {
        knock.credentials.certificate.serial for knock in knocks if knock.credentials.certificate
    }
    if not serials:
        return Ours()
    rows = list(
        ChargerCertificate.objects.filter(serial__in=serials).values_list(
            "serial", "charger_id", "status"
        )
    )
    return Ours(
        {str(serial): charger_pk for serial, charger_pk, _status in rows},
        {str(serial) for serial, _pk, status in rows if status == CertificateStatus.REVOKED},
    )


def _adopt(knock: Knock) -> Charger | None:
    if not knock.join_token:
        return None
    return adopt_at_door(knock.identity, knock.join_token, knock.remote_address)


def _judge(
    charger: Charger | None, knock: Knock, rules: Rulebook, ours: Ours
) -> _Welcome | RefusalReason:
    if charger is None:
        return RefusalReason.BAD_PATH if "/" in knock.identity else RefusalReason.UNKNOWN
    if charger.is_retired:
        return RefusalReason.RETIRED
    fit = check(charger, knock.credentials, ours)
    if isinstance(fit, RefusalReason):
        return fit
    offered = next((name for name in knock.subprotocols if name.casefold() == SUBPROTOCOL), None)
    character = character_of(charger, rules)
    if offered is None and not (charger.assume_ocpp16 or character.quirks().assume_ocpp16):
        return RefusalReason.SUBPROTOCOL
    return _Welcome(charger, uuid4(), offered, fit, character)


def _settle(welcome: list[_Welcome]) -> None:
    """A new password or profile that was used: the old one is refused from now on."""
    settle_by_connection(item.charger.pk for item in welcome if item.fit.with_new_password)
    for item in sorted(welcome, key=lambda item: item.charger.pk):
        if item.fit.profile != item.charger.security_profile:
            profile_reached(item.charger.pk, item.fit.profile)


def _write_down(refused: list[tuple[RefusalReason, Knock]], chargers: dict[str, Charger]) -> None:
    strangers, known = [], []
    for reason, knock in refused:
        offered = ", ".join(knock.subprotocols)
        charger = chargers.get(knock.identity.lower())
        if charger is None:
            stranger = Stranger(knock.identity, knock.remote_address, offered, reason.value)
            strangers.append(stranger)
            charger = chargers.get(knock.last_part.lower())
        if charger is not None:
            known.append(
                RefusedKnock(
                    charger.pk, reason.value, knock.identity, knock.remote_address, offered
                )
            )
    record_strangers(strangers)
    record_refusals(known)
