"""What a person asks of a charger: a form of the page becomes a command in its queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chargers.models import Charger, ForcedStatus
from chargers.selectors.board import BoardCharger
from chargers.services.chargers import force_status
from chargers.services.commands import queue_command
from chargers.services.configuration.changing import change_configuration
from chargers.services.configuration.reading import request_reading
from chargers.services.remote_starts.intents import start_remotely
from cpo.models import User
from unievp.lib.errors import DomainError, InvalidError
from unievp.web.portal.chargers.common import charger_row, may_operate
from unievp.web.portal.chargers.page import latest_commands
from unievp.web.portal.company import Desk, portal_page
from unievp.web.portal.numbers import whole_number


@require_POST
@portal_page
def act(request: HttpRequest, desk: Desk, charger_pk: int, name: str) -> HttpResponseBase:
    """Queue what `name` asks for; answers with the latest commands (htmx), or leads back."""
    row = charger_row(desk, charger_pk)
    if name not in ACTIONS:
        raise Http404
    if not may_operate(desk, row.charger):
        raise PermissionDenied
    refusal = ""
    try:
        ACTIONS[name](row, request.POST, desk.user)
    except DomainError as error:
        refusal = str(error)
    if request.headers.get("HX-Request"):
        context = {
            "desk": desk,
            "charger": row.charger,
            "refusal": refusal,
            **latest_commands(desk, row),
        }
        return _part(request, context)
    if refusal:
        messages.error(request, refusal)
    else:
        messages.success(request, _("Asked. The charger's answer appears below."))
    return redirect("portal:charger", charger_pk)


def _part(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    return render(request, "portal/charger/commands.html", context)


# --- What there is to ask -----------------------------------------------------------------------


def _start(row: BoardCharger, asked: QueryDict, actor: User) -> None:
    tag = asked.get("id_tag", "").strip()
    if not tag:
        raise InvalidError(_("Give the id tag that pays for it."), field="id_tag")
    start_remotely(row.charger, id_tag=tag, connector_number=_number(asked) or None, actor=actor)


def _stop(row: BoardCharger, asked: QueryDict, actor: User) -> None:
    number = _number(asked, "transaction_id")
    running = [part.session.transaction_id for part in row.connectors if part.session]
    if number not in running:
        raise InvalidError(_("This session has ended."), field="transaction_id")
    _queue(row.charger, "RemoteStopTransaction", actor, transactionId=number)


def _unlock(row: BoardCharger, asked: QueryDict, actor: User) -> None:
    number = _number(asked)
    if number not in {part.connector.number for part in row.connectors}:
        raise InvalidError(_("Say which connector to unlock."), field="connector")
    _queue(row.charger, "UnlockConnector", actor, connectorId=number)


def _restart(row: BoardCharger, asked: QueryDict, actor: User) -> None:
    kind = asked.get("kind", "Soft")
    if kind not in ("Soft", "Hard"):
        raise InvalidError(_("A restart is soft or hard."), field="kind")
    _queue(row.charger, "Reset", actor, type=kind)


def _availability(row: BoardCharger, asked: QueryDict, actor: User) -> None:
    wanted = asked.get("status", "")
    if wanted not in ForcedStatus.values:
        raise InvalidError(_("Say whether it is to be in service or not."), field="status")
    force_status(
        row.charger,
        status=ForcedStatus(wanted),
        connector_number=_number(asked),
        actor=actor,
        reason=asked.get("reason", "")[:300],
    )


def _read_configuration(row: BoardCharger, _asked: QueryDict, _actor: User) -> None:
    request_reading(row.charger)


def _change_configuration(row: BoardCharger, asked: QueryDict, actor: User) -> None:
    key = asked.get("key", "").strip()
    if not key:
        raise InvalidError(_("Name the setting to change."), field="key")
    change_configuration(row.charger, key=key, value=asked.get("value", ""), actor=actor)


def _queue(charger: Charger, action: str, actor: User, **payload: object) -> None:
    queue_command(charger, action=action, payload=payload, actor=actor)


def _number(asked: QueryDict, name: str = "connector") -> int:
    """0 for nothing: the whole charger."""
    return whole_number(asked.get(name, "").strip() or "0", field=name)


_Action = Callable[[BoardCharger, QueryDict, User], None]
ACTIONS: Final[Mapping[str, _Action]] = MappingProxyType(
    {
        "start": _start,
        "stop": _stop,
        "unlock": _unlock,
        "restart": _restart,
        "availability": _availability,
        "read-configuration": _read_configuration,
        "change-configuration": _change_configuration,
    }
)
