"""What each scenario of the simulator is called, for people who try something out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SCENARIO_WORDS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        "idle": _("By hand: no driver comes, you plug the cars in"),
        "normal": _("Drivers come and go"),
        "faults": _("Connectors break and recover"),
        "offline_queue": _("It loses the network and tells everything later"),
        "power_failure": _("The power fails while cars charge"),
        "dropped_sockets": _("Its connection drops again and again"),
        "slow_answers": _("It answers slowly"),
        "wrong_clock": _("Its clock is wrong"),
        "wrong_units": _("It measures in the wrong unit"),
        "register_reset": _("Its meter begins at 0 again"),
        "duplicates": _("It sends messages twice"),
        "reordering": _("It sends messages in the wrong order"),
        "lost_stops": _("It forgets to tell that charging ended"),
        "garbage": _("It sends nonsense between its messages"),
        "reconnect_storm": _("It reconnects without end"),
    }
)
