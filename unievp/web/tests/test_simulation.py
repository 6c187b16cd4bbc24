"""Virtual chargers: started and steered by rows, real on the wire, and worth nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async

from chargers.models import ChargingSession, Connector
from chargers.ocpp.tests.conftest import orm, server  # noqa: F401  (fixtures)
from chargers.ocpp.tests.server import until
from cpo.models import CPO, Role
from simulator.scenarios import SCENARIOS
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError, RefusedError
from unievp.web.models import SimulatorOrder, SimulatorRun
from unievp.web.simulation.running import _Run
from unievp.web.simulation.services import (
    claim_run,
    end_silent_runs,
    finish_run,
    give_order,
    runs_to_start,
    start_run,
    stop_run,
)
from unievp.web.simulation.words import SCENARIO_WORDS
from unievp.web.tests.cast import company, person


@pytest.fixture
def alice(db):
    return company("Alpha Charge")


def start(alice, **values):
    usual = {"scenario": "idle", "minutes": 10, "actor": alice.owner}
    return start_run(alice.cpo, **usual | values)


def test_every_scenario_has_its_words():
    assert SCENARIO_WORDS.keys() == SCENARIOS.keys()


def test_run_has_a_charger_a_tag_and_a_tariff_of_its_own(alice):
    run = start(alice)
    assert run.charger.cpo == alice.cpo
    assert run.charger.own_id_tokens.get().token == run.id_tag
    assert run.charger.tariff_assignments.get().template.name == "Simulator"
    assert run.password


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scenario": "holiday"}, "scenario"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 121}, "minutes"),
        ({"speed": 61}, "speed"),
    ],
)
def test_nonsense_starts_nothing(alice, wrong, field):
    with pytest.raises(InvalidError) as error:
        start(alice, **wrong)
    assert error.value.field == field
    assert not SimulatorRun.objects.exists()


def test_three_at_once_are_enough(alice):
    for _ in range(3):
        start(alice)
    with pytest.raises(RefusedError):
        start(alice)


def test_company_that_does_not_trade_runs_none(alice):
    CPO.objects.filter(pk=alice.cpo.pk).update(status="suspended", status_reason="x")
    alice.cpo.refresh_from_db()
    with pytest.raises(RefusedError):
        start(alice)


def test_rival_and_viewer_start_and_steer_nothing(alice):
    run = start(alice)
    viewer = person("v@alpha.example", alice.cpo, Role.VIEWER)
    for stranger in (company("Bravo Charge").owner, viewer):
        with pytest.raises(ForbiddenError):
            start(alice, actor=stranger)
        with pytest.raises(ForbiddenError):
            give_order(run, action="plug", connector=1, actor=stranger)
        with pytest.raises(ForbiddenError):
            stop_run(run, actor=stranger)


def test_run_is_claimed_once_and_finished_once(alice):
    run = start(alice)
    assert claim_run(run.pk).status == "running"
    assert claim_run(run.pk) is None
    finish_run(run.pk)
    finish_run(run.pk, error="late")
    run.refresh_from_db()
    assert (run.status, run.error, run.password) == ("ended", "", "")
    assert run.charger.is_retired
    assert run.charger.own_id_tokens.get().expires_at <= clock.now()
    with pytest.raises(ConflictError):
        give_order(run, action="plug", connector=1, actor=alice.owner)


def test_waiting_run_is_stopped_at_once(alice):
    run = start(alice)
    stop_run(run, actor=alice.owner)
    run.refresh_from_db()
    assert run.status == "ended"


def test_sweep_finds_what_was_lost(alice):
    waiting, silent = start(alice), start(alice)
    claim_run(silent.pk)
    long_ago = clock.now() - timedelta(minutes=5)
    SimulatorRun.objects.update(created_at=long_ago)
    SimulatorRun.objects.filter(pk=silent.pk).update(alive_at=long_ago)
    assert runs_to_start() == [waiting.pk]
    assert end_silent_runs() == 1
    silent.refresh_from_db()
    assert silent.status == "failed"
    assert silent.charger.is_retired


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
async def test_car_that_is_plugged_in_charges_for_nothing_and_drives_away(server, settings):  # noqa: F811
    settings.SIMULATOR_URL = server.url("").rstrip("/")
    alice = await sync_to_async(company)("Alpha Charge")
    run = await sync_to_async(start)(alice, speed=60)
    row = await sync_to_async(claim_run)(run.pk)
    living = asyncio.create_task(_Run(row).live())

    async def order(action):
        await sync_to_async(give_order)(run, action=action, connector=1, actor=alice.owner)

    sessions = ChargingSession.objects.filter(charger=run.charger)
    connector = Connector.objects.filter(charger=run.charger, number=1)
    await until(connector.filter(status="Available").aexists)
    await order("plug")
    await until(sessions.filter(status="active", energy_wh__gt=0).aexists)
    await order("unplug")
    await until(sessions.filter(status="ended").aexists)
    await order("break")
    await until(connector.filter(status="Faulted").aexists)
    await order("repair")
    await until(connector.filter(status="Available").aexists)
    await sync_to_async(stop_run)(run, actor=alice.owner)
    await asyncio.wait_for(living, 15)
    assert not await SimulatorOrder.objects.filter(done_at=None).aexists()
    ended = await sessions.aget()
    assert ended.energy_wh > 0


@pytest.mark.django_db
def test_portal_starts_and_steers(client, alice):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(alice.owner)
    form = {"scenario": "idle", "minutes": "5", "speed": "10"}
    html = client.post("/simulator/start", form, follow=True).content.decode()
    run = SimulatorRun.objects.get()
    assert run.charger.identity in html
    assert "Plug a car in" in html
    client.post(f"/simulator/{run.pk}", {"do": "plug", "connector": "2"})
    assert SimulatorOrder.objects.get().connector == 2
    assert (
        "alert-danger"
        in client.post(f"/simulator/{run.pk}", {"do": "explode"}, follow=True).content.decode()
    )
    client.post(f"/simulator/{run.pk}", {"do": "stop"})
    run.refresh_from_db()
    assert run.status == "ended"
    client.force_login(company("Bravo Charge").owner)
    assert client.post(f"/simulator/{run.pk}", {"do": "stop"}).status_code == 404
    assert run.charger.identity not in client.get("/simulator").content.decode()
    client.force_login(person("v@alpha.example", alice.cpo, Role.VIEWER))
    assert client.post("/simulator/start", form).status_code == 403
    assert client.post(f"/simulator/{run.pk}", {"do": "stop"}).status_code == 403
