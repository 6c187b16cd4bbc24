"""WebSocketPingInterval of the chargers whose quirks ask for one (OCPP-J 1.6 §5.3).

Many chargers behind a NAT must ping by themselves. One that answers NotSupported or Rejected is
left alone: it is asked once per value and month.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from chargers.models import Charger, Command, CommandStatus, Registration
from chargers.ocpp.quirks import Make, Rulebook, choose, load_rulebook, own_rule
from chargers.selectors.configuration import known_number
from chargers.services.commands import queue_command
from unievp.lib import clock

KEY: Final = "WebSocketPingInterval"
# No burst of calls at a charger that has just come back (some drop the connection for it).
SETTLED_AFTER: Final = timedelta(minutes=1)
ASKED_AGAIN_AFTER: Final = timedelta(days=30)
MOST_AT_ONCE: Final = 100
ACTOR: Final = "quirks"


def ask_ping_intervals(now: datetime | None = None) -> int:
    """Queue ChangeConfiguration where it was not asked yet; how many."""
    now = now or clock.now()
    rules = load_rulebook()
    asked = 0
    for charger in _candidates(now, rules):
        make = Make(charger.vendor, charger.model, charger.firmware_version)
        own = own_rule(getattr(charger, "own_quirks", None))
        seconds = choose(rules, make, own).ping_interval_s
        if seconds and _is_new(charger, seconds, now):
            payload = {"key": KEY, "value": str(seconds)}
            queue_command(charger, action="ChangeConfiguration", payload=payload, actor=ACTOR)
            asked += 1
            if asked >= MOST_AT_ONCE:
                break
    return asked


def _candidates(now: datetime, rules: Rulebook) -> list[Charger]:
    rows = Charger.objects.filter(
        retired_at__isnull=True,
        registration=Registration.ACCEPTED,
        presence__online=True,
        presence__connected_at__lt=now - SETTLED_AFTER,
    ).select_related("own_quirks", "cpo")
    if not any("ping_interval_s" in rule.says for rule in rules):
        rows = rows.filter(own_quirks__ping_interval_s__gt=0)
    return list(rows.order_by("pk"))


def _is_new(charger: Charger, seconds: int, now: datetime) -> bool:
    if known_number(charger.pk, KEY) == seconds:
        return False
    undelivered = (CommandStatus.EXPIRED, CommandStatus.CANCELLED)
    asked = Command.objects.filter(
        charger=charger,
        action="ChangeConfiguration",
        payload__key=KEY,
        payload__value=str(seconds),
        created_at__gt=now - ASKED_AGAIN_AFTER,
    ).exclude(status__in=undelivered)
    return not asked.exists()
