"""A question to somebody outside before a tag is judged: an upper app may put it here.

The roaming app asks the issuer of a foreign card in real time. The answer changes rows, and the tag
is then judged by them as any other. Only the charger whose frame it is waits.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from chargers.store.work import Authorize, StartTransaction

# (charger, id tag) → what to await first; None for a tag that nobody is asked about.
Asker = Callable[[int, str], Coroutine[Any, Any, None] | None]

_asker: Asker | None = None


def ask_before_judging(asker: Asker | None) -> None:
    """Consult `asker` in this process from now on. It is called in the event loop: no queries."""
    global _asker  # noqa: PLW0603  (one per process, as event handlers are)
    _asker = asker


def question_of(charger_pk: int, work: object) -> Coroutine[Any, Any, None] | None:
    if _asker is None or not isinstance(work, Authorize | StartTransaction):
        return None
    return _asker(charger_pk, work.id_tag)
