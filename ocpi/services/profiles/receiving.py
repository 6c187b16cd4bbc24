"""Charging profiles of partners (OCPI 2.2.1 §14): handed to the charger, answered at once.

The charger's own answer goes to `response_url` later, as a command's (`services.commands.telling`).
At a site with a power budget the charger gets none of it: the budget's own limits keep to it
(`chargers.services.site_power.capping`), and that is the result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction

from chargers.models import Command, SessionStatus
from chargers.selectors.configuration import known_words
from chargers.selectors.session_caps import shares_out
from chargers.services.site_power.capping import cap_session, lift_cap
from chargers.services.smart_charging.installing import (
    ask_composite,
    clear_profiles,
    install_profile,
    next_profile_id,
)
from chargers.services.smart_charging.limits import limits_of
from chargers.smart_charging.profiles import TX
from ocpi.events import ResultDecided
from ocpi.models import (
    CommandRequest,
    Partner,
    RequestKind,
    RequestStatus,
    RoamingSession,
)
from ocpi.objects.profiles import read_profile
from ocpi.services.commands.answers import ACCEPTED, UNKNOWN
from ocpi.services.profiles.active import mark_profile
from ocpi.wire.reading import Reader
from unievp.lib import clock
from unievp.lib.errors import DomainError
from unievp.lib.events import publish
from unievp.lib.targets import check_url

# Chargers write profiles to flash memory; a car needs seconds to follow one.
EVERY: Final = timedelta(seconds=10)
LONGEST: Final = 24 * 3600
_FEATURE: Final = "SmartCharging"
_LEVEL: Final = 1


def set_profile(
    partner: Partner, session_id: str, body: Any, *, sender: tuple[str, str]
) -> dict[str, Any]:
    """The ChargingProfileResponse to PUT. `sender`: OCPI-from, for the way back.

    Raises OcpiError 2001 for a field.
    """
    reader = Reader(body)

    def ask(row: RoamingSession) -> Command | None:
        charger, session = row.charging.charger, row.charging
        profile = read_profile(
            reader.inner("charging_profile"),
            profile_id=next_profile_id(charger),
            stack_level=_stack_level(charger.pk),
            connector=session.connector.number,
            transaction_id=session.transaction_id,
        )
        if shares_out(session.connector):
            cap_session(session, profile=profile, actor=_actor(partner))
            return None
        lift_cap(session, actor=_actor(partner))
        made = install_profile(
            charger,
            profile=profile,
            actor=_actor(partner),
            deadline_s=settings.OCPI_COMMAND_TIMEOUT_S,
        )
        return Command.objects.get(charging_profiles=made)

    url = reader.url("response_url")
    return _receive(partner, session_id, RequestKind.SET_PROFILE, url, ask, sender, reader.raw)


def clear_profile(
    partner: Partner, session_id: str, *, response_url: str, sender: tuple[str, str]
) -> dict[str, Any]:
    """The ChargingProfileResponse to DELETE: the session is limited by us alone again."""

    def ask(row: RoamingSession) -> Command | str:
        charger = row.charging.charger
        lifted = lift_cap(row.charging, actor=_actor(partner))
        if shares_out(row.charging.connector):
            # Nothing of theirs is at the charger, and what is there is the budget's.
            return ACCEPTED if lifted else UNKNOWN
        return clear_profiles(
            charger,
            connector=row.charging.connector.number,
            purpose=TX,
            stack_level=_stack_level(charger.pk),
            actor=_actor(partner),
            deadline_s=settings.OCPI_COMMAND_TIMEOUT_S,
        )

    return _receive(partner, session_id, RequestKind.CLEAR_PROFILE, response_url, ask, sender, None)


def ask_profile(
    partner: Partner,
    session_id: str,
    *,
    response_url: str,
    duration_s: int,
    sender: tuple[str, str],
) -> dict[str, Any]:
    """The ChargingProfileResponse to GET: the charger is asked what it will allow."""

    def ask(row: RoamingSession) -> Command:
        return ask_composite(
            row.charging.charger,
            connector=row.charging.connector.number,
            duration=timedelta(seconds=min(duration_s, LONGEST)),
            unit=None,
            actor=_actor(partner),
        )

    raw = {"duration": duration_s}
    return _receive(partner, session_id, RequestKind.GET_PROFILE, response_url, ask, sender, raw)


def _receive(
    partner: Partner,
    session_id: str,
    kind: RequestKind,
    response_url: str,
    ask: Callable[[RoamingSession], Command | str | None],
    sender: tuple[str, str],
    raw: Any,
) -> dict[str, Any]:
    """`ask`: the command that the result will be of, the result itself, or None where the site's
    power budget has to see to it first.
    """
    check_url(response_url, allow_loopback=settings.OCPI_ALLOW_LOOPBACK, field="response_url")
    row = _session(partner, session_id)
    if row is None:
        return _refused("UNKNOWN_SESSION")
    digest = _digest(kind, row.ocpi_id, response_url, raw)
    if _waiting(partner).filter(digest=digest).exists():
        return _accepted()
    refusal = _refusal(row, kind)
    if refusal:
        return _refused(refusal)
    try:
        with transaction.atomic():
            _remember(row, kind, ask(row), digest, response_url, sender)
    except DomainError:
        # The charger or the specification would refuse it; the wire log has the words.
        return _refused("REJECTED")
    except IntegrityError:
        if not _waiting(partner).filter(digest=digest).exists():
            raise
    return _accepted()


def _session(partner: Partner, session_id: str) -> RoamingSession | None:
    """The partner's own, while it runs."""
    return (
        RoamingSession.objects.select_related(
            "partner", "session__charger__location", "session__connector"
        )
        .filter(partner=partner, ocpi_id__iexact=session_id, session__status=SessionStatus.ACTIVE)
        .first()
    )


def _refusal(row: RoamingSession, kind: RequestKind) -> str:
    charger = row.charging.charger
    features = known_words(charger.pk, "SupportedFeatureProfiles")
    if features is not None and _FEATURE not in features:
        return "NOT_SUPPORTED"
    if kind == RequestKind.GET_PROFILE:
        return ""
    lately = row.profile_requests.filter(
        created_at__gt=clock.now() - EVERY, type__in=[RequestKind.SET_PROFILE]
    )
    return "TOO_OFTEN" if kind == RequestKind.SET_PROFILE and lately.exists() else ""


def _remember(
    row: RoamingSession,
    kind: RequestKind,
    asked: Command | str | None,
    digest: str,
    response_url: str,
    sender: tuple[str, str],
) -> None:
    now, is_known = clock.now(), isinstance(asked, str)
    request = CommandRequest.objects.create(
        partner=row.partner,
        type=kind,
        digest=digest,
        response_url=response_url,
        country_code=sender[0][:2],
        party_id=sender[1][:3],
        charger=row.charging.charger,
        command=asked if isinstance(asked, Command) else None,
        roaming_session=row,
        status=RequestStatus.DECIDED if is_known else RequestStatus.WAITING,
        result=asked if isinstance(asked, str) else "",
        created_at=now,
        deadline_at=now + timedelta(seconds=settings.OCPI_COMMAND_TIMEOUT_S),
    )
    if is_known:
        publish(ResultDecided(request.pk))
        mark_profile(row)


def _waiting(partner: Partner) -> Any:
    return CommandRequest.objects.filter(partner=partner, status=RequestStatus.WAITING)


def _digest(kind: RequestKind, session_id: str, response_url: str, raw: Any) -> str:
    text = json.dumps([kind, session_id, response_url, raw], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _stack_level(charger_pk: int) -> int:
    """Above the charger's defaults where it knows more than one level."""
    most = limits_of(charger_pk).max_stack_level
    return _LEVEL if most is None or most >= _LEVEL else most


def _actor(partner: Partner) -> str:
    return f"ocpi: {partner.name}"[:150]


def _accepted() -> dict[str, Any]:
    return {"result": "ACCEPTED", "timeout": settings.OCPI_COMMAND_TIMEOUT_S}


def _refused(result: str) -> dict[str, Any]:
    return {"result": result, "timeout": 0}
