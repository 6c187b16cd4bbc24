"""Templates that apply themselves, after a charger's whole configuration was read."""

from __future__ import annotations

from typing import Final

from chargers.models import ApplyPolicy, Charger, ConfigurationRun, RunItemStatus, RunStatus
from chargers.selectors.drift import drift_of
from chargers.services.configuration.runs import start_run

_ACTOR: Final = "configuration template"


def apply_automatically(charger: Charger) -> ConfigurationRun | None:
    """A run for what differs from the automatic templates; None where nothing does.

    Only after a reading of everything: a value that the charger rejected must not be sent again
    and again by the reading that follows.
    """
    values = {
        line.key: line.wanted
        for line in drift_of(charger)
        if line.can_be_applied
        and line.wanted is not None
        and line.template is not None
        and line.template.policy == ApplyPolicy.AUTOMATIC
    }
    if not values or _is_at_work(charger):
        return None
    return start_run(
        {charger: values},
        name=f"{charger.identity}: automatic",
        actor=_ACTOR,
        cpo=charger.cpo,
        # A template's author has insisted already where that was needed.
        insist=True,
    )


def _is_at_work(charger: Charger) -> bool:
    return ConfigurationRun.objects.filter(
        items__charger=charger,
        items__status__in=(RunItemStatus.WAITING, RunItemStatus.WORKING),
        status__in=(RunStatus.RUNNING, RunStatus.PAUSED),
    ).exists()
