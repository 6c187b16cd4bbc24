"""Which company a write of the API is for."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from cpo.access import Actor, cpos_of
from cpo.models import CPO
from unievp.lib.errors import InvalidError, NotFoundError


def company_of(actor: Actor, cpo_id: UUID | None) -> CPO:
    """The named company, or the caller's only one.

    Raises NotFoundError for another's, InvalidError where it has to be named.
    """
    mine = cpos_of(actor)
    if cpo_id is not None:
        found = mine.filter(pk=cpo_id).first()
        if found is None:
            raise NotFoundError(_("There is no such company."), field="cpo_id")
        return found
    first = list(mine[:2])
    if len(first) != 1:
        raise InvalidError(_("Say for which company."), field="cpo_id")
    return first[0]
