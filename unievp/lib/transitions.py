"""Which status may follow which: one table per state machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext_lazy as _

from unievp.lib.errors import ConflictError


class Transitions:
    """`Transitions({"queued": {"sent", "expired"}})`: what the table does not list is refused.

    Staying in a status is a transition like any other: allowed only where the table lists it.
    """

    def __init__(self, table: Mapping[str, Iterable[str]]) -> None:
        self._table = {str(old): frozenset(map(str, new)) for old, new in table.items()}

    def allows(self, old: str, new: str) -> bool:
        return str(new) in self._table.get(str(old), frozenset())

    def check(self, old: str, new: str) -> None:
        """Raise ConflictError unless `old` may become `new`."""
        if not self.allows(old, new):
            detail = _("Not possible: from “%(old)s” to “%(new)s”.") % {"old": old, "new": new}
            raise ConflictError(detail, code="transition_not_allowed")

    def sources(self, new: str) -> frozenset[str]:
        """Every status that may become `new`: the WHERE of a guarded UPDATE."""
        return frozenset(old for old, targets in self._table.items() if str(new) in targets)
