"""A site with a power budget and chargers that obey, for tests.

`Site.settle()` runs computations and answers what they send until nothing moves, and checks at each
step that what the chargers may be allowing stays within the budget.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chargers.models import Charger, ChargingSession, Presence, SiteAllocation, SiteBudget
from chargers.services import outcomes
from chargers.services.commands import claim_next
from chargers.services.site_power.rebalancing import rebalance_site
from chargers.tests.factories import make_charger, make_location
from unievp.lib import clock


@dataclass
class Site:
    budget: SiteBudget
    chargers: list[Charger]
    now: datetime = field(default_factory=clock.now)
    # By charger: answers to SetChargingProfile instead of "Accepted"; None: no answer at all.
    answers: dict[int, str | None] = field(default_factory=dict)
    refused_units: dict[int, tuple[str, ...]] = field(default_factory=dict)
    sent: list[Any] = field(default_factory=list)

    def compute(self, seconds=0):
        self.now += timedelta(seconds=seconds)
        SiteBudget.objects.filter(pk=self.budget.pk).update(next_at=self.now)
        return rebalance_site(self.budget.pk, now=self.now)

    def answer(self):
        """Every waiting command is answered; how many."""
        count = 0
        for charger in self.chargers:
            while (command := claim_next(charger.pk)) is not None:
                count += 1
                wire = command.payload.get("csChargingProfiles", {})
                self.sent.append((charger.identity, command.payload))
                answer = self.answers.get(charger.pk, "Accepted")
                unit = wire.get("chargingSchedule", {}).get("chargingRateUnit")
                if unit in self.refused_units.get(charger.pk, ()):
                    answer = "Rejected"
                if answer is None:
                    outcomes.mark_timed_out(command.pk)
                else:
                    outcomes.mark_answered(command.pk, response={"status": answer})
        return count

    def settle(self, *, within=True, rounds=12):
        for _round in range(rounds):
            self.compute(seconds=5)
            if within:
                assert self.counted() <= self.limit(), self.table()
            if not self.answer():
                return self.table()
        raise AssertionError("it never settles")

    def limit(self):
        self.budget.refresh_from_db()
        return self.budget.limit_ma

    def counted(self):
        return sum(row.counted_ma for row in SiteAllocation.objects.filter(budget=self.budget))

    def table(self):
        """What each connector with something to tell has: "CP/1": (limit, why)."""
        rows = SiteAllocation.objects.filter(budget=self.budget).select_related(
            "connector__charger"
        )
        return {
            str(row.connector): (row.counted_ma, row.reason)
            for row in rows.order_by("connector__charger__identity", "connector__number")
            if row.counted_ma or row.reason != "idle"
        }

    def plug_in(self, charger, number=1, **values):
        connector = charger.connectors.get(number=number)
        type(connector).objects.filter(pk=connector.pk).update(status="Charging")
        return ChargingSession.objects.create(
            **{
                "cpo": charger.cpo,
                "charger": charger,
                "connector": connector,
                "id_tag": "TAG",
                "authorization": "Accepted",
                "started_at": self.now,
                "start_received_at": self.now,
                "meter_start_wh": 0,
                "meter_last_wh": 0,
            }
            | values
        )

    def unplug(self, session):
        ChargingSession.objects.filter(pk=session.pk).update(status="ended", ended_at=self.now)
        type(session.connector).objects.filter(pk=session.connector_id).update(status="Available")

    def online(self, charger, online):
        Presence.objects.filter(charger=charger).update(online=online)

    def limits_sent(self, identity, connector):
        """The limits that this connector's sessions were sent, in order."""
        return [
            payload["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]
            for name, payload in self.sent
            if name == identity
            and payload.get("connectorId") == connector
            and payload["csChargingProfiles"]["chargingProfileId"] >= 910
        ]


def make_site(*, chargers=2, connectors=2, location=None, **values) -> Site:
    location = location or make_location()
    fleet = [
        make_charger(
            location=location,
            connectors=connectors,
            identity=f"S{number}",
            max_power_w=44_000,
            tariff=False,
        )
        for number in range(1, chargers + 1)
    ]
    for charger in fleet:
        Presence.objects.create(charger=charger, online=True)
    values = {"power_w": 22_000, "debounce_s": 5} | values
    return Site(SiteBudget.objects.create(location=location, **values), fleet)
