"""What a charger should hold, and which message brings it nearer to that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Case, IntegerField, Q, Value, When

from chargers.models import AuthorizationStatus, IdToken, IdTokenStatus, LocalList
from chargers.selectors.configuration import known_number
from unievp.lib import clock

# Where the charger does not tell its limits; and what a small one can parse of any claim.
_USUAL_PER_MESSAGE: Final = 50
_MOST_PER_MESSAGE: Final = 200
_MOST_HELD: Final = 10_000
_LAST_VERSION: Final = 2**31 - 1

Entry = dict[str, Any]  # {"idTag": …, "idTagInfo": {…}} as OCPP writes it
Entries = dict[str, Entry]  # by the tag in lower case


@dataclass(frozen=True, slots=True)
class Wanted:
    entries: Entries
    left_out: int = 0


def wanted_list(row: LocalList, at: datetime) -> Wanted:
    """The CPO's own tokens, at most as many as the charger can hold.

    Blocked ones as Blocked, because the list wins over the charger's cache; expired ones not at
    all. The platform's tokens stay out, and those of one payment: a charger that is offline
    could start with them what nobody guards. When there is not enough room, active tokens and
    those issued first stay.
    """
    if not row.kept:
        return Wanted({})
    only_here = Q(charger__isnull=True) | Q(charger=row.charger_id, expires_at__isnull=True)
    tokens = (
        IdToken.objects.filter(only_here, cpo_id=row.charger.cpo_id)
        .exclude(expires_at__lte=at)
        .annotate(
            rank=Case(
                When(status=IdTokenStatus.ACTIVE, then=Value(0)),
                default=Value(1),
                output_field=IntegerField(),
            )
        )
        .order_by("rank", "pk")
    )
    most = _room(row.charger_id)
    found = list(tokens[:most])
    left_out = tokens.count() - most if len(found) == most else 0
    return Wanted({token.token.lower(): entry_of(token) for token in found}, left_out)


def entry_of(token: IdToken) -> Entry:
    active = token.status == IdTokenStatus.ACTIVE
    info = {"status": str(AuthorizationStatus.ACCEPTED if active else AuthorizationStatus.BLOCKED)}
    if token.expires_at is not None:
        info["expiryDate"] = clock.isoformat_z(token.expires_at)
    if token.group:
        info["parentIdTag"] = token.group
    return {"idTag": token.token, "idTagInfo": info}


def next_message(row: LocalList, wanted: Entries) -> dict[str, Any] | None:
    """The SendLocalList that comes next; None when the charger holds what it should.

    Full first, then Differential in parts of what one message may carry (§5.15).
    """
    version = max(row.sent_version, row.held_version or 0, row.reported_version or 0) + 1
    most = per_message(row)
    if row.whole or version > _LAST_VERSION:
        # A Full one may have any version: the numbers begin again where they ran out.
        version = version if version <= _LAST_VERSION else 1
        return _message("Full", version, list(wanted.values())[:most])
    entries = _changes(row.held, wanted)[:most]
    return _message("Differential", version, entries) if entries else None


def apply(row: LocalList, message: Mapping[str, Any]) -> None:
    """What the charger holds once it accepted `message`; the caller saves."""
    held: Entries = {} if message["updateType"] == "Full" else dict(row.held)
    for entry in message.get("localAuthorizationList") or []:
        key = str(entry["idTag"]).lower()
        if "idTagInfo" in entry:
            held[key] = entry
        else:
            held.pop(key, None)
    row.held = held
    row.held_version = message["listVersion"]
    if message["updateType"] == "Full":
        row.whole = False


def per_message(row: LocalList) -> int:
    told = known_number(row.charger_id, "SendLocalListMaxLength")
    most = told if told is not None and told > 0 else _USUAL_PER_MESSAGE
    return min(most, row.chunk or _MOST_PER_MESSAGE, _MOST_PER_MESSAGE)


def _room(charger_pk: int) -> int:
    told = known_number(charger_pk, "LocalAuthListMaxLength")
    return min(told, _MOST_HELD) if told is not None and told > 0 else _MOST_HELD


def _changes(held: Entries, wanted: Entries) -> list[Entry]:
    """First what goes, to make room; an entry without idTagInfo removes its tag."""
    gone = [{"idTag": entry["idTag"]} for key, entry in held.items() if key not in wanted]
    return gone + [entry for key, entry in wanted.items() if held.get(key) != entry]


def _message(kind: str, version: int, entries: list[Entry]) -> dict[str, Any]:
    return {"listVersion": version, "localAuthorizationList": entries, "updateType": kind}
