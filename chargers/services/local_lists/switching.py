"""What staff do with a charger's local list and its authorization cache."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import Charger, Command, LocalList, LocalListState
from chargers.services.commands import queue_command
from chargers.services.local_lists.sending import ASK, locked, make_due, send_next
from chargers.states import LOCAL_LIST
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError


def keep_list(charger: Charger, *, actor: User | str) -> LocalList:
    """Have `charger` know its CPO's tokens. Raises ConflictError for a retired one."""
    if charger.is_retired:
        raise ConflictError(_("This charger is retired."), code="charger_retired")
    with transaction.atomic():
        row = _row_of(charger)
        if row.kept:
            return row
        row.kept = True
        _begin(row)
        _note(row, actor, "local_list.keep")
    return row


def drop_list(charger: Charger, *, actor: User | str) -> LocalList:
    """Keep it no longer; the charger is told to forget what it holds."""
    with transaction.atomic():
        row = _row_of(charger)
        if not row.kept:
            return row
        row.kept = False
        if row.state == LocalListState.UNSUPPORTED or charger.is_retired:
            row.state = LocalListState.OFF
            row.save()
        else:
            _begin(row)
        _note(row, actor, "local_list.drop")
    return row


def send_whole_list(row: LocalList, *, actor: User | str) -> LocalList:
    """Send everything anew. Raises ConflictError where none is kept or a request is under way."""
    with transaction.atomic():
        row = locked(LocalList.objects.filter(pk=row.pk)).get()
        if not row.kept:
            message = _("This charger's list is not kept. Switch it on first.")
            raise ConflictError(message, code="local_list_off")
        if row.state == LocalListState.ASKED:
            message = _("The charger is being asked right now. Try again when it has answered.")
            raise ConflictError(message, code="local_list_busy")
        row.chunk = None
        _begin(row)
        _note(row, actor, "local_list.send_whole")
    return row


def ask_version(charger: Charger, *, actor: User | str) -> Command:
    """GetLocalListVersion; its answer is compared with what we believe."""
    return queue_command(charger, action=ASK, payload={}, actor=actor)


def clear_cache(charger: Charger, *, actor: User | str) -> Command:
    """ClearCache (OCPP 1.6 §5.4). Rejected: the charger keeps no cache, or would not."""
    return queue_command(charger, action="ClearCache", payload={}, actor=actor)


def _row_of(charger: Charger) -> LocalList:
    LocalList.objects.get_or_create(charger=charger)
    return locked(LocalList.objects.filter(charger=charger)).get()


def _begin(row: LocalList) -> None:
    """From a Full list; what is under way ends first, and what follows from it goes on."""
    row.whole, row.attempts, row.error = True, 0, ""
    if row.state == LocalListState.ASKED:
        row.save()
        return
    if LOCAL_LIST.allows(row.state, LocalListState.DUE):
        make_due(row, at=clock.now())
    send_next(row)


def _note(row: LocalList, actor: User | str, action: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=row.charger,
        after={"kept": row.kept},
        cpo=row.charger.cpo,
    )
