"""Random lives of a site: whatever is lost, late or refused, the chargers never allow too much.

What they allow is judged by the simulator's own reading of the specification, not by ours.
"""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from chargers.models import ProfileState, SiteCharger
from chargers.selectors.session_caps import cap_of as session_cap
from chargers.selectors.session_caps import profile_of
from chargers.services import outcomes
from chargers.services.commands import claim_next
from chargers.services.site_power.capping import CapState, cap_session, cap_state, lift_cap
from chargers.services.smart_charging.following import end_profiles
from chargers.smart_charging.caps import most_at
from chargers.smart_charging.profiles import ABSOLUTE, TX, Period, Profile
from chargers.smart_charging.units import THREE_PHASES
from chargers.store.commands import CONNECTION_LOST
from chargers.tests.sites import make_site
from simulator.connector import Transaction
from simulator.smart_charging import ProfileStore, RefusedProfileError

pytestmark = pytest.mark.django_db

BUDGET_W = 22_000


class Life:
    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.site = make_site(turn_s=120, lease_s=300, power_w=BUDGET_W)
        self.stores = {charger.pk: ProfileStore() for charger in self.site.chargers}
        self.sessions = {}
        self.offline = set()
        self.story = []

    def places(self):
        return [(charger, number) for charger in self.site.chargers for number in (1, 2)]

    def step(self):
        acts = (self.plug_in, self.unplug, self.flap, self.cap, self.wait, self.wait)
        act = self.dice.choice(acts)
        act()
        self.check()
        end_profiles(self.site.now)
        self.site.compute(seconds=self.dice.choice((5, 5, 30, 60)))
        self.check()
        for charger in self.site.chargers:
            self.answer(charger)

    def plug_in(self):
        free = [
            place
            for place in self.places()
            if (place[0].pk, place[1]) not in self.sessions and place[0].pk not in self.offline
        ]
        if free:
            charger, number = self.dice.choice(free)
            session = self.site.plug_in(charger, number)
            running = Transaction(number, "TAG", self.site.now, 0, id=session.transaction_id)
            self.sessions[charger.pk, number] = (session, running)
            self.story.append(f"plug {charger}/{number}")

    def unplug(self):
        there = [key for key in self.sessions if key[0] not in self.offline]
        if there:
            key = self.dice.choice(there)
            session, _running = self.sessions.pop(key)
            self.stores[key[0]].forget_transaction(key[1])
            self.site.unplug(session)
            self.story.append(f"unplug {session.connector}")

    def flap(self):
        charger = self.dice.choice(self.site.chargers)
        gone = charger.pk not in self.offline
        self.offline ^= {charger.pk}
        self.site.online(charger, online=not gone)
        self.story.append(f"{charger} {'gone' if gone else 'back'}")

    def cap(self):
        """Somebody else limits a session, in steps, or no longer."""
        if not self.sessions:
            return
        session, _running = self.dice.choice(list(self.sessions.values()))
        if self.dice.random() < 0.3:
            self.story.append(f"lift {session.connector} {lift_cap(session, actor='partner')}")
            return
        limits = [self.dice.choice((0, 5, 6, 9.5, 16, 32)) for _ in range(self.dice.randint(1, 4))]
        profile = Profile(
            profile_id=1,
            stack_level=1,
            purpose=TX,
            kind=ABSOLUTE,
            unit="A",
            periods=tuple(Period(n * 45, Decimal(str(one))) for n, one in enumerate(limits)),
            connector=session.connector.number,
            transaction_id=session.transaction_id,
            start_at=self.site.now - timedelta(seconds=self.dice.choice((0, 30))),
        )
        cap_session(session, profile=profile, actor="partner")
        self.story.append(f"cap {session.connector} {limits}")

    def wait(self):
        self.site.now += timedelta(seconds=self.dice.choice((1, 20)))

    def answer(self, charger):
        while (command := claim_next(charger.pk)) is not None:
            fate = "lost" if charger.pk in self.offline else self.dice.choice("aaaaaalr")
            applied = fate == "a" or (fate != "r" and self.dice.random() < 0.5)
            if applied and not self.install(charger, command.payload):
                fate = "r"
            if fate == "a":
                outcomes.mark_answered(command.pk, response={"status": "Accepted"})
            elif fate == "r":
                outcomes.mark_answered(command.pk, response={"status": "Rejected"})
            else:
                outcomes.mark_failed(command.pk, error=CONNECTION_LOST)
            self.story.append(f"{fate}{'+' if applied else '-'} {command.payload}")
            self.check()

    def install(self, charger, payload):
        number = payload["connectorId"]
        _session, running = self.sessions.get((charger.pk, number), (None, None))
        try:
            self.stores[charger.pk].install(number, payload["csChargingProfiles"], running)
        except RefusedProfileError:
            return False
        return True

    def allowed_w(self):
        total = 0
        for (pk, number), (_session, running) in self.sessions.items():
            limit = self.stores[pk].limit_w(number, self.site.now, running, 3)
            total += 22_000 if limit is None else limit
        return total

    def check(self):
        assert self.allowed_w() <= BUDGET_W, "\n".join(self.story[-25:])
        for (pk, number), (session, running) in self.sessions.items():
            if cap_state(session, self.site.now) != CapState.KEPT:
                continue
            most = most_at(profile_of(session_cap(session)), self.site.now, THREE_PHASES)
            limit = self.stores[pk].limit_w(number, self.site.now, running, 3)
            kept = most is None or (limit is not None and limit * 1000 <= most * 690)
            assert kept, "\n".join([*self.story[-25:], f"{session.connector}: {limit} > {most}"])


@pytest.mark.parametrize("seed", range(3))
def test_chargers_never_allow_more_than_the_budget(seed):
    life = Life(seed)
    # The site is set up before the first car: every charger has its fallback.
    while SiteCharger.objects.filter(fallback_ma__isnull=False).count() < 2:
        life.site.compute(seconds=5)
        with transaction.atomic():
            for charger in life.site.chargers:
                life.answer(charger)
        life.site.now += timedelta(seconds=300)
    for _step in range(20):
        life.step()
    states = set(life.site.chargers[0].charging_profiles.values_list("state", flat=True))
    assert ProfileState.INSTALLED in states
