"""One run: the simulator's fleet of one charger, steered by rows, for its time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from simulator import visits
from simulator.car import Car
from simulator.charger import Charger
from simulator.clock import seeded
from simulator.connector import Connector, TransitionError
from simulator.fleet import Fleet, FleetOptions
from unievp.lib import clock
from unievp.lib.db import in_db
from unievp.web.simulation.models import (
    OrderAction,
    RunStatus,
    SimulatorOrder,
    SimulatorRun,
)
from unievp.web.simulation.services import claim_run, finish_run

logger = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 1.0
_GRACE_S: Final = 5.0
# Who plugs in by hand stays until somebody drives the car away.
_STAY_S: Final = 24 * 3600
_FAULT: Final = "GroundFailure"


def run(run_id: int) -> bool:
    """Until its minutes are over, a person stops it, or it fails; False: another process has it."""
    row = claim_run(run_id)
    if row is None:
        return False
    try:
        asyncio.run(_Run(row).live())
    except Exception as failure:
        logger.exception("Simulator run %s has failed", run_id)
        finish_run(run_id, error=f"{type(failure).__name__}: {failure}")
    else:
        finish_run(run_id)
    return True


@dataclass
class _Run:
    row: SimulatorRun

    def __post_init__(self) -> None:
        row = self.row
        identity = row.charger.identity
        self.fleet = Fleet(
            FleetOptions(
                chargers=1,
                url=settings.SIMULATOR_URL,
                scenario=row.scenario,
                speed=float(row.speed),
                seed=row.pk,
                prefix=identity.removesuffix("0001"),
                id_tags=(row.id_tag,),
                passwords={identity: row.password},
            )
        )
        self.rng = seeded(row.pk, "cars")

    async def live(self) -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(self.fleet.run(stop, grace_s=_GRACE_S))
        try:
            async with asyncio.timeout(self.row.minutes * 60):
                await self._steer(running)
        except TimeoutError:
            pass
        finally:
            stop.set()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    async def _steer(self, running: asyncio.Task[None]) -> None:
        while not running.done():
            orders, stop_wanted = await in_db(self._look)
            for order in orders:
                self._obey(order)
            if stop_wanted:
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    def _look(self) -> tuple[list[SimulatorOrder], bool]:
        """What people ordered since; notes that the run is alive."""
        stats, now = self.fleet.stats, clock.now()
        rows = SimulatorRun.objects.filter(pk=self.row.pk, status=RunStatus.RUNNING)
        alive = rows.update(
            alive_at=now, sessions=stats.sessions_started, messages=stats.answered.total()
        )
        row = SimulatorRun.objects.get(pk=self.row.pk)
        orders = list(SimulatorOrder.objects.filter(run=row, done_at=None))
        SimulatorOrder.objects.filter(pk__in=[order.pk for order in orders]).update(done_at=now)
        return orders, row.stop_wanted or not alive

    def _obey(self, order: SimulatorOrder) -> None:
        charger = self.fleet.chargers[0]
        connector = charger.connectors[order.connector - 1]
        with contextlib.suppress(TransitionError):
            _ACTIONS[OrderAction(order.action)](self, charger, connector)

    def _plug(self, charger: Charger, connector: Connector) -> None:
        if connector.free:
            car = Car.arriving(self.rng, dc=connector.dc)
            visit = visits.Visit(car, self.row.id_tag, identify_s=3, stay_s=_STAY_S)
            visits.begin(charger, connector, visit)

    def _unplug(self, charger: Charger, connector: Connector) -> None:
        if connector.transaction is not None:
            connector.request_stop("EVDisconnected")
        elif connector.visit is not None:
            visits.give_up(charger, connector)
            visits.leave(charger, connector)

    def _break(self, charger: Charger, connector: Connector) -> None:
        connector.error_code = _FAULT
        visits.show(charger, connector, "Faulted")

    def _repair(self, charger: Charger, connector: Connector) -> None:
        connector.error_code = "NoError"
        status = "Charging" if connector.transaction else connector.resting_status
        visits.show(charger, connector, status)


_ACTIONS: Final[dict[OrderAction, Any]] = {
    OrderAction.PLUG: _Run._plug,
    OrderAction.UNPLUG: _Run._unplug,
    OrderAction.BREAK: _Run._break,
    OrderAction.REPAIR: _Run._repair,
}
