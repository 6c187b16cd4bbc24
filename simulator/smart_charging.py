"""Charging profiles installed in a charger, and the power they allow (OCPP 1.6 §3.13, §7.8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from simulator.car import PHASE_VOLTAGE
from simulator.connector import Transaction

Profile = dict[str, Any]
MAX_PROFILE = "ChargePointMaxProfile"
DEFAULT_PROFILE = "TxDefaultProfile"
TX_PROFILE = "TxProfile"
CYCLE = {"Daily": timedelta(days=1), "Weekly": timedelta(days=7)}


class RefusedProfileError(ValueError):
    """A profile the specification lets no charger accept."""


@dataclass
class ProfileStore:
    """Installed profiles as (connector, profile); connector 0 is the whole charger."""

    installed: list[tuple[int, Profile]] = field(default_factory=list)

    def install(self, connector: int, profile: Profile, transaction: Transaction | None) -> None:
        """Same id, or same purpose and stack level, is replaced. Raises RefusedProfileError."""
        purpose = profile["chargingProfilePurpose"]
        if purpose == MAX_PROFILE and connector != 0:
            message = "ChargePointMaxProfile belongs to connector 0"
            raise RefusedProfileError(message)
        if purpose == TX_PROFILE:
            named = profile.get("transactionId")
            if connector == 0 or transaction is None or named not in (None, transaction.id):
                message = "TxProfile needs the running transaction of a connector"
                raise RefusedProfileError(message)
        _periods(profile)
        key = (connector, purpose, profile["stackLevel"])
        self.installed = [
            (number, old)
            for number, old in self.installed
            if old["chargingProfileId"] != profile["chargingProfileId"]
            and (number, old["chargingProfilePurpose"], old["stackLevel"]) != key
        ]
        self.installed.append((connector, profile))

    def clear(self, wanted: dict[str, Any]) -> bool:
        """True if any profile matched. An id alone decides; other fields must all match."""
        kept = [
            (number, old) for number, old in self.installed if not _matches(number, old, wanted)
        ]
        cleared = len(kept) < len(self.installed)
        self.installed = kept
        return cleared

    def forget_transaction(self, connector: int) -> None:
        """TxProfiles end with their transaction."""
        self.installed = [
            (number, profile)
            for number, profile in self.installed
            if (number, profile["chargingProfilePurpose"]) != (connector, TX_PROFILE)
        ]

    def limit_w(
        self, connector: int, now: datetime, transaction: Transaction | None, phases: int
    ) -> int | None:
        """Watts allowed at the connector now; None without any limit."""
        for_transaction = self._of(connector, TX_PROFILE, now, transaction, phases)
        if for_transaction is None:
            for_transaction = self._of(connector, DEFAULT_PROFILE, now, transaction, phases)
        if for_transaction is None:
            for_transaction = self._of(0, DEFAULT_PROFILE, now, transaction, phases)
        for_all = self._of(0, MAX_PROFILE, now, transaction, phases)
        limits = [limit for limit in (for_transaction, for_all) if limit is not None]
        return min(limits, default=None)

    def _of(
        self,
        connector: int,
        purpose: str,
        now: datetime,
        transaction: Transaction | None,
        phases: int,
    ) -> int | None:
        fitting = [
            profile
            for number, profile in self.installed
            if number == connector and profile["chargingProfilePurpose"] == purpose
        ]
        for profile in sorted(fitting, key=lambda each: -int(each["stackLevel"])):
            limit = limit_of(profile, now, transaction, phases)
            if limit is not None:
                return limit
        return None


def limit_of(
    profile: Profile, now: datetime, transaction: Transaction | None, phases: int
) -> int | None:
    """Watts of one profile at one moment; None where it says nothing."""
    begin, end = _when(profile, "validFrom"), _when(profile, "validTo")
    if (begin and now < begin) or (end and now >= end):
        return None
    elapsed = _elapsed(profile, now, transaction)
    schedule = profile["chargingSchedule"]
    if elapsed is None or elapsed >= schedule.get("duration", elapsed + 1):
        return None
    current = [period for period in _periods(profile) if period["startPeriod"] <= elapsed]
    if not current:
        return None
    period = current[-1]
    if schedule["chargingRateUnit"] == "A":
        return int(period["limit"] * PHASE_VOLTAGE * min(phases, period.get("numberPhases", 3)))
    return int(period["limit"])


def _elapsed(profile: Profile, now: datetime, transaction: Transaction | None) -> float | None:
    """Seconds into the schedule; None before it begins."""
    kind = profile["chargingProfileKind"]
    start = _moment(profile["chargingSchedule"].get("startSchedule"))
    if kind == "Relative" or start is None:
        return (now - transaction.started_at).total_seconds() if transaction else 0.0
    if now < start:
        return None
    passed = now - start
    if kind == "Recurring":
        passed %= CYCLE[profile.get("recurrencyKind", "Daily")]
    return passed.total_seconds()


def _periods(profile: Profile) -> list[dict[str, Any]]:
    periods: list[dict[str, Any]] = profile["chargingSchedule"]["chargingSchedulePeriod"]
    if not periods or periods[0]["startPeriod"] != 0:
        message = "the first period starts at 0"
        raise RefusedProfileError(message)
    return periods


def _matches(number: int, profile: Profile, wanted: dict[str, Any]) -> bool:
    if wanted.get("id") is not None:
        return bool(profile["chargingProfileId"] == wanted["id"])
    found = {
        "connectorId": number,
        "chargingProfilePurpose": profile["chargingProfilePurpose"],
        "stackLevel": profile["stackLevel"],
    }
    return all(wanted.get(name) in (None, value) for name, value in found.items())


def _when(profile: Profile, name: str) -> datetime | None:
    return _moment(profile.get(name))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
