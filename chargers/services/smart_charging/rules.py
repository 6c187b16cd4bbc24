"""Why a charging profile would be refused, before the charger says only "Rejected" (pain 56)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from chargers.services.smart_charging.limits import ChargerLimits
from chargers.smart_charging.profiles import (
    ABSOLUTE,
    CYCLES,
    POINT_MAX,
    RECURRING,
    TX,
    Profile,
)

_UNIT_WORDS = {"A": "Current", "W": "Power"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with `field` (as OCPP calls it), and what to do about it."""

    field: str
    text: str


def problems_of(
    profile: Profile,
    limits: ChargerLimits,
    *,
    others: Sequence[Profile] = (),
    connectors: int | None = None,
    in_remote_start: bool = False,
) -> list[Problem]:
    """Everything the charger, or the specification, has against `profile`; empty: nothing.

    `others` are the profiles believed installed; `connectors` how many outlets there are.
    """
    return [
        *_purpose(profile, in_remote_start=in_remote_start),
        *_times(profile),
        *_schedule(profile),
        *_charger(profile, limits, others),
        *_connector(profile, connectors),
    ]


def _purpose(profile: Profile, *, in_remote_start: bool) -> Iterator[Problem]:
    if profile.purpose == POINT_MAX and profile.connector != 0:
        yield Problem(
            "connectorId", _("A ChargePointMaxProfile is for the whole charger: use connector 0.")
        )
    if in_remote_start:
        if profile.purpose != TX:
            yield Problem(
                "chargingProfilePurpose", _("A remote start carries a TxProfile and no other.")
            )
        if profile.transaction_id is not None:
            yield Problem(
                "transactionId", _("A remote start has no transaction yet: leave it out.")
            )
    elif profile.purpose == TX:
        if profile.connector == 0:
            yield Problem(
                "connectorId", _("A TxProfile is for one session: name its connector, from 1.")
            )
        if profile.transaction_id is None:
            yield Problem(
                "transactionId",
                _("A TxProfile needs a running session; without one use TxDefaultProfile."),
            )
    if profile.purpose != TX and profile.transaction_id is not None:
        yield Problem("transactionId", _("Only a TxProfile belongs to a transaction."))


def _times(profile: Profile) -> Iterator[Problem]:
    if profile.kind == RECURRING:
        if profile.recurrency not in CYCLES:
            yield Problem("recurrencyKind", _("Say whether it repeats Daily or Weekly."))
        if profile.start_at is None:
            yield Problem("startSchedule", _("A recurring schedule needs a first start."))
    elif profile.recurrency is not None:
        yield Problem("recurrencyKind", _("Only for the kind Recurring: leave it out."))
    if profile.kind == ABSOLUTE and profile.start_at is None and profile.purpose == POINT_MAX:
        yield Problem(
            "startSchedule", _("An absolute schedule of the whole charger needs a start.")
        )
    if profile.valid_from and profile.valid_to and profile.valid_from >= profile.valid_to:
        yield Problem("validTo", _("It must be after validFrom."))
    if profile.duration_s == 0:
        yield Problem("duration", _("It must be longer than 0 seconds; empty: for ever."))


def _schedule(profile: Profile) -> Iterator[Problem]:
    starts = [period.start_s for period in profile.periods]
    if not starts or starts[0] != 0:
        yield Problem("startPeriod", _("The first period starts at 0."))
    if starts != sorted(set(starts)):
        yield Problem("startPeriod", _("Each period starts later than the one before it."))
    if any(period.limit < 0 for period in profile.periods):
        yield Problem("limit", _("A limit is 0 or more."))
    if any(period.limit * 10 % 1 for period in profile.periods):
        yield Problem("limit", _("A limit has at most one decimal."))
    if any(period.phases not in (None, 1, 2, 3) for period in profile.periods):
        yield Problem("numberPhases", _("1, 2 or 3 phases; empty: 3."))
    if profile.min_rate is not None and profile.min_rate * 10 % 1:
        yield Problem("minChargingRate", _("It has at most one decimal."))
    if profile.stack_level < 0:
        yield Problem("stackLevel", _("A stack level is 0 or more."))


def _charger(
    profile: Profile, limits: ChargerLimits, others: Sequence[Profile]
) -> Iterator[Problem]:
    most = limits.max_stack_level
    if most is not None and profile.stack_level > most:
        yield Problem(
            "stackLevel",
            _("This charger allows levels 0 to %(most)d (ChargeProfileMaxStackLevel).")
            % {"most": most},
        )
    if limits.units is not None and profile.unit not in limits.units:
        known = ", ".join(sorted(_UNIT_WORDS[unit] for unit in limits.units))
        yield Problem(
            "chargingRateUnit",
            _(
                "This charger takes only %(known)s (ChargingScheduleAllowedChargingRateUnit):"
                " use %(units)s."
            )
            % {"known": known, "units": ", ".join(sorted(limits.units))},
        )
    if limits.max_periods is not None and len(profile.periods) > limits.max_periods:
        yield Problem(
            "chargingSchedulePeriod",
            _("This charger takes at most %(most)d periods (ChargingScheduleMaxPeriods).")
            % {"most": limits.max_periods},
        )
    switches = any(period.phases in (1, 2) for period in profile.periods)
    if limits.switches_phases is False and switches:
        yield Problem(
            "numberPhases",
            _(
                "This charger cannot change the number of phases while it charges"
                " (ConnectorSwitch3to1PhaseSupported): leave it out."
            ),
        )
    yield from _room(profile, limits, others)


def _room(profile: Profile, limits: ChargerLimits, others: Sequence[Profile]) -> Iterator[Problem]:
    staying = [other for other in others if not replaces(profile, other)]
    if limits.max_installed is not None and len(staying) >= limits.max_installed:
        yield Problem(
            "chargingProfileId",
            _(
                "This charger holds %(most)d profiles (MaxChargingProfilesInstalled): clear one"
                " first, or use the id of one."
            )
            % {"most": limits.max_installed},
        )


def _connector(profile: Profile, connectors: int | None) -> Iterator[Problem]:
    if connectors is not None and profile.connector > connectors:
        yield Problem(
            "connectorId",
            _("This charger has connectors 1 to %(most)d; 0 is all of them.")
            % {"most": connectors},
        )


def replaces(new: Profile, old: Profile) -> bool:
    """The same id, or the same purpose and stack level on the same connector (§5.16.4)."""
    same_place = (new.connector, new.purpose, new.stack_level) == (
        old.connector,
        old.purpose,
        old.stack_level,
    )
    return new.profile_id == old.profile_id or same_place
