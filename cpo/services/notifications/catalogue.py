"""Every kind of news for people: its words, where it belongs, and what happens by default.

Words are filled from `args`. A name that ends with `_idr` is an amount of rupiah, with `_at` a time
(shown in the reader's zone), with `_text` a sentence of ours that is translated, too; a value may
be such a sentence with words of its own: {"text": …, "context": …, "args": {…}}.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cpo.models import MailWhen

MONEY: Final = _("Money")
CHARGERS: Final = _("Chargers")
COMPANY: Final = _("Company")
TICKETS: Final = _("Tickets")


class Kind(NamedTuple):
    """`for_staff`: only the platform's people are told."""

    area: Promise
    name: Promise
    title: Promise
    body: Promise | str = ""
    mail: MailWhen = MailWhen.NOW
    for_staff: bool = False


_WHY = _("%(company)s. %(reason)s")
_COMPANY = "%(company)s"

KINDS: Final = MappingProxyType(
    {
        "settlement.requested": Kind(
            MONEY,
            _("A settlement waits for approval"),
            _("A settlement of %(amount_idr)s waits for approval"),
            _COMPANY,
            for_staff=True,
        ),
        "settlement.approved": Kind(
            MONEY,
            _("A settlement was approved"),
            _("Your settlement of %(amount_idr)s was approved"),
            _COMPANY,
            mail=MailWhen.NEVER,
        ),
        "settlement.paid": Kind(
            MONEY,
            _("A settlement was paid"),
            _("Your settlement of %(amount_idr)s was paid"),
            _COMPANY,
        ),
        "settlement.rejected": Kind(
            MONEY,
            _("A settlement was refused"),
            _("Your settlement of %(amount_idr)s was refused"),
            _WHY,
        ),
        "settlement.failed": Kind(
            MONEY,
            _("A settlement's transfer failed or came back"),
            _("The transfer of your settlement of %(amount_idr)s failed"),
            _WHY,
        ),
        "payout.failed": Kind(
            MONEY,
            _("A payout failed"),
            _("A payout of %(amount_idr)s failed"),
            _WHY,
            for_staff=True,
        ),
        "charger.offline": Kind(
            CHARGERS,
            _("A charger is offline"),
            _("%(charger)s is offline"),
            _("%(location)s, since %(since_at)s"),
        ),
        "charger.offline_many": Kind(
            CHARGERS,
            _("Many chargers are offline at once"),
            _("%(count)s chargers are offline"),
            _COMPANY,
        ),
        "charger.faulted": Kind(
            CHARGERS,
            _("A connector is out of order"),
            _("%(charger)s, connector %(connector)s is out of order"),
            _("%(location)s: %(error)s, since %(since_at)s"),
        ),
        "company.verified": Kind(
            COMPANY,
            _("Your company was verified"),
            _("%(company)s is verified"),
            _("You can sell energy and be paid."),
        ),
        "company.rejected": Kind(
            COMPANY,
            _("Your company was not accepted"),
            _("%(company)s was not accepted"),
            "%(reason)s",
        ),
        "company.suspended": Kind(
            COMPANY,
            _("Your company was suspended"),
            _("%(company)s is suspended"),
            "%(reason)s",
        ),
        "bank_account.refused": Kind(
            COMPANY,
            _("Your bank account was refused"),
            _("The bank account %(account)s was refused"),
            "%(reason)s",
        ),
        "member.joined": Kind(
            COMPANY,
            _("Somebody joined your team"),
            _("%(person)s joined your team"),
            _COMPANY,
            mail=MailWhen.NEVER,
        ),
        "webhook.disabled": Kind(
            COMPANY,
            _("A webhook was switched off"),
            _("The webhook %(webhook)s was switched off"),
            "%(reason_text)s",
        ),
        "ticket.opened": Kind(
            TICKETS, _("A ticket was opened"), _("New ticket: %(subject)s"), _COMPANY
        ),
        "ticket.assigned": Kind(
            TICKETS, _("A ticket is yours now"), _("A ticket is yours: %(subject)s"), _COMPANY
        ),
        "ticket.commented": Kind(
            TICKETS,
            _("Somebody commented on a ticket"),
            _("New comment: %(subject)s"),
            _("%(person)s: %(comment)s"),
        ),
        "ticket.changed": Kind(
            TICKETS,
            _("A ticket's status changed"),
            _("Ticket “%(subject)s” is now: %(status)s"),
            _COMPANY,
            mail=MailWhen.DIGEST,
        ),
        "ticket.late": Kind(
            TICKETS,
            _("A ticket was not answered or resolved in time"),
            _("Ticket “%(subject)s” is late"),
            _("%(company)s. It was due at %(due_at)s."),
        ),
    }
)
