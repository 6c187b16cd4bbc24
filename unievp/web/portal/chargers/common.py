"""What the pages of one charger share: finding it, and who may act on it."""

from __future__ import annotations

from typing import Final

from django.http import Http404

from chargers.models import Charger
from chargers.selectors.board import BoardCharger, in_service, with_parts
from cpo.access import Right, has_right
from unievp.web.portal.company import Desk

_MOST_PK: Final = 2**63 - 1


def charger_row(desk: Desk, charger_pk: int) -> BoardCharger:
    """The charger with its connectors and what runs there. Raises Http404 for another's."""
    rows = in_service(desk.user).filter(pk=charger_pk) if charger_pk <= _MOST_PK else None
    found = with_parts(rows) if rows is not None else []
    if not found:
        raise Http404
    return found[0]


def may_operate(desk: Desk, charger: Charger) -> bool:
    return has_right(desk.user, charger.cpo, Right.OPERATE)
