"""Runs as people steer them: started from templates or values, paused, resumed, cancelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.configuration_keys import fault_of
from chargers.models import (
    ChangeStatus,
    Charger,
    ConfigurationChange,
    ConfigurationRun,
    ConfigurationRunItem,
    ConfigurationTemplate,
    RunItemStatus,
    RunStatus,
)
from chargers.selectors.drift import drift_of
from chargers.states import CONFIGURATION_RUN
from cpo.models import CPO, User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import InvalidError, RefusedError

Values = Mapping[str, str]


def start_run(
    changes: Mapping[Charger, Values],
    *,
    name: str,
    actor: User | str,
    cpo: CPO | None = None,
    template: ConfigurationTemplate | None = None,
    parallel: int = 5,
    insist: bool = False,
) -> ConfigurationRun:
    """Send each charger its values, key by key, to `parallel` chargers at a time.

    Nothing is sent unless all of it is in order: raises InvalidError that names the key at fault
    (`insist` lets values pass that merely look wrong), RefusedError when there is nothing to do.
    """
    wanted = {charger: values for charger, values in changes.items() if values}
    if not wanted:
        raise RefusedError(_("Nothing differs: there is nothing to send."), field="chargers")
    if parallel < 1:
        raise InvalidError(_("At least one charger at a time."), field="parallel")
    for charger, values in wanted.items():
        _check(charger, values, insist=insist)
    user = actor if isinstance(actor, User) else None
    with transaction.atomic():
        run = ConfigurationRun.objects.create(
            cpo=cpo,
            template=template,
            name=name[:120],
            parallel=parallel,
            requested_by=user,
            requested_label=(user.get_username() if user else str(actor))[:150],
            created_at=clock.now(),
        )
        items = ConfigurationRunItem.objects.bulk_create(
            ConfigurationRunItem(run=run, charger=charger) for charger in wanted
        )
        ConfigurationChange.objects.bulk_create(
            ConfigurationChange(item=item, key=key, value=value)
            for item in items
            for key, value in wanted[item.charger].items()
        )
        audit.record(
            actor=actor,
            action="configuration_run.start",
            subject=run,
            after={"chargers": len(items), "template": str(template or "")},
            cpo=cpo,
        )
    return run


def start_template_run(
    template: ConfigurationTemplate,
    *,
    chargers: Iterable[Charger],
    actor: User | str,
    parallel: int = 5,
) -> ConfigurationRun:
    """Bring chargers in line with one template: only what differs from it is sent.

    Chargers that it does not fit are left out. Raises as `start_run`; a value that the template
    does not insist on is checked again.
    """
    changes: dict[Charger, Values] = {}
    insisted = {row.key.casefold() for row in template.keys.all() if row.insist}
    for charger in chargers:
        if charger.is_retired or not template.fits(charger):
            continue
        values = {
            line.key: line.wanted or ""
            for line in drift_of(charger, [template])
            if line.can_be_applied
        }
        _check(
            charger,
            {key: value for key, value in values.items() if key.casefold() not in insisted},
            insist=False,
        )
        changes[charger] = values
    return start_run(
        changes,
        name=template.name,
        actor=actor,
        cpo=template.cpo,
        template=template,
        parallel=parallel,
        insist=True,
    )


def pause_run(run: ConfigurationRun, *, actor: User | str) -> ConfigurationRun:
    """Nothing more is sent; answers that are on their way are kept."""
    return _move(run, RunStatus.PAUSED, "pause", actor)


def resume_run(run: ConfigurationRun, *, actor: User | str) -> ConfigurationRun:
    return _move(run, RunStatus.RUNNING, "resume", actor)


def cancel_run(run: ConfigurationRun, *, actor: User | str) -> ConfigurationRun:
    """What was not sent is not sent any more."""
    now = clock.now()
    with transaction.atomic():
        locked = _move(run, RunStatus.CANCELLED, "cancel", actor)
        locked.finished_at = now
        locked.save(update_fields=["finished_at"])
        open_items = locked.items.select_for_update().filter(
            status__in=(RunItemStatus.WAITING, RunItemStatus.WORKING)
        )
        pks = list(open_items.order_by("pk").values_list("pk", flat=True))
        ConfigurationChange.objects.filter(item__in=pks, status=ChangeStatus.WAITING).update(
            status=ChangeStatus.CANCELLED
        )
        locked.items.filter(pk__in=pks).update(status=RunItemStatus.CANCELLED, finished_at=now)
    return locked


def _move(
    run: ConfigurationRun, status: RunStatus, verb: str, actor: User | str
) -> ConfigurationRun:
    with transaction.atomic():
        locked = ConfigurationRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
        CONFIGURATION_RUN.check(locked.status, status)
        before = locked.status
        locked.status = status
        locked.save(update_fields=["status"])
        audit.record(
            actor=actor,
            action=f"configuration_run.{verb}",
            subject=locked,
            before={"status": before},
            after={"status": status.value},
            cpo=locked.cpo,
        )
    return locked


def _check(charger: Charger, values: Values, *, insist: bool) -> None:
    folded = [key.casefold() for key in values]
    if len(set(folded)) != len(folded):
        raise InvalidError(_("A key is named twice."), field="key")
    for key, value in values.items():
        fault = fault_of(key, value)
        if fault is not None and (fault.final or not insist):
            text = f"{charger.identity}: {fault.text}"
            raise InvalidError(text, field=fault.field, code="configuration_value")
