"""The Celery side of virtual chargers: on a queue of their own, so that none holds up a bill."""

from __future__ import annotations

from typing import Final

from celery import shared_task

from unievp.web.simulation import running, services
from unievp.web.simulation.events import SimulatorRunAsked

QUEUE: Final = "simulator"
# Longer than any run; a lost one is found by the sweep, so it is never delivered twice.
_LONGEST_S: Final = services.MOST_MINUTES * 60 + 120


def on_run_asked(event: SimulatorRunAsked) -> None:
    run.apply_async((event.run_id,), queue=QUEUE, retry=False)


@shared_task(acks_late=False, time_limit=_LONGEST_S, soft_time_limit=_LONGEST_S)
def run(run_id: int) -> bool:
    return running.run(run_id)


@shared_task
def sweep_runs() -> int:
    """Start what a lost nudge left, end what a lost process left."""
    for run_id in services.runs_to_start():
        run.apply_async((run_id,), queue=QUEUE, retry=False)
    return services.end_silent_runs()
