"""Who may come in: the rules of contract §2 and the security white paper, for a batch of knocks.

One transaction finds the chargers, checks their credentials and makes each admitted connection
the newest of its charger, so that a storm of reconnecting chargers costs a few statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from django.db.models.functions import Lower

from chargers.events import ChargerPresenceChanged
from chargers.models import Charger
from chargers.ocpp.character import Character, character_of
from chargers.ocpp.messages import Caller
from chargers.ocpp.quirks import Rulebook, load_rulebook
from chargers.store.connections import (
    Arrival,
    Arrived,
    Departure,
    Stranger,
    record_arrivals,
    record_departures,
    record_strangers,
)
from unievp.lib.events import publish
from unievp.lib.secrets import matches_digest

SUBPROTOCOL: Final = "ocpp1.6"


@dataclass(frozen=True, slots=True)
class Knock:
    """A handshake. `user`, `password`: bytes of the Basic header, None without one."""

    identity: str
    subprotocols: tuple[str, ...]
    user: bytes | None
    password: bytes | None
    process: str
    remote_address: str


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
    chargers = _find({knock.identity.lower() for knock in knocks})
    rules = load_rulebook()
    verdicts = [_judge(chargers.get(knock.identity.lower()), knock, rules) for knock in knocks]
    admitted = [
        (verdict, knock)
        for verdict, knock in zip(verdicts, knocks, strict=True)
        if isinstance(verdict, _Welcome)
    ]
    arrived = record_arrivals(
        Arrival(item.charger.pk, item.connection_id, knock.process, knock.remote_address)
        for item, knock in admitted
    )
    for charger_pk, arrival in arrived.items():
        if not arrival.was_online:
            publish(ChargerPresenceChanged(charger_pk, online=True))
    record_strangers(
        Stranger(knock.identity, knock.remote_address, ", ".join(knock.subprotocols))
        for verdict, knock in zip(verdicts, knocks, strict=True)
        if isinstance(verdict, Refused) and verdict.reason == "unknown"
    )
    return [
        verdict if isinstance(verdict, Refused) else verdict.admitted(arrived)
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
    character: Character

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


def _find(identities: set[str]) -> dict[str, Charger]:
    rows = (
        Charger.objects.select_related("location", "own_quirks")
        .annotate(folded=Lower("identity"))
        .filter(folded__in=identities)
    )
    return {row.identity.lower(): row for row in rows}


def _judge(charger: Charger | None, knock: Knock, rules: Rulebook) -> _Welcome | Refused:
    if charger is None:
        return Refused(404, "unknown")
    if charger.is_retired:
        return Refused(404, "retired")
    if not _is_authentic(charger, knock):
        return Refused(401, "credentials")
    offered = next((name for name in knock.subprotocols if name.casefold() == SUBPROTOCOL), None)
    character = character_of(charger, rules)
    if offered is None and not (charger.assume_ocpp16 or character.quirks().assume_ocpp16):
        return Refused(400, "subprotocol")
    return _Welcome(charger, uuid4(), offered, character)


def _is_authentic(charger: Charger, knock: Knock) -> bool:
    """Profile 0 needs no password; one that is presented must still be right (white paper §2.3)."""
    digest = charger.password_digest
    if knock.password is None:
        return charger.security_profile == 0
    if digest is None:
        return charger.security_profile == 0
    names_itself = knock.user is not None and (
        knock.user.decode("utf-8", "replace").casefold() == charger.identity.casefold()
    )
    return names_itself and password_matches(knock.password, bytes(digest))


def password_matches(password: bytes, digest: bytes) -> bool:
    """The key as raw bytes (OCPP-J §6.2.2) or as its hex text (OCTT), whichever was stored."""
    key = password
    with suppress(ValueError):
        key = bytes.fromhex(password.decode("ascii"))
    candidates = [password, password.hex().encode(), key, key.hex().encode()]
    # All of them are compared: the time says nothing about which form it was.
    return sum(matches_digest(candidate, digest) for candidate in candidates) > 0
