"""The onboarding recipe of OCPP-J §6.2.2 for chargers that came by themselves.

On hold → a password by ChangeConfiguration → accepted on its next boot, if its CPO wants that.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from chargers.models import AdoptionDoor, Charger, Registration, SelfAdoption
from cpo.services import audit
from unievp.lib import clock

ACTOR: Final = "adoption"
_PROFILE_BASIC: Final = 1


def secured(charger: Charger) -> None:
    """An adopted charger took its password: it may use it, and may be accepted.

    The caller has locked `charger`. Without a wish to accept, it waits for a person.
    """
    adoption = (
        SelfAdoption.objects.select_for_update()
        .filter(charger=charger, settled_at__isnull=True)
        .first()
    )
    if adoption is None:
        return
    if charger.security_profile < _PROFILE_BASIC:
        charger.pending_security_profile = _PROFILE_BASIC
        charger.save(update_fields=["pending_security_profile", "updated_at"])
    door = AdoptionDoor.objects.filter(cpo_id=charger.cpo_id).first()
    if door is None or not door.accepts or charger.registration != Registration.PENDING:
        return
    with transaction.atomic():
        charger.registration = Registration.ACCEPTED
        charger.save(update_fields=["registration", "updated_at"])
        adoption.settled_at = clock.now()
        adoption.save(update_fields=["settled_at"])
        audit.record(
            actor=ACTOR,
            action="charger.registration",
            subject=charger,
            before={"registration": Registration.PENDING.value},
            after={"registration": Registration.ACCEPTED.value},
            cpo=charger.cpo,
            reason=_("It has a password of its own now."),
        )
