"""A charger that never was: the frames of a recording on the real path, and nothing remains.

Everything happens inside one transaction that is rolled back. Its company, charger and tokens are
new, so that it waits for no row of the living and no living charger waits for it; what is told on
commit (events, live pages, `last_seen`) is never told.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chargers.models import (
    Charger,
    ChargingSession,
    Connector,
    IdToken,
    IdTokenStatus,
    Location,
    SessionStatus,
    TariffAssignment,
)
from chargers.ocpp import frames
from chargers.ocpp.character import character_of
from chargers.ocpp.messages import Caller
from chargers.ocpp.protocol import Call, Peer
from chargers.ocpp.quirks import load_rulebook
from chargers.ocpp.routes import Refusal, plan_call
from chargers.services.sessions import end_without_stop
from chargers.store import inbound
from cpo.models import CPO, CPOStatus
from payments.services.billing import bill_session
from tariffs.models import TariffTemplate, TariffVersion
from unievp.lib import clock
from unievp.web.replay.recording import Played, Recording

_LONG_AGO: Final = datetime(2014, 1, 1, tzinfo=UTC)
# Ids that nobody was given: the sequence does not come here in a lifetime.
_FOREIGN_FROM: Final = 2_000_000_000
_TAGGED: Final = frozenset({"Authorize", "StartTransaction", "StopTransaction"})
_TRANSACTIONS: Final = frozenset({"MeterValues", "StopTransaction"})


def deliver(caller: Caller, at: datetime, text: str, *, log: bool = True) -> dict[str, Any] | None:
    """One frame as the ocpp process takes it; the answer's payload, None where it is refused.

    Raises what the writer raises. Runs in the caller's transaction.
    """
    actions = list(Peer().feed(text))
    call = actions[0] if actions else None
    if not isinstance(call, Call):
        return None
    planned = plan_call(caller, call, text, at)
    if isinstance(planned, Refusal):
        return None
    item, _plan = planned
    item.log_frame = log
    answer = inbound.write([item])[0]
    message = frames.parse(answer) if isinstance(answer, str) else None
    return message[2] if isinstance(message, list) and len(message) > 2 else {}


@dataclass
class Sandbox:
    """`sessions`: what each original transaction id became; `refused`: lines of refused frames."""

    recording: Recording
    caller: Caller
    charger: Charger
    sessions: dict[int, ChargingSession] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    foreign: dict[int, int] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)

    @classmethod
    def build(cls, recording: Recording) -> Sandbox:
        charger = _charger(recording)
        caller = Caller(
            charger_pk=charger.pk,
            cpo_id=charger.cpo_id,
            identity=charger.identity,
            registration=charger.registration,
            character=character_of(charger, load_rulebook()),
        )
        caller.take_quirks()
        return cls(recording, caller, charger)

    def play(self) -> None:
        """Every frame in the order of arrival, then the ends that no Stop brought, then bills."""
        for tag, verdict in self._verdicts().items():
            self._issue(tag, verdict)
        for played in self.recording.frames:
            self._play(played)
        for row in self.recording.originals:
            self._conclude(row)

    # --- frames -------------------------------------------------------------------------------

    def _play(self, played: Played) -> None:
        text, action = self._translated(played.text)
        answer = deliver(self.caller, played.at, text, log=False)
        if answer is None:
            self.refused.append(played.line)
        elif action == "StartTransaction" and "transactionId" in answer:
            self._started(played, answer["transactionId"])

    def _started(self, played: Played, given: int) -> None:
        """The new session stands for the old one, and has its price."""
        if played.transaction_id is None:
            return
        self.numbers[played.transaction_id] = given
        session = ChargingSession.objects.filter(
            transaction_id=given, charger=self.charger
        ).select_related("connector")
        row = session.first()
        if row is None:
            return
        self.sessions[played.transaction_id] = row
        original = self._original(played.transaction_id)
        if original is not None:
            session.update(
                tariff_snapshot=original.get("tariff_snapshot"),
                currency=str(original["fields"].get("currency") or row.currency)[:3],
            )

    def _translated(self, text: str) -> tuple[str, str]:
        """The frame with the sandbox's own tags and transaction ids."""
        try:
            message = frames.parse(text)
        except frames.UnreadableError:
            return text, ""
        if not (isinstance(message, list) and len(message) > 3 and isinstance(message[3], dict)):
            return text, ""
        action, payload = message[2], message[3]
        if action in _TAGGED and isinstance(payload.get("idTag"), str):
            payload["idTag"] = self._tag(payload["idTag"])
        number = payload.get("transactionId")
        if action in _TRANSACTIONS and isinstance(number, int) and number > 0:
            payload["transactionId"] = self._number(number)
        return frames.dump(message), action if isinstance(action, str) else ""

    def _number(self, number: int) -> int:
        known = self.numbers.get(number)
        if known is not None:
            return known
        return self.foreign.setdefault(number, _FOREIGN_FROM + len(self.foreign))

    # --- tags ---------------------------------------------------------------------------------

    def _tag(self, tag: str) -> str:
        """Another text for each tag: a real token of that name is left alone. Blank stays blank."""
        key = tag.strip().casefold()
        if not key:
            return tag
        return self.tags.setdefault(key, f"R{secrets.token_hex(8)}")

    def original_tag(self, tag: str) -> str:
        """The way back, in small letters."""
        return next((key for key, made in self.tags.items() if made == tag), tag.casefold())

    def _verdicts(self) -> dict[str, str]:
        """What each tag was worth, by the sessions it started."""
        return {
            str(row["fields"].get("id_tag") or ""): str(row["fields"].get("authorization") or "")
            for row in self.recording.originals
        }

    def _issue(self, tag: str, verdict: str) -> None:
        token = self._tag(tag)
        if not token.strip() or verdict == "Invalid":
            return
        IdToken.objects.create(
            token=token,
            cpo=self.charger.cpo,
            status=IdTokenStatus.BLOCKED if verdict == "Blocked" else IdTokenStatus.ACTIVE,
            expires_at=_LONG_AGO if verdict == "Expired" else None,
        )

    # --- ends ---------------------------------------------------------------------------------

    def _original(self, transaction_id: int) -> dict[str, Any] | None:
        rows = self.recording.originals
        return next((row for row in rows if row["transaction_id"] == transaction_id), None)

    def _conclude(self, row: dict[str, Any]) -> None:
        """An end that a sweep made is made again; what was billed is billed."""
        session = self.sessions.get(row["transaction_id"])
        if session is None:
            return
        fields = row["fields"]
        if fields.get("status") == SessionStatus.ENDED and not row.get("had_stop"):
            end_without_stop(
                session.pk,
                ended_at=datetime.fromisoformat(fields["ended_at"]),
                reason=str(fields.get("stop_reason") or "")[:32],
                note="",
            )
        session.refresh_from_db()
        if row.get("bill") is not None and session.status == SessionStatus.ENDED:
            bill_session(session.pk)
            session.refresh_from_db()


def _charger(recording: Recording) -> Charger:
    mark = secrets.token_hex(8)
    cpo = CPO.objects.create(
        name=f"Replay {mark}", status=CPOStatus.VERIFIED, verified_at=clock.now()
    )
    location = Location.objects.create(cpo=cpo, name=mark, time_zone=recording.time_zone)
    about = recording.header.get("charger")
    words = about if isinstance(about, dict) else {}
    charger = Charger.objects.create(
        cpo=cpo,
        location=location,
        identity=f"REPLAY-{mark}",
        vendor=str(words.get("vendor") or "")[:64],
        model=str(words.get("model") or "")[:64],
        firmware_version=str(words.get("firmware") or "")[:64],
        time_zone=recording.clock_zone,
    )
    Connector.objects.bulk_create(
        Connector(charger=charger, number=number, max_power_w=power)
        for number, power in recording.connectors.items()
    )
    _sell(charger, recording)
    return charger


def _sell(charger: Charger, recording: Recording) -> None:
    """Some tariff, so that starts are accepted; each session gets its own price afterwards."""
    snapshots = [row.get("tariff_snapshot") for row in recording.originals]
    if snapshots and not any(snapshots):
        return
    template = TariffTemplate.objects.create(cpo=charger.cpo, name="Replay")
    TariffVersion.objects.create(template=template, number=1, valid_from=_LONG_AGO)
    TariffAssignment.objects.create(
        template=template, charger=charger, valid_from=_LONG_AGO + timedelta(days=1)
    )
