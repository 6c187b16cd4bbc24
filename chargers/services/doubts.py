"""Why a charger will probably refuse a command, told before it goes out.

What we believe of a charger may be old or wrong, so a doubt is a warning and never a barrier: who
insists is obeyed, and the charger's own answer counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from django.utils.translation import gettext as _

from chargers.configuration_keys import fault_of
from chargers.models import Charger, ChargingSession, ConfigurationKey, SessionStatus
from chargers.ocpp.profiles import PROFILE_OF
from chargers.selectors.configuration import known_number, known_words
from chargers.services.reservations import using
from chargers.services.smart_charging.limits import limits_of
from chargers.services.smart_charging.rules import problems_of
from chargers.smart_charging.profiles import from_wire
from unievp.lib.errors import DomainError

# What means one outlet; elsewhere 0 is the whole charger.
_ONE_OUTLET: Final = frozenset({"UnlockConnector", "RemoteStartTransaction"})


def doubts_of(charger: Charger, action: str, payload: Mapping[str, Any]) -> list[str]:
    """One sentence for each reason; empty: we know of none. `payload` is valid by the schema."""
    ask = _OF_ACTION.get(action)
    return [
        *_feature(charger, action),
        *_connector(charger, action, payload),
        *_reserved(charger, action, payload),
        *(ask(charger, payload) if ask else ()),
    ]


def _feature(charger: Charger, action: str) -> Iterator[str]:
    profile = PROFILE_OF.get(action)
    if profile is None or not profile.word:
        return
    listed = known_words(charger.pk, "SupportedFeatureProfiles")
    if listed is not None and profile.word.casefold() not in {word.casefold() for word in listed}:
        yield _("The charger does not list %(profile)s among its features.") % {
            "profile": profile.word
        }


def _connector(charger: Charger, action: str, payload: Mapping[str, Any]) -> Iterator[str]:
    number = payload.get("connectorId")
    if number is None:
        return
    if number == 0:
        if action in _ONE_OUTLET:
            yield _("Connector 0 is the whole charger; this is for one connector.")
    elif not charger.connectors.filter(number=number).exists():
        yield _("We know of no connector %(number)s at this charger.") % {"number": number}


def _reserved(charger: Charger, action: str, payload: Mapping[str, Any]) -> Iterator[str]:
    try:
        using.check_command(charger, action, dict(payload))
    except DomainError as error:
        yield str(error)


def _configuration(charger: Charger, payload: Mapping[str, Any]) -> Iterator[str]:
    fault = fault_of(payload["key"], payload["value"])
    if fault is not None:
        yield str(fault.text)
    row = ConfigurationKey.objects.filter(charger=charger, key__iexact=payload["key"]).first()
    if row is None:
        return
    if not row.known:
        yield _("The charger has said that it does not know this key.")
    elif row.read_only:
        yield _("The charger has said that this key is read-only.")


def _keys(charger: Charger, payload: Mapping[str, Any]) -> Iterator[str]:
    most = known_number(charger.pk, "GetConfigurationMaxKeys")
    if most is not None and len(payload.get("key", ())) > most:
        yield _("The charger takes %(most)s keys at a time.") % {"most": most}


def _session(charger: Charger, payload: Mapping[str, Any]) -> Iterator[str]:
    running = ChargingSession.objects.filter(
        charger=charger, transaction_id=payload["transactionId"]
    ).exclude(status=SessionStatus.ENDED)
    if not running.exists():
        yield _("No session with this number is running at this charger.")


def _local_list(charger: Charger, payload: Mapping[str, Any]) -> Iterator[str]:
    if payload["listVersion"] < 1:
        yield _("Versions begin at 1: 0 is no list, and -1 is no support for one.")
    most = known_number(charger.pk, "SendLocalListMaxLength")
    if most is not None and len(payload.get("localAuthorizationList", ())) > most:
        yield _("The charger takes %(most)s tokens at a time.") % {"most": most}


def _profile(charger: Charger, payload: Mapping[str, Any]) -> Iterator[str]:
    wire = payload.get("csChargingProfiles") or payload.get("chargingProfile")
    if not wire:
        return
    profile = from_wire(wire, payload.get("connectorId") or 0)
    most = max(charger.connectors.values_list("number", flat=True), default=None)
    for problem in problems_of(
        profile,
        limits_of(charger.pk),
        connectors=most,
        in_remote_start="chargingProfile" in payload,
    ):
        yield f"{problem.field}: {problem.text}"


_OF_ACTION: Mapping[str, Callable[[Charger, Mapping[str, Any]], Iterator[str]]] = MappingProxyType(
    {
        "ChangeConfiguration": _configuration,
        "GetConfiguration": _keys,
        "RemoteStopTransaction": _session,
        "SendLocalList": _local_list,
        "SetChargingProfile": _profile,
        "RemoteStartTransaction": _profile,
    }
)
