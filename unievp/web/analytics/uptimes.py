"""Uptime of whole companies: from every status of every connector, so it is kept for a while."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.core.cache import cache

from chargers.models import Charger
from chargers.selectors.availability.facts import availability_of
from chargers.selectors.availability.uptime import Uptime
from chargers.selectors.board import in_service
from cpo.access import Actor
from unievp.lib import clock
from unievp.lib.alone import only_one

# What is shown where nobody asks for another time.
USUAL: Final = timedelta(days=30)
# Longer than the beat's period: a page finds a figure and need not wait for one.
KEPT_S: Final = 900
_MICROSECOND: Final = timedelta(microseconds=1)
_MINUTE: Final = timedelta(minutes=1)


def uptime_percent(
    actor: Actor, cpo_id: UUID | None, since: datetime, until: datetime
) -> Decimal | None:
    """Over all connectors that `actor` may see; maintenance is excluded.

    At most a quarter of an hour old. It is kept by company, and whose rows these are decides
    which companies are summed: nobody sees another's figure.
    """
    chargers = in_service(actor, cpo_id).order_by()
    cpo_ids = set(chargers.values_list("cpo_id", flat=True).distinct())
    keys = {_key(each, since, until): each for each in cpo_ids}
    kept: dict[str, list[int]] = cache.get_many(keys)
    total = sum((_unpacked(values) for values in kept.values()), Uptime())
    missing = [each for key, each in keys.items() if key not in kept]
    return (total + _reckon(missing, since, until)).percent()


def keep_uptimes() -> int:
    """Reckon the usual time's for every company before anybody asks; how many companies."""
    with only_one("keep uptimes", seconds=KEPT_S) as alone:
        if not alone:
            return 0
        until = clock.now()
        companies = Charger.objects.filter(retired_at=None).order_by().values_list("cpo_id")
        cpo_ids = [cpo_id for (cpo_id,) in companies.distinct()]
        for cpo_id in cpo_ids:
            _reckon([cpo_id], until - USUAL, until)
        return len(cpo_ids)


def _reckon(cpo_ids: Iterable[UUID], since: datetime, until: datetime) -> Uptime:
    """The sum over these companies; each one's is kept."""
    found = {cpo_id: Uptime() for cpo_id in cpo_ids}
    chargers = Charger.objects.filter(cpo_id__in=found, retired_at=None)
    for connector in availability_of(chargers, since=since, until=until) if found else ():
        found[connector.charger.cpo_id] += connector.uptime
    cache.set_many({_key(each, since, until): _packed(up) for each, up in found.items()}, KEPT_S)
    return sum(found.values(), Uptime())


def _key(cpo_id: UUID, since: datetime, until: datetime) -> str:
    begin, end = (int(at.timestamp() // _MINUTE.total_seconds()) for at in (since, until))
    if abs(until - clock.now()) < _MINUTE:
        # The same time each day, whenever it is asked for.
        begin, end = 0, (until - since) // _MINUTE
    return f"uptime:{cpo_id}:{begin}:{end}"


def _packed(uptime: Uptime) -> list[int]:
    return [time // _MICROSECOND for time in astuple(uptime)]


def _unpacked(values: list[int]) -> Uptime:
    return Uptime(*(value * _MICROSECOND for value in values))
