"""Words of tickets that rules opened: made when they are read, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from unievp.lib.money import format_money


class Words(NamedTuple):
    title: Promise
    details: Promise


# By code: the kind of the rule, or what else names a cause.
WORDS: Final[Mapping[str, Words]] = {
    "connector_faulted": Words(
        _("%(charger)s, connector %(connector)s is out of order"),
        _("%(location)s: it has been reporting %(error)s."),
    ),
    "charger_faulted": Words(
        _("%(charger)s is out of order"),
        _("%(location)s: it has been reporting %(error)s."),
    ),
    "charger_offline": Words(
        _("%(charger)s is offline"),
        _("%(location)s: the charger is not connected. Check its power and its network."),
    ),
    "chargers_offline": Words(
        _("%(count)s chargers are offline"),
        _("They fell silent together: a network or a site may be down. One of them: %(charger)s."),
    ),
    "session_stuck": Words(
        _("Session %(transaction)s at %(charger)s has no meter values"),
        _("%(location)s: the session is open, but the charger tells nothing of it."),
    ),
    "payout_failed": Words(
        _("A payout of %(amount_idr)s failed"),
        _("%(recipient)s: %(reason)s"),
    ),
    "reconciliation_difference": Words(
        _("The books differ: %(check)s"),
        _("%(object)s: expected %(expected)s, found %(found)s."),
    ),
    "security_event": Words(
        _("%(charger)s reports %(event)s"),
        _("%(location)s: a critical security event. %(info)s"),
    ),
    "roaming_difference": Words(
        _("A bill of %(partner)s differs"),
        _("%(object)s: expected %(expected)s, found %(found)s."),
    ),
}


def _shown(name: str, value: Any) -> str:
    """A name that ends with `_idr` is an amount of rupiah."""
    if name.endswith("_idr"):
        return format_money(int(value), language=get_language() or settings.LANGUAGE_CODE)
    return " ".join(str(value).split())


class _Filling(dict[str, str]):
    """Words that changed since a row was written may ask for what it does not have."""

    def __missing__(self, name: str) -> str:
        return ""


def filled(code: str, part: str, args: Mapping[str, Any]) -> str:
    """`part` is "title" or "details"; the code itself where it is not known any more."""
    words = WORDS.get(code)
    if words is None:
        return code if part == "title" else ""
    text = str(words.title if part == "title" else words.details)
    shown = {name: _shown(name, value) for name, value in args.items()}
    return (text % _Filling(shown)).strip()
