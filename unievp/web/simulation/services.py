"""Starting, steering and ending virtual chargers. The task that runs them is `running.py`."""

from __future__ import annotations

import secrets
from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from chargers.models import Location
from chargers.services.assignments import assign_tariff
from chargers.services.chargers import ConnectorSpec, register_charger, retire_charger
from chargers.services.id_tokens.managing import create_token, expire_token
from chargers.services.locations import find_or_create_location
from cpo.access import Right, may_trade, require_right
from cpo.models import CPO, User
from cpo.services import audit
from simulator.scenarios import SCENARIOS
from tariffs.models import TariffTemplate
from tariffs.pricing import SimpleTariff, simple_rules
from tariffs.services.templates import create_template
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError
from unievp.lib.events import publish
from unievp.web.simulation.events import SimulatorRunAsked
from unievp.web.simulation.models import (
    OPEN_RUNS,
    OrderAction,
    RunStatus,
    SimulatorOrder,
    SimulatorRun,
)

MOST_OPEN: Final = 3
MOST_MINUTES: Final = 120
MOST_SPEED: Final = 60
CONNECTORS: Final = 2
# A row without a sign for so long belongs to a process that is gone.
SILENT_AFTER: Final = timedelta(seconds=60)
_NUDGE_AFTER: Final = timedelta(seconds=20)
_ACTOR: Final = "simulator"
_PLACE: Final = "Simulator"


def start_run(
    cpo: CPO, *, actor: User, scenario: str, minutes: int, speed: int = 1
) -> SimulatorRun:
    """A new virtual charger of `cpo` that connects in a moment.

    It has a place, an id tag and a tariff of its own which costs nothing: what it charges never
    becomes money. Raises ForbiddenError, InvalidError (the field), RefusedError (too many run, the
    company is not verified).
    """
    require_right(actor, cpo, Right.OPERATE)
    if scenario not in SCENARIOS:
        raise InvalidError(_("There is no such scenario."), field="scenario")
    if not 1 <= minutes <= MOST_MINUTES:
        raise InvalidError(_("From 1 to 120 minutes."), field="minutes")
    if not 1 <= speed <= MOST_SPEED:
        raise InvalidError(_("From 1 to 60 times as fast."), field="speed")
    if not may_trade(cpo):
        raise RefusedError(_("Only a verified company runs chargers."), code="cpo_not_verified")
    with transaction.atomic():
        CPO.objects.select_for_update(no_key=True).get(pk=cpo.pk)
        if SimulatorRun.objects.filter(charger__cpo=cpo, status__in=OPEN_RUNS).count() >= MOST_OPEN:
            raise RefusedError(_("Three virtual chargers at once are enough: end one first."))
        run = _make(cpo, actor, scenario, minutes, speed)
        audit.record(
            actor=actor,
            action="simulator.start",
            subject=run.charger,
            after={"scenario": scenario, "minutes": minutes, "speed": speed},
            cpo=cpo,
        )
        publish(SimulatorRunAsked(run.pk))
    return run


def stop_run(run: SimulatorRun, *, actor: User) -> None:
    """It ends within seconds. Raises ForbiddenError, ConflictError (it has ended)."""
    require_right(actor, run.charger.cpo, Right.OPERATE)
    with transaction.atomic():
        locked = _lock(run)
        if locked.status == RunStatus.WAITING:
            finish_run(locked.pk)
            return
        locked.stop_wanted = True
        locked.save(update_fields=["stop_wanted"])


def give_order(run: SimulatorRun, *, action: str, connector: int, actor: User) -> SimulatorOrder:
    """Plug, unplug, break or repair. Raises as `stop_run`, and InvalidError."""
    require_right(actor, run.charger.cpo, Right.OPERATE)
    if action not in OrderAction.values:
        raise InvalidError(_("There is no such action."), field="action")
    if not 1 <= connector <= CONNECTORS:
        raise InvalidError(_("This charger has no such connector."), field="connector")
    with transaction.atomic():
        locked = _lock(run)
        return SimulatorOrder.objects.create(
            run=locked, action=action, connector=connector, created_at=clock.now()
        )


def claim_run(run_id: int) -> SimulatorRun | None:
    """The waiting run, now yours; None: another process has it, or it is over."""
    now = clock.now()
    claimed = SimulatorRun.objects.filter(pk=run_id, status=RunStatus.WAITING).update(
        status=RunStatus.RUNNING, started_at=now, alive_at=now
    )
    if not claimed:
        return None
    return SimulatorRun.objects.select_related("charger").get(pk=run_id)


def finish_run(run_id: int, *, error: str = "") -> None:
    """Ended, or failed with `error`; its charger is retired and its id tag expires. Twice: once."""
    with transaction.atomic():
        run = (
            SimulatorRun.objects.select_for_update(of=("self",))
            .select_related("charger", "charger__cpo")
            .get(pk=run_id)
        )
        if run.status not in OPEN_RUNS:
            return
        run.status = RunStatus.FAILED if error else RunStatus.ENDED
        run.error, run.password, run.ended_at = error[:300], "", clock.now()
        run.save(update_fields=["status", "error", "password", "ended_at"])
        if not run.charger.is_retired:
            retire_charger(run.charger, actor=_ACTOR, reason="The simulation has ended")
        for token in run.charger.own_id_tokens.all():
            expire_token(token, actor=_ACTOR)


def runs_to_start() -> list[int]:
    """What a lost nudge leaves."""
    late = SimulatorRun.objects.filter(
        status=RunStatus.WAITING, created_at__lt=clock.now() - _NUDGE_AFTER
    )
    return list(late.values_list("pk", flat=True))


def end_silent_runs() -> int:
    """Runs whose process is gone; how many."""
    silent = SimulatorRun.objects.filter(
        status=RunStatus.RUNNING, alive_at__lt=clock.now() - SILENT_AFTER
    )
    ids = list(silent.values_list("pk", flat=True))
    for run_id in ids:
        finish_run(run_id, error=_("The process that ran it is gone."))
    return len(ids)


def _lock(run: SimulatorRun) -> SimulatorRun:
    locked = (
        SimulatorRun.objects.select_for_update(of=("self",))
        .select_related("charger", "charger__cpo")
        .get(pk=run.pk)
    )
    if locked.status not in OPEN_RUNS:
        raise ConflictError(_("This run has ended."), code="run_over")
    return locked


def _make(cpo: CPO, actor: User, scenario: str, minutes: int, speed: int) -> SimulatorRun:
    name = secrets.token_hex(3).upper()
    charger, password = register_charger(
        _place(cpo, actor),
        identity=f"VIRTUAL-{name}-0001",
        name=_PLACE,
        connectors=[ConnectorSpec(number) for number in range(1, CONNECTORS + 1)],
        actor=actor,
    )
    assign_tariff(charger, template=_free_tariff(cpo, actor), actor=actor)
    tag = f"VIRTUAL{name}"
    create_token(cpo, token=tag, label=_PLACE, charger=charger, actor=actor)
    return SimulatorRun.objects.create(
        charger=charger,
        scenario=scenario,
        minutes=minutes,
        speed=speed,
        password=password,
        id_tag=tag,
        asked_by=actor,
        created_at=clock.now(),
    )


def _place(cpo: CPO, actor: User) -> Location:
    return find_or_create_location(cpo, name=_PLACE, actor=actor)


def _free_tariff(cpo: CPO, actor: User) -> TariffTemplate:
    found = TariffTemplate.objects.filter(cpo=cpo, name=_PLACE, archived_at=None).first()
    if found is not None:
        return found
    rules = simple_rules(SimpleTariff(per_kwh=Decimal(0)))
    return create_template(cpo, name=_PLACE, rules=rules, actor=actor)
