"""Sites: found by name, or made."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import Location
from cpo.models import CPO, User
from cpo.services import audit
from unievp.lib.errors import InvalidError


def find_or_create_location(cpo: CPO, *, name: str, actor: User | str, **details: Any) -> Location:
    """The company's location of that name; a new one with `details` where there is none.

    `details` of a location that exists are not looked at. Raises InvalidError without a name,
    ValidationError for unusable details.
    """
    name = name.strip()
    if not name:
        raise InvalidError(_("A location has a name."), field="location.name")
    found = Location.objects.filter(cpo=cpo, name=name).first()
    if found is not None:
        return found
    location = Location(cpo=cpo, name=name, **details)
    location.clean_fields()
    with transaction.atomic():
        # Two callers at once: the second finds the first one's.
        Location.objects.bulk_create([location], ignore_conflicts=True)
        made = Location.objects.get(cpo=cpo, name=name)
        audit.record(
            actor=actor,
            action="location.create",
            subject=made,
            after={"name": name, "time_zone": made.time_zone},
            cpo=cpo,
        )
    return made
