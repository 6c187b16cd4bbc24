"""Rows that a request names: the actor's own, or not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from cpo.access import Actor, visible
from ocpi.models import ForeignLocation, ForeignSession, SentCommand
from ocpi.objects.abroad import connectors_of, find_evse
from ocpi.services.sent_commands.asking import Target
from ocpi.wire import json
from unievp.lib.errors import InvalidError, NotFoundError

_MOST_ID: Final = 2**63 - 1


def find_location(actor: Actor, number: int, *, field: str | None = None) -> ForeignLocation:
    """Raises NotFoundError."""
    rows = visible(actor, ForeignLocation.objects.select_related("partner"))
    found = rows.filter(pk=number).first() if number <= _MOST_ID else None
    if found is None:
        raise NotFoundError(_("There is no such location."), field=field)
    return found


def find_session(actor: Actor, number: int, *, field: str | None = None) -> ForeignSession:
    """Raises NotFoundError, also for another driver's session."""
    parts = ("partner", "own_token__contract__driver")
    rows = visible(actor, ForeignSession.objects.select_related(*parts))
    found = rows.filter(pk=number).first() if number <= _MOST_ID else None
    if found is None:
        raise NotFoundError(_("There is no such session."), field=field)
    return found


def find_command(actor: Actor, number: UUID, *, field: str | None = None) -> SentCommand:
    """Raises NotFoundError, also for another driver's command."""
    rows = visible(actor, SentCommand.objects.select_related("partner", "driver"))
    found = rows.filter(pk=number).first()
    if found is None:
        raise NotFoundError(_("There is no such command."), field=field)
    return found


def target_at(actor: Actor, values: Mapping[str, Any]) -> Target:
    """The EVSE that a request names, with its only connector where it names none.

    Raises NotFoundError, or InvalidError where it has to say which connector.
    """
    location = find_location(actor, values["roaming_location_id"], field="roaming_location_id")
    evse = find_evse(json.loads(location.body), values["evse_uid"])
    if evse is None:
        raise NotFoundError(_("There is no such EVSE."), field="evse_uid")
    ids = [str(one.get("id", "")) for one in connectors_of(evse)]
    wanted = values.get("connector_id")
    if wanted is None and len(ids) != 1:
        raise InvalidError(_("Name the connector."), field="connector_id")
    chosen = next((one for one in ids if wanted is None or one.lower() == wanted.lower()), None)
    if chosen is None:
        raise NotFoundError(_("This EVSE has no such connector."), field="connector_id")
    return Target(
        location.partner,
        location.country_code,
        location.party_id,
        location.ocpi_id,
        str(evse["uid"]),
        chosen,
    )
