"""When a charger's configuration is read, and how: all keys at once, then by name in chunks.

GetConfigurationMaxKeys limits how many keys one request may name; an answer to "all keys" may be
cut all the same. It counts as whole when no key is missing that every charger must have (§9.1);
otherwise the known keys that it lacks are asked for by name.

A charger that just booted or connected is left alone for CONFIGURATION_SETTLE_S: some fall over
when they are asked at once (reference §2.18, evcc #25069).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from chargers.configuration_keys import REQUIRED_KEYS, STANDARD_KEYS, is_secret
from chargers.models import (
    Charger,
    Command,
    CommandStatus,
    ConfigurationKey,
    ConfigurationReading,
    ReadingState,
)
from chargers.selectors.configuration import known_number
from chargers.selectors.drift import wanted_values
from chargers.services.commands import queue_command
from chargers.services.configuration.answers import NOT_ANSWERED, mark_gone, store_answer
from chargers.services.configuration.automatic import apply_automatically
from chargers.states import CONFIGURATION_READING
from unievp.lib import clock

ACTION: Final = "GetConfiguration"
ASKED_BY: Final = "configuration reading"
_MOST_PER_REQUEST: Final = 100
_DEFAULT_PER_REQUEST: Final = 20
_MOST_ATTEMPTS: Final = 5
# After so many times without an answer to "all keys" they are asked for by name.
_ATTEMPTS_AT_ALL: Final = 2
_RETRY_EVERY: Final = timedelta(minutes=5)
_NO_SUCH_MESSAGE: Final = ("NotImplemented", "NotSupported")


def request_reading(
    charger: Charger, *, keys: Iterable[str] = (), delay_s: int = 0
) -> ConfigurationReading | None:
    """Have everything read, or `keys` alone, in `delay_s` seconds; joins what is due already.

    Passwords are never asked for: None where nothing else was named.
    """
    named = list(keys)
    wanted = [key for key in named if not is_secret(key)]
    everything = not named
    if named and not wanted:
        return None
    due_at = clock.now() + timedelta(seconds=delay_s)
    with transaction.atomic():
        ConfigurationReading.objects.get_or_create(
            charger=charger,
            defaults={"due_at": due_at, "everything": everything, "state": ReadingState.READ},
        )
        reading = ConfigurationReading.objects.select_for_update().get(charger=charger)
        if reading.state in (ReadingState.READ, ReadingState.FAILED):
            reading.everything, reading.keys, reading.started_at = everything, [], None
            reading.attempts, reading.error = 0, ""
        reading.everything |= everything
        reading.keys = _joined(reading.keys, wanted)
        # One that is asked right now goes on to these keys by itself.
        if reading.state != ReadingState.ASKED:
            CONFIGURATION_READING.check(reading.state, ReadingState.DUE)
            reading.state = ReadingState.DUE
            reading.due_at = due_at
        reading.save()
    return reading


def ask(reading_pk: int) -> bool:
    """Send the next request of a reading that is due; whether it was sent."""
    with transaction.atomic():
        reading = (
            ConfigurationReading.objects.select_for_update(of=("self",))
            .select_related("charger__cpo")
            .filter(pk=reading_pk, state=ReadingState.DUE, due_at__lte=clock.now())
            .first()
        )
        if reading is None or reading.charger.is_retired:
            return False
        if reading.everything:
            reading.started_at = clock.now()
            reading.firmware_version = reading.charger.firmware_version
        _send_next(reading)
    return True


def follow_reading(command: Command) -> None:
    """Follower of GetConfiguration, whoever asked; harmless when called again."""
    now = clock.now()
    answered = command.status == CommandStatus.ANSWERED
    told = store_answer(command.charger_id, command.response or {}, at=now) if answered else set()
    reading = (
        ConfigurationReading.objects.select_for_update(of=("self",))
        .select_related("charger__cpo")
        .filter(command=command, state=ReadingState.ASKED)
        .first()
    )
    if reading is None:
        return
    if answered:
        _take(reading, told, now)
    elif command.status == CommandStatus.FAILED and _is_refusal(command):
        _go_round(reading, command, now)
    else:
        _try_later(reading, command, now)


def _send_next(reading: ConfigurationReading) -> None:
    if reading.everything:
        payload = {}
        reading.asked = []
    else:
        reading.asked, reading.keys = (
            reading.keys[: reading.chunk],
            reading.keys[reading.chunk :],
        )
        payload = {"key": reading.asked}
    CONFIGURATION_READING.check(ReadingState.DUE, ReadingState.ASKED)
    reading.state = ReadingState.ASKED
    reading.command = queue_command(reading.charger, action=ACTION, payload=payload, actor=ASKED_BY)
    reading.save()


def _take(reading: ConfigurationReading, told: set[str], now: datetime) -> None:
    reading.attempts, reading.error = 0, ""
    reading.chunk = _per_request(reading)
    if reading.everything:
        reading.everything = False
        missing = _missing(reading, told)
        required = {key.casefold() for key in REQUIRED_KEYS}
        if required <= told:
            mark_gone(reading.charger_id, still_there=told, at=now)
            # Whole: only what a template wants is asked for once more, by name.
            wanted = wanted_values(reading.charger)
            missing = [key for key in missing if key.casefold() in wanted]
        reading.keys = _joined(missing, reading.keys)
    else:
        # Neither reported nor called unknown: one program ignores the list (vcp), so nothing
        # can be said of these keys, and asking again would not help.
        reading.keys = [key for key in reading.keys if key.casefold() not in told]
    _go_on(reading, now)


def _go_on(reading: ConfigurationReading, now: datetime) -> None:
    if reading.everything or reading.keys:
        reading.state = ReadingState.DUE
        _send_next(reading)
        return
    CONFIGURATION_READING.check(reading.state, ReadingState.READ)
    reading.state = ReadingState.READ
    reading.read_at = now
    reading.asked = []
    reading.save()
    if reading.started_at is not None:
        apply_automatically(reading.charger)


def _go_round(reading: ConfigurationReading, command: Command, now: datetime) -> None:
    """A CALLERROR: fewer keys, or by name instead of all; the end when no key is left to halve."""
    if command.error.partition(":")[0] in _NO_SUCH_MESSAGE:
        _fail(reading, command.error)
        return
    reading.error = command.error
    if reading.everything:
        reading.everything = False
        reading.keys = _joined(_missing(reading, set()), reading.keys)
    elif len(reading.asked) > 1:
        reading.chunk = max(1, len(reading.asked) // 2)
        reading.keys = _joined(reading.asked, reading.keys)
    _go_on(reading, now)


def _try_later(reading: ConfigurationReading, command: Command, now: datetime) -> None:
    reading.attempts += 1
    reading.error = command.error or NOT_ANSWERED.get(command.status, command.status)
    if reading.attempts >= _MOST_ATTEMPTS:
        _fail(reading, reading.error)
        return
    if reading.everything and reading.attempts >= _ATTEMPTS_AT_ALL:
        reading.everything = False
        reading.keys = _joined(_missing(reading, set()), reading.keys)
    elif not reading.everything:
        reading.keys = _joined(reading.asked, reading.keys)
    CONFIGURATION_READING.check(reading.state, ReadingState.DUE)
    reading.state = ReadingState.DUE
    reading.due_at = now + _RETRY_EVERY
    reading.save()


def _fail(reading: ConfigurationReading, error: str) -> None:
    CONFIGURATION_READING.check(reading.state, ReadingState.FAILED)
    reading.state = ReadingState.FAILED
    reading.error = error[:300]
    reading.keys, reading.asked = [], []
    reading.save()


def _is_refusal(command: Command) -> bool:
    return command.error.partition(":")[0].isalpha()


def _missing(reading: ConfigurationReading, told: set[str]) -> list[str]:
    """Keys worth asking for by name: the standard's, those it once had, those templates want."""
    once = ConfigurationKey.objects.filter(charger=reading.charger, known=True)
    candidates = [
        *STANDARD_KEYS,
        *once.values_list("key", flat=True),
        *(wanted.key for wanted in wanted_values(reading.charger).values()),
    ]
    return [
        key
        for key in _joined([], candidates)
        if key.casefold() not in told and not is_secret(key) and len(key) <= 50
    ]


def _per_request(reading: ConfigurationReading) -> int:
    most = known_number(reading.charger_id, "GetConfigurationMaxKeys")
    if most is None or most < 1:
        return min(reading.chunk, _DEFAULT_PER_REQUEST)
    return min(most, _MOST_PER_REQUEST)


def _joined(first: Iterable[str], second: Iterable[str]) -> list[str]:
    """Both, each key once (in any case), in order."""
    seen: dict[str, str] = {}
    for key in (*first, *second):
        seen.setdefault(key.casefold(), key)
    return list(seen.values())
