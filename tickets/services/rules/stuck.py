"""Sessions that are open and of which nothing is heard, although their charger is there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import F
from django.db.models.functions import Coalesce, Greatest

from chargers.models import ChargingSession, SessionStatus
from tickets.services.causes import Cause
from tickets.services.rules.selling import in_use
from tickets.states import RuleKind

_KIND: Final = RuleKind.SESSION_STUCK


def stuck(now: datetime, patience: timedelta) -> list[Cause]:
    """Active, without a meter value for `patience`. While its charger is offline, nothing can be
    heard: that opens no ticket of its own, and ends none.
    """
    until = now - patience
    rows = (
        ChargingSession.objects.filter(in_use("charger__"), status=SessionStatus.ACTIVE)
        # The charger's clock may be behind, ours is not.
        .annotate(
            heard_at=Greatest(Coalesce("last_reading_at", "start_received_at"), "start_received_at")
        )
        .filter(heard_at__lte=until)
        .order_by("pk")
        .values(
            "pk",
            "transaction_id",
            "charger_id",
            "connector_id",
            "cpo_id",
            "heard_at",
            identity=F("charger__identity"),
            location_name=F("charger__location__name"),
            there=F("charger__presence__online"),
        )
    )
    return [
        Cause(
            kind=_KIND,
            key=f"{_KIND.value}:{row['pk']}",
            since=row["heard_at"],
            occurrence=str(int(row["heard_at"].timestamp())),
            args={
                "transaction": row["transaction_id"],
                "charger": row["identity"],
                "location": row["location_name"],
            },
            cpo_id=row["cpo_id"],
            charger_id=row["charger_id"],
            connector_id=row["connector_id"],
            session_id=row["pk"],
            opens=bool(row["there"]),
        )
        for row in rows
    ]
