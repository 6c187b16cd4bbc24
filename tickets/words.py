"""Words of tickets that rules opened: made when they are read, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from tickets.states import RuleKind
from unievp.lib.money import format_money


class Words(NamedTuple):
    """In English, to be translated."""

    title: str
    details: str


# By code: the kind of the rule, or what else names a cause.
WORDS: Final[Mapping[str, Words]] = {
    "connector_faulted": Words(
        gettext_noop("%(charger)s, connector %(connector)s is out of order"),
        gettext_noop("%(location)s: it has been reporting %(error)s."),
    ),
    "charger_faulted": Words(
        gettext_noop("%(charger)s is out of order"),
        gettext_noop("%(location)s: it has been reporting %(error)s."),
    ),
    "charger_offline": Words(
        gettext_noop("%(charger)s is offline"),
        gettext_noop(
            "%(location)s: the charger is not connected. Check its power and its network."
        ),
    ),
    "chargers_offline": Words(
        gettext_noop("%(count)s chargers are offline"),
        gettext_noop(
            "They fell silent together: a network or a site may be down. One of them: %(charger)s."
        ),
    ),
    "session_stuck": Words(
        gettext_noop("Session %(transaction)s at %(charger)s has no meter values"),
        gettext_noop("%(location)s: the session is open, but the charger tells nothing of it."),
    ),
    "payout_failed": Words(
        gettext_noop("A payout of %(amount_idr)s failed"),
        gettext_noop("%(recipient)s: %(reason)s"),
    ),
    "reconciliation_difference": Words(
        gettext_noop("The books differ: %(check)s"),
        gettext_noop("%(object)s: expected %(expected)s, found %(found)s."),
    ),
    "security_event": Words(
        gettext_noop("%(charger)s reports %(event)s"),
        gettext_noop("%(location)s: a critical security event. %(info)s"),
    ),
    "roaming_difference": Words(
        gettext_noop("A bill of %(partner)s differs"),
        gettext_noop("%(object)s: expected %(expected)s, found %(found)s."),
    ),
    "roaming_cdr_unclear": Words(
        gettext_noop("A bill of %(partner)s cannot be checked"),
        gettext_noop("CDR %(cdr)s: %(reason)s"),
    ),
    "roaming_cdr_held": Words(
        gettext_noop("A bill of %(partner)s is not booked"),
        gettext_noop("CDR %(cdr)s: its page among the CDRs received says why."),
    ),
    "roaming_cdr_missing": Words(
        gettext_noop("%(partner)s sent no bill"),
        gettext_noop("Its session %(session)s is over; ask for the CDR."),
    ),
}


def _shown(name: str, value: Any) -> str:
    """A name that ends with `_idr` is an amount of rupiah."""
    if name.endswith("_idr"):
        return format_money(int(value), language=get_language() or settings.LANGUAGE_CODE)
    return " ".join(str(value).split())


def shown_name(label: str) -> str:
    """Whose name is kept with something: people's as it is, a rule's in the language of now."""
    what, _colon, name = label.partition(": ")
    if what == "rule" and name in RuleKind.values:
        return _("Rule: %(rule)s") % {"rule": RuleKind(name).label}
    return "UNIEV" if what == "beat" and name else label


class _Filling(dict[str, str]):
    """Words that changed since a row was written may ask for what it does not have."""

    def __missing__(self, name: str) -> str:
        return ""


def filled(code: str, part: str, args: Mapping[str, Any]) -> str:
    """`part` is "title" or "details"; the code itself where it is not known any more."""
    words = WORDS.get(code)
    if words is None:
        return code if part == "title" else ""
    text = _(words.title if part == "title" else words.details)
    shown = {name: _shown(name, value) for name, value in args.items()}
    return (text % _Filling(shown)).strip()
