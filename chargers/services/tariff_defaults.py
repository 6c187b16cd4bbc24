"""What a location or a whole CPO sells at where no charger says otherwise."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import Location, TariffDefault
from chargers.services.tariff_caps import check_assignable, lock_for_sale, outlets_decided_by
from cpo.models import CPO, User
from cpo.services import audit
from tariffs.models import TariffTemplate
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError

# Of `chargers.store.tariffs`: a connector and a charger come before these.
_LOCATION, _CPO = 3, 4


def set_default_tariff(
    cpo: CPO,
    *,
    template: TariffTemplate | None,
    actor: User | str,
    location: Location | None = None,
    valid_from: datetime | None = None,
) -> TariffDefault:
    """Sell at `template` from `valid_from` (now) at `location`, or everywhere; None: end it.

    Raises InvalidError (another CPO's tariff or location), RefusedError (above a cap of an outlet
    that would sell at it), ConflictError (archived, or a default from this very time on).
    """
    begins = valid_from or clock.now()
    if location is not None and location.cpo_id != cpo.pk:
        raise InvalidError(_("This location belongs to another company."), field="location_id")
    try:
        with transaction.atomic():
            if template is not None:
                _check(template, cpo, location, begins)
            made = TariffDefault.objects.create(
                cpo=cpo, location=location, template=template, valid_from=begins
            )
            audit.record(
                actor=actor,
                action="tariff.default",
                subject=location or cpo,
                after={"tariff": str(template) if template else None, "valid_from": begins},
                cpo=cpo,
            )
    except IntegrityError as error:
        detail = _("Another default begins at this time.")
        raise ConflictError(detail, field="valid_from", code="default_exists") from error
    return made


def withdraw_default(default: TariffDefault, *, actor: User | str) -> None:
    """Take back one that has not begun; what held is history and is ended by a new row instead."""
    with transaction.atomic():
        locked = TariffDefault.objects.select_for_update(of=("self",)).get(pk=default.pk)
        if locked.valid_from <= clock.now():
            detail = _("It has begun: set another default, or one without a tariff.")
            raise ConflictError(detail, code="default_has_begun")
        audit.record(
            actor=actor,
            action="tariff.default_withdrawn",
            subject=locked.location or locked.cpo,
            before={"tariff": str(locked.template), "valid_from": locked.valid_from},
            cpo=locked.cpo,
        )
        locked.delete()


def _check(template: TariffTemplate, cpo: CPO, location: Location | None, begins: datetime) -> None:
    if template.cpo_id != cpo.pk:
        raise InvalidError(_("This tariff belongs to another company."), field="template_id")
    lock_for_sale(template)
    if location is None:
        outlets = outlets_decided_by(cpo, begins, level=_CPO)
    else:
        outlets = outlets_decided_by(cpo, begins, level=_LOCATION, charger__location=location)
    check_assignable(template, at=begins, connectors=outlets)
