"""The next request to a charger whose list is due: one at a time, each after the one before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from chargers.models import LocalList, LocalListState
from chargers.services.commands import queue_command
from chargers.services.local_lists.contents import next_message, wanted_list
from chargers.states import LOCAL_LIST
from unievp.lib import clock

SEND: Final = "SendLocalList"
ASK: Final = "GetLocalListVersion"
ASKED_BY: Final = "local list"
_FIRST_RETRY: Final = timedelta(minutes=1)
_LAST_RETRY: Final = timedelta(hours=6)


def locked(rows: QuerySet[LocalList]) -> QuerySet[LocalList]:
    return rows.select_for_update(of=("self",)).select_related("charger__cpo")


def advance(row_pk: int) -> bool:
    """Send the next request of a list that is due; whether one was sent."""
    with transaction.atomic():
        due = LocalList.objects.filter(pk=row_pk, state=LocalListState.DUE, due_at__lte=clock.now())
        row = locked(due).first()
        return row is not None and not row.charger.is_retired and send_next(row)


def send_next(row: LocalList) -> bool:
    """The next request of this due and locked row; without one left it rests. Saves the row."""
    now = clock.now()
    if row.unsure_id is not None or row.reported_at is None:
        _ask(row, ASK, {})
        return True
    wanted = wanted_list(row, now)
    row.left_out, row.compared_at = wanted.left_out, now
    message = next_message(row, wanted.entries)
    if message is None:
        _rest(row, now)
        return False
    row.sent_version = message["listVersion"]
    _ask(row, SEND, message)
    return True


def make_due(row: LocalList, *, at: datetime) -> None:
    """The caller saves, or sends at once."""
    LOCAL_LIST.check(row.state, LocalListState.DUE)
    row.state, row.due_at = LocalListState.DUE, at


def try_later(row: LocalList, error: str) -> None:
    """After a failure: in a minute, then less and less often. Saves the row."""
    wait = min(_FIRST_RETRY * 2 ** min(row.attempts, 12), _LAST_RETRY)
    row.attempts = min(row.attempts + 1, 1_000)
    row.error = error[:300]
    make_due(row, at=clock.now() + wait)
    row.save()


def give_up(row: LocalList, error: str) -> None:
    """The charger knows no local lists. Saves the row."""
    if row.kept:
        LOCAL_LIST.check(row.state, LocalListState.UNSUPPORTED)
        row.state = LocalListState.UNSUPPORTED
    elif row.state != LocalListState.OFF:
        LOCAL_LIST.check(row.state, LocalListState.OFF)
        row.state = LocalListState.OFF
    row.held, row.held_version, row.whole, row.unsure = {}, None, True, None
    row.error = error[:300]
    row.save()


def _ask(row: LocalList, action: str, payload: dict[str, object]) -> None:
    LOCAL_LIST.check(row.state, LocalListState.ASKED)
    row.state = LocalListState.ASKED
    row.command = queue_command(row.charger, action=action, payload=payload, actor=ASKED_BY)
    row.save()


def _rest(row: LocalList, now: datetime) -> None:
    state = LocalListState.CURRENT if row.kept else LocalListState.OFF
    LOCAL_LIST.check(row.state, state)
    row.state = state
    row.current_since = now if row.kept else None
    row.attempts, row.error = 0, ""
    row.save()
