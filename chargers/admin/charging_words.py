"""Charging limits in words: which profile limits, to what, until when."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from chargers.smart_charging.composition import Slot
from chargers.smart_charging.profiles import TX, TX_DEFAULT, Profile


def amperes(ma: int | None) -> str:
    """`15.9 A`, with a no-break space."""
    if ma is None:
        return "-"
    return f"{formats.number_format(Decimal(ma) / 1000, 1)}\N{NO-BREAK SPACE}A"


def limit(value: Decimal | None, unit: str) -> str:
    if value is None:
        return _("no limit")
    return f"{formats.number_format(value, 1)}\N{NO-BREAK SPACE}{unit}"


def clock_time(at: datetime, now: datetime) -> str:
    """The hour, with the day where it is another one; in the page's zone."""
    local = timezone.localtime(at)
    same_day = local.date() == timezone.localtime(now).date()
    return formats.date_format(local, "H:i" if same_day else "j M H:i")


def name(profile: Profile) -> str:
    return _("%(purpose)s %(id)d at level %(level)d") % {
        "purpose": profile.purpose,
        "id": profile.profile_id,
        "level": profile.stack_level,
    }


def reason(slot: Slot, unit: str, now: datetime) -> str:
    """`TxProfile 7 at level 2 limits to 10 A until 18:00`, and whom it overrules."""
    if slot.profile is None:
        return _("No profile speaks: nothing limits.")
    text = _("%(profile)s limits to %(limit)s until %(until)s.") % {
        "profile": name(slot.profile),
        "limit": limit(slot.limit, unit),
        "until": clock_time(slot.end, now),
    }
    if slot.period is not None and slot.profile.unit != unit:
        said = limit(slot.period.limit, slot.profile.unit)
        text += " " + _("It says %(said)s.") % {"said": said}
    if slot.overruled:
        text += " " + _("Does not count now: %(others)s.") % {
            "others": "; ".join(_overruled(other, slot.profile) for other in slot.overruled)
        }
    return text


def _overruled(other: Profile, winner: Profile) -> str:
    if other.purpose == winner.purpose:
        why = _("lower level") if other.connector == winner.connector else _("of all connectors")
    elif (other.purpose, winner.purpose) == (TX_DEFAULT, TX):
        why = _("a session's own profile goes first")
    else:
        why = _("higher limit")
    return f"{name(other)} ({why})"


def duration(seconds: int | None) -> str:
    return _("for ever") if seconds is None else str(timedelta(seconds=seconds))
