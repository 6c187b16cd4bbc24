"""Tickets, and what they are about, by the ids that callers name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext as _

from chargers.api.commands import find_charger
from chargers.api.sessions import find_session
from cpo.access import is_platform_staff
from cpo.api.endpoint import Endpoint
from cpo.api.tenants import company_of
from cpo.models import CPO, Driver, User
from payments.api.payments import find_connector, find_payment
from tickets.models import Ticket
from tickets.selectors.tickets import tickets_for
from tickets.services.opening import Report
from unievp.lib.errors import ForbiddenError, InvalidError, NotFoundError

_MAX_ID = 2**63 - 1
_ABOUT = ("charger", "connector", "session", "payment")


def find_ticket(endpoint: Endpoint, ticket_id: int) -> Ticket:
    """With the right of this method. Raises NotFoundError, also for another company's ticket."""
    rows = tickets_for(endpoint.actor)
    ticket = rows.filter(pk=ticket_id).first() if ticket_id <= _MAX_ID else None
    if ticket is None:
        raise NotFoundError(_("There is no such ticket."))
    require(endpoint, ticket.cpo)
    return ticket


def require(endpoint: Endpoint, cpo: CPO | None) -> None:
    """As `Endpoint.require`; what is of no company is the platform's, and the driver's own."""
    if cpo is not None:
        endpoint.require(cpo)
    elif not isinstance(endpoint.actor, Driver) and not is_platform_staff(endpoint.actor):
        raise ForbiddenError(_("This is for the platform's staff."))


def owner_of(endpoint: Endpoint, values: dict[str, Any]) -> CPO | None:
    """For which company a ticket of a person or a key is."""
    actor, cpo_id = endpoint.actor, values.get("cpo_id")
    if cpo_id is None and is_platform_staff(actor):
        return None
    return company_of(actor, cpo_id)


def report_of(endpoint: Endpoint, values: dict[str, Any]) -> Report:
    """The ticket that is asked for. Raises NotFoundError for what the actor may not see."""
    names = ("category", "priority", "subject", "description")
    about: dict[str, Any] = {}
    if "charger_id" in values:
        about["charger"] = find_charger(endpoint.actor, values["charger_id"], field="charger_id")
    if "connector_id" in values:
        if "charger" not in about:
            raise InvalidError(_("Name its charger, too."), field="charger_id")
        about["connector"] = find_connector(about["charger"], values["connector_id"])
    if "session_id" in values:
        about["session"] = find_session(endpoint, values["session_id"])
    if "payment_id" in values:
        about["payment"] = find_payment(endpoint.actor, values["payment_id"])
    return Report(**{name: values[name] for name in names}, **about)


@contextmanager
def names_of_ids() -> Iterator[None]:
    """A refusal names the part of the body: "charger_id", where the service says "charger"."""
    try:
        yield
    except InvalidError as error:
        if error.field not in _ABOUT:
            raise
        raise InvalidError(error.detail, field=f"{error.field}_id", code=error.code) from None


def person_named(name: str | None) -> User | None:
    """By the user name. Raises InvalidError for nobody's; whether they may is asked later."""
    if name is None:
        return None
    person = User.objects.filter(username__iexact=name, is_active=True).first()
    if person is None:
        raise InvalidError(_("This person cannot deal with this ticket."), field="assignee")
    return person
