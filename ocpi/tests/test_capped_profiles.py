"""Partners' charging profiles at a site with a power budget: the lower of both, at every moment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chargers.admin.site_budgets import shares_context
from chargers.models import ChargingProfile, Command, ConfigurationKey, SessionCap, SiteBudget
from chargers.tests.sites import Site
from ocpi.models import CommandRequest, PartnerEndpoint
from ocpi.services.commands.telling import sweep_requests
from ocpi.services.profiles import receiving
from ocpi.services.profiles.active import sweep_profiles
from ocpi.services.pushing.sending import push_due
from ocpi.services.selling.sessions import begin_roaming
from ocpi.tests.calling import data
from ocpi.tests.driving import begin, push_token, sell
from ocpi.tests.field import make_site
from unievp.lib import clock

pytestmark = pytest.mark.django_db

# 22 kW on three phases of 230 V.
BUDGET_MA = 31_800


@pytest.fixture
def site(partner):
    """One charger with two connectors at a site of 22 kW; its session is the partner's."""
    charger = make_site(tariff=False)
    type(charger).objects.filter(pk=charger.pk).update(max_power_w=44_000)
    charger.refresh_from_db()
    sell(charger)
    budget = SiteBudget.objects.create(location=charger.location, power_w=22_000, debounce_s=5)
    site = Site(budget, [charger])
    site.settle()
    return site


@pytest.fixture
def session(call, site):
    (charger,) = site.chargers
    push_token(call, "CARD1")
    running = begin(charger, "CARD1")
    charger.connectors.filter(number=1).update(status="Charging")
    return begin_roaming(running.pk)


@pytest.fixture
def limit(call, peer, session, monkeypatch):
    monkeypatch.setattr(receiving, "EVERY", timedelta(0))

    def send(*limits, every=900, unit="A", **values):
        periods = [{"start_period": n * every, "limit": one} for n, one in enumerate(limits)]
        profile = {"charging_rate_unit": unit, "charging_profile_period": periods, **values}
        body = {"charging_profile": profile, "response_url": f"{peer.url}/results/1"}
        return data(call.put(f"chargingprofiles/{session.ocpi_id}", body))["result"]

    return send


def told(peer):
    sweep_requests()
    return [one.body["result"] for one in peer.calls("POST", "/results")]


def is_capped():
    return SessionCap.objects.exclude(periods=[]).exists()


def shown(site):
    return [share for _name, share in sorted(site.table().items())]


def test_lower_of_the_partners_limit_and_the_share_counts_and_the_rest_is_free(
    site, session, limit, peer
):
    (charger,) = site.chargers
    site.settle()
    assert shown(site) == [(BUDGET_MA, "full")]
    # Another car, nobody's: each has its share, and the partner's limit is above it.
    site.plug_in(charger, 2)
    site.settle()
    assert limit(16) == "ACCEPTED"
    assert told(peer) == []
    site.settle()
    assert shown(site) == [(15_900, "share"), (15_900, "share")]
    assert told(peer) == ["ACCEPTED"]
    # Below it, however little: it counts. What is left is too little to be sent to the other car.
    assert limit(15.5) == "ACCEPTED"
    assert told(peer) == ["ACCEPTED"]
    site.settle()
    assert shown(site) == [(15_500, "capped"), (15_900, "share")]
    assert told(peer) == ["ACCEPTED", "ACCEPTED"]
    (mine, _other) = shares_context(site.budget)["shares"]
    assert mine["cap"] == f"ocpi: {session.partner.name}: 15.5 A"
    # In watts of all phases; a limit that no car charges at is a pause.
    assert limit(6_900, unit="W") == "ACCEPTED"
    site.settle()
    assert shown(site) == [(10_000, "capped"), (21_800, "share")]
    assert limit(5) == "ACCEPTED"
    site.settle()
    assert shown(site) == [(0, "capped"), (BUDGET_MA, "full")]
    # No profile of the partner's was ever at the charger.
    assert set(ChargingProfile.objects.values_list("source", flat=True)) == {"budget", "fallback"}


def test_steps_of_the_limit_are_kept_to_the_second_and_lifted_in_time(site, limit):
    (charger,) = site.chargers
    ConfigurationKey.objects.create(
        charger=charger, key="ChargingScheduleMaxPeriods", value="3", read_at=clock.now()
    )
    start = clock.now().replace(microsecond=0) - timedelta(seconds=60)
    assert limit(16, 8, 0, 20, every=300, start_date_time=clock.isoformat_z(start)) == "ACCEPTED"
    site.settle()
    assert shown(site) == [(16_000, "capped")]
    newest = ChargingProfile.objects.filter(source="budget").latest("pk")
    sent = [
        (newest.start_at + timedelta(seconds=each.start_s), each.limit)
        for each in newest.periods.order_by("start_s")
    ]
    # Three periods are all that this charger can hold; the fourth is sent when it is due.
    assert sent[0][1] == 16
    assert sent[1:] == [
        (start + timedelta(seconds=300), 8),
        (start + timedelta(seconds=600), 0),
    ]
    for seconds, share in ((301, 8_000), (601, 0), (901, 20_000)):
        site.now = start + timedelta(seconds=seconds)
        site.settle()
        assert shown(site) == [(share, "capped")]


def test_next_computation_is_at_the_next_step(site, limit):
    at = site.now + timedelta(seconds=17)
    limit(16, start_date_time=clock.isoformat_z(at), duration=60)
    site.settle()
    site.now = at.replace(microsecond=0) - timedelta(seconds=9)
    site.compute()
    site.budget.refresh_from_db()
    assert site.budget.next_at == at.replace(microsecond=0)


def test_limit_is_taken_back_and_the_budgets_own_profile_stays(call, site, session, limit, peer):
    path = f"chargingprofiles/{session.ocpi_id}?response_url={peer.url}/results/1"
    limit(10)
    site.settle()
    assert told(peer) == ["ACCEPTED"]
    before = Command.objects.filter(action="ClearChargingProfile").count()
    assert data(call.send("DELETE", path))["result"] == "ACCEPTED"
    assert told(peer) == ["ACCEPTED", "ACCEPTED"]
    site.settle()
    assert shown(site) == [(BUDGET_MA, "full")]
    assert data(call.send("DELETE", path))["result"] == "ACCEPTED"
    assert told(peer)[2:] == ["UNKNOWN"]
    assert Command.objects.filter(action="ClearChargingProfile").count() == before
    assert not is_capped()


def test_limit_that_the_charger_does_not_confirm_in_time_is_dropped(site, limit, peer):
    (charger,) = site.chargers
    site.settle()
    site.answers[charger.pk] = None
    assert limit(10) == "ACCEPTED"
    for _round in range(3):
        site.compute(seconds=5)
        site.answer()
    assert told(peer) == []
    CommandRequest.objects.update(deadline_at=clock.now())
    assert told(peer) == ["REJECTED"]
    assert not is_capped()
    site.answers.clear()
    site.settle()
    assert shown(site) == [(BUDGET_MA, "full")]


def test_profile_that_is_told_is_the_lower_of_both(site, session, limit, partner, peer):
    PartnerEndpoint.objects.create(
        partner=partner,
        identifier="chargingprofiles",
        role="SENDER",
        url=f"{peer.url}/2.2.1/chargingprofiles",
    )
    (charger,) = site.chargers
    site.plug_in(charger, 2)
    site.settle()
    start = session.charging.started_at.replace(microsecond=0)
    passed = int((clock.now() - start).total_seconds()) + 1_000
    assert limit(20, 8, every=passed, start_date_time=clock.isoformat_z(start)) == "ACCEPTED"
    site.settle()
    assert told(peer) == ["ACCEPTED"]
    push_due()
    (put,) = peer.calls("PUT", "/2.2.1/chargingprofiles")
    periods = put.body["charging_profile"]["charging_profile_period"]
    assert [(each["start_period"], each["limit"]) for each in periods] == [(0, 15.9), (passed, 8)]
    assert sweep_profiles() == 0
    site.settle()
    assert sweep_profiles() == 0


def test_nonsense_is_rejected_and_without_a_budget_the_charger_gets_it(site, session, limit):
    assert limit() == limit(10, 8, every=0) == "REJECTED"
    assert not is_capped()
    assert not CommandRequest.objects.exists()
    limit(10)
    assert is_capped()
    SiteBudget.objects.update(enabled=False)
    assert limit(12) == "ACCEPTED"
    assert not is_capped()
    newest = Command.objects.filter(action="SetChargingProfile").latest("created_at")
    wire = newest.payload["csChargingProfiles"]
    assert wire["transactionId"] == session.charging.transaction_id
