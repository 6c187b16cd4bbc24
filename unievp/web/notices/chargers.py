"""Chargers that are offline, and connectors that are faulted, longer than people can bear.

Both are read from the logs of what chargers did, some minutes back again and again: a row is news
once it is old enough and still true.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Max
from django.urls import reverse

from chargers.models import (
    Charger,
    ChargerStatus,
    Connector,
    ConnectorStatus,
    ConnectorStatusChange,
    PresenceChange,
)
from cpo.access import Right
from cpo.models import CPO
from cpo.services.cursors import SETTLED, advance, position_of
from cpo.services.notifications.telling import notify, people_of
from unievp.lib import clock

# So many of one company at once are one piece of news.
MANY: Final = 10
_OFFLINE, _FAULTED = "notices.offline", "notices.faulted"


def tell_of_offline_chargers() -> int:
    """Those that are gone for NOTIFY_OFFLINE_MINUTES; how many people were told."""
    patience = timedelta(minutes=settings.NOTIFY_OFFLINE_MINUTES)
    until = clock.now() - patience
    position = position_of(_OFFLINE, begin=_end_of_presence)
    end = _end_of_presence()
    gone = PresenceChange.objects.filter(
        pk__gt=position,
        online=False,
        at__lte=until,
        charger__retired_at=None,
        charger__presence__online=False,
    )
    last: dict[int, PresenceChange] = {}
    for change in gone.select_related("charger__cpo", "charger__location").order_by("pk"):
        last[change.charger_id] = change
    of_company: defaultdict[UUID, list[PresenceChange]] = defaultdict(list)
    for change in last.values():
        of_company[change.charger.cpo_id].append(change)
    told = sum(_tell_offline(changes, until) for changes in of_company.values())
    advance(_OFFLINE, end=end, settled=patience + SETTLED)
    return told


def tell_of_faults() -> int:
    """Connectors (0: whole chargers) that are faulted for NOTIFY_FAULTED_MINUTES."""
    patience = timedelta(minutes=settings.NOTIFY_FAULTED_MINUTES)
    until = clock.now() - patience
    position = position_of(_FAULTED, begin=_end_of_statuses)
    end = _end_of_statuses()
    reports = ConnectorStatusChange.objects.filter(
        pk__gt=position, status=ConnectorStatus.FAULTED, charger__retired_at=None
    )
    places = reports.order_by().values_list("charger_id", "connector_number").distinct()
    told = sum(_tell_fault(charger_id, number, until) for charger_id, number in places)
    advance(_FAULTED, end=end, settled=patience + SETTLED)
    return told


def _end_of_presence() -> int:
    return PresenceChange.objects.aggregate(end=Max("pk"))["end"] or 0


def _end_of_statuses() -> int:
    return ConnectorStatusChange.objects.aggregate(end=Max("pk"))["end"] or 0


def _tell_offline(changes: Sequence[PresenceChange], until: datetime) -> int:
    cpo = changes[0].charger.cpo
    if len(changes) >= MANY:
        return _tell_many(cpo, len(changes), until)
    people = list(people_of(cpo, Right.OPERATE))
    return sum(
        notify(
            people,
            event="charger.offline",
            key=f"offline:{change.pk}",
            args={
                "charger": change.charger.identity,
                "location": change.charger.location.name,
                "since_at": change.at,
            },
            link=_page(change.charger),
            cpo=cpo,
        )
        for change in changes
    )


def _tell_many(cpo: CPO, count: int, until: datetime) -> int:
    # One an hour: what is found while they fall silent, one after the other, is the same news.
    return notify(
        people_of(cpo, Right.OPERATE),
        event="charger.offline_many",
        key=f"offline_many:{cpo.pk}:{until:%Y%m%d%H}",
        args={"count": count, "company": cpo.name},
        link=f"{reverse('portal:board')}?cpo={cpo.pk}",
        cpo=cpo,
    )


def _tell_fault(charger_id: int, number: int, until: datetime) -> int:
    charger = Charger.objects.select_related("cpo", "location").get(pk=charger_id)
    first = _first_fault(charger, number) if _is_faulted(charger, number) else None
    if first is None or first.received_at > until:
        return 0
    return notify(
        people_of(charger.cpo, Right.OPERATE),
        event="charger.faulted",
        key=f"faulted:{first.pk}",
        args={
            "charger": charger.identity,
            "connector": number,
            "location": charger.location.name,
            "error": first.error_code,
            "since_at": first.received_at,
        },
        link=_page(charger),
        cpo=charger.cpo,
    )


def _is_faulted(charger: Charger, number: int) -> bool:
    if number == 0:
        return charger.status == ChargerStatus.FAULTED
    faulted = Connector.objects.filter(
        charger=charger, number=number, status=ConnectorStatus.FAULTED
    )
    return faulted.exists()


def _first_fault(charger: Charger, number: int) -> ConnectorStatusChange | None:
    """Since when: some chargers report the same fault every minute."""
    rows = ConnectorStatusChange.objects.filter(charger=charger, connector_number=number)
    well = rows.exclude(status=ConnectorStatus.FAULTED).order_by("-reported_at", "-pk").first()
    faults = rows.filter(status=ConnectorStatus.FAULTED)
    if well is not None:
        faults = faults.filter(reported_at__gte=well.reported_at)
    return faults.order_by("reported_at", "pk").first()


def _page(charger: Charger) -> str:
    return reverse("portal:charger", args=(charger.pk,))
