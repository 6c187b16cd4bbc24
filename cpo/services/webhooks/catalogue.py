"""Every type of event that goes out, what it means, and what a key must be able to read for it."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from cpo.models import Scope
from unievp.lib.errors import InvalidError

EVERYTHING: Final = "*"
TEST: Final = "webhook.test"


class EventType(NamedTuple):
    meaning: Promise
    scope: str


_SESSION, _CHARGER = Scope.SESSIONS_READ.value, Scope.CHARGERS_READ.value
_PAYMENT, _WALLET = Scope.PAYMENTS_READ.value, Scope.WALLET_READ.value
_TICKET = Scope.TICKETS_READ.value

TYPES: Final = MappingProxyType(
    {
        "session.started": EventType(_("A charge began."), _SESSION),
        "session.updated": EventType(
            _("A charge went on (at most once a minute), was billed or was corrected."), _SESSION
        ),
        "session.ended": EventType(_("A charge ended."), _SESSION),
        "charger.online": EventType(_("A charger connected."), _CHARGER),
        "charger.offline": EventType(_("A charger is gone."), _CHARGER),
        "charger.faulted": EventType(_("A charger or connector reported a fault."), _CHARGER),
        "command.completed": EventType(
            _("A command was answered, expired or was cancelled."), Scope.COMMANDS_READ.value
        ),
        "payment.created": EventType(_("A payment was asked for."), _PAYMENT),
        "payment.requires_action": EventType(_("A payment waits for the driver."), _PAYMENT),
        "payment.processing": EventType(_("A payment is being processed."), _PAYMENT),
        "payment.succeeded": EventType(_("A payment arrived."), _PAYMENT),
        "payment.partially_refunded": EventType(
            _("A part of a payment went back to the driver."), _PAYMENT
        ),
        "payment.refunded": EventType(_("A payment went back to the driver."), _PAYMENT),
        "payment.failed": EventType(_("A payment failed."), _PAYMENT),
        "payment.canceled": EventType(_("A payment was cancelled."), _PAYMENT),
        "payment.expired": EventType(_("Nobody paid in time."), _PAYMENT),
        "payment.disputed": EventType(_("A driver disputes a payment."), _PAYMENT),
        "payment.charged_back": EventType(_("The bank took a payment back."), _PAYMENT),
        "payment.review": EventType(_("A person has to look at a payment."), _PAYMENT),
        "settlement.requested": EventType(_("A settlement was asked for."), _WALLET),
        "settlement.approved": EventType(_("A settlement was approved."), _WALLET),
        "settlement.submitting": EventType(_("A settlement is being sent to the bank."), _WALLET),
        "settlement.submitted": EventType(_("A settlement was sent to the bank."), _WALLET),
        "settlement.processing": EventType(_("The bank works on a settlement."), _WALLET),
        "settlement.paid": EventType(_("A settlement was paid."), _WALLET),
        "settlement.rejected": EventType(_("A settlement was refused."), _WALLET),
        "settlement.cancelled": EventType(_("A settlement was taken back."), _WALLET),
        "settlement.failed": EventType(_("A settlement's transfer failed."), _WALLET),
        "settlement.reversed": EventType(_("The bank returned a settlement."), _WALLET),
        "settlement.review": EventType(_("A person has to look at a settlement."), _WALLET),
        "ticket.created": EventType(_("A ticket was opened."), _TICKET),
        "ticket.updated": EventType(_("A ticket's status, priority or assignee changed."), _TICKET),
        "ticket.commented": EventType(_("A ticket got a public comment."), _TICKET),
        "ticket.resolved": EventType(_("A ticket was resolved."), _TICKET),
        "ticket.closed": EventType(_("A ticket was closed."), _TICKET),
        "ticket.reopened": EventType(_("A ticket was opened again."), _TICKET),
    }
)
GROUPS: Final = tuple(dict.fromkeys(f"{name.partition('.')[0]}.*" for name in TYPES))
CHOICES: Final = (EVERYTHING, *GROUPS, *TYPES)


def chosen(wanted: Iterable[str], *, field: str = "event_types") -> list[str]:
    """The choices without repetition. Raises InvalidError for none, or one that does not exist."""
    names = list(dict.fromkeys(wanted))
    if not names:
        raise InvalidError(_text("Choose what to hear of."), field=field)
    for name in names:
        if name not in CHOICES:
            raise InvalidError(
                _text("There is no event %(name)s.") % {"name": name[:64]}, field=field
            )
    return names


def patterns_of(event_type: str) -> tuple[str, ...]:
    """What an endpoint may have chosen that takes this type in."""
    return (event_type, f"{event_type.partition('.')[0]}.*", EVERYTHING)


def scopes_for(wanted: Iterable[str]) -> set[str]:
    """What a key must be able to read to hear of `wanted`."""
    names = set(wanted)
    return {kind.scope for name, kind in TYPES.items() if names & set(patterns_of(name))}
