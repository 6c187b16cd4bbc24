"""Which tariff a charger or a connector sells at."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chargers.models import Charger, Connector, TariffAssignment
from chargers.services.tariff_caps import check_assignable, lock_for_sale, outlets_decided_by
from cpo.models import User
from cpo.services import audit
from tariffs.models import TariffTemplate
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError

# Of `chargers.store.tariffs`: connectors with a tariff of their own keep it.
_CHARGER = 2


def assign_tariff(
    charger: Charger,
    *,
    template: TariffTemplate,
    actor: User | str,
    connector: Connector | None = None,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> TariffAssignment:
    """Sell at `template` from `valid_from` (now); what held until then ends there.

    Without a connector it is for all of the charger's that have none of their own. Raises
    InvalidError (another CPO's tariff, a connector of another charger, an end before the
    beginning), RefusedError (above a cap of the connectors' charging class) and ConflictError
    (archived, or a later assignment is in the way).
    """
    begins = valid_from or clock.now()
    if template.cpo_id != charger.cpo_id:
        raise InvalidError(_("This tariff belongs to another company."), field="template_id")
    if connector is not None and connector.charger_id != charger.pk:
        raise InvalidError(_("This charger has no such connector."), field="connector_id")
    if valid_to is not None and valid_to <= begins:
        raise InvalidError(_("It has to end after it begins."), field="valid_to")
    try:
        with transaction.atomic():
            _check_template(template, charger, connector, begins)
            before = _end_current(charger, connector, begins)
            assignment = TariffAssignment.objects.create(
                template=template,
                charger=charger,
                connector=connector,
                valid_from=begins,
                valid_to=valid_to,
            )
            audit.record(
                actor=actor,
                action="tariff.assign",
                subject=connector or charger,
                before={"tariff": before},
                after={"tariff": str(template), "valid_from": begins, "valid_to": valid_to},
                cpo=charger.cpo,
            )
    except IntegrityError as error:
        detail = _("Another tariff is assigned for a part of this time.")
        raise ConflictError(detail, field="valid_from", code="assignment_overlaps") from error
    return assignment


def _check_template(
    template: TariffTemplate, charger: Charger, connector: Connector | None, begins: datetime
) -> None:
    lock_for_sale(template)
    outlets = [connector] if connector else outlets_decided_by(
        charger.cpo, begins, level=_CHARGER, charger=charger
    )  # fmt: skip
    check_assignable(template, at=begins, connectors=outlets)


def end_assignment(assignment: TariffAssignment, *, actor: User | str) -> None:
    """Sell at it no longer, from now on. One that has not begun is removed."""
    now = clock.now()
    with transaction.atomic():
        locked = TariffAssignment.objects.select_for_update().get(pk=assignment.pk)
        if locked.valid_from >= now:
            locked.delete()
        elif locked.valid_to is None or locked.valid_to > now:
            locked.valid_to = now
            locked.save(update_fields=["valid_to"])
        audit.record(
            actor=actor,
            action="tariff.unassign",
            subject=locked.connector or locked.charger,
            before={"tariff": str(locked.template)},
            after={"tariff": None},
            cpo=locked.charger.cpo,
        )


def _end_current(charger: Charger, connector: Connector | None, begins: datetime) -> str | None:
    """The name of the tariff that held at `begins`, which ends there."""
    # The charger's row makes two people who assign at once wait for each other.
    Charger.objects.select_for_update(no_key=True).get(pk=charger.pk)
    current = (
        TariffAssignment.objects.select_related("template")
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gt=begins), charger=charger)
        .filter(connector=connector, valid_from__lt=begins)
        .first()
    )
    if current is None:
        return None
    current.valid_to = begins
    current.save(update_fields=["valid_to"])
    return str(current.template)
