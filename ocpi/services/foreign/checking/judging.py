"""The verdict on a CDR, and the differences that explain it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from ocpi.models import CdrCheck, CdrDifference, ForeignCdr
from ocpi.objects.foreign.sessions import LARGEST
from ocpi.services.foreign.booking import original_of
from ocpi.services.foreign.checking.comparing import Difference, compare
from ocpi.services.foreign.checking.recomputing import CannotRecomputeError, recompute
from ocpi.wire import json
from unievp.lib import clock


def check_cdr(cdr: ForeignCdr) -> None:
    """Judge a (locked) CDR and store what differs. Nothing of the CDR itself changes."""
    body = json.loads(cdr.body)
    if cdr.is_credit:
        found = _check_credit(cdr)
        _store(cdr, CdrCheck.DIFFERS if found else CdrCheck.OK, found)
        return
    try:
        ours = recompute(cdr, body)
        if max(ours.excl, ours.incl) >= LARGEST:
            raise CannotRecomputeError("its tariff and volumes come to no amount")
    except CannotRecomputeError as error:
        _store(cdr, CdrCheck.UNPRICEABLE, [Difference("total_cost", None, None, str(error))])
        return
    cdr.recomputed_excl, cdr.recomputed_incl = ours.excl, ours.incl
    found = compare(body, ours)
    _store(cdr, CdrCheck.DIFFERS if found else CdrCheck.OK, found)


def _check_credit(cdr: ForeignCdr) -> list[Difference]:
    """Only the total is negated (OCPI 2.2.1 §10.2.2)."""
    original = original_of(cdr)
    if original is None:
        why = f"the CDR {cdr.credit_reference_id} has not come"
        return [Difference("credit_reference_id", cdr.total_excl, None, why)]
    pairs: list[tuple[str, Decimal | None, Decimal | None]] = [
        ("total_cost.excl_vat", cdr.total_excl, -original.total_excl)
    ]
    if cdr.total_incl is not None and original.total_incl is not None:
        pairs.append(("total_cost.incl_vat", cdr.total_incl, -original.total_incl))
    why = f"it takes back {original.ocpi_id}"
    return [Difference(what, theirs, ours, why) for what, theirs, ours in pairs if theirs != ours]


def _store(cdr: ForeignCdr, state: CdrCheck, found: Iterable[Difference]) -> None:
    cdr.check_state, cdr.checked_at = state, clock.now()
    cdr.save(update_fields=["check_state", "checked_at", "recomputed_excl", "recomputed_incl"])
    CdrDifference.objects.bulk_create(
        CdrDifference(cdr=cdr, position=position, **_columns(one))
        for position, one in enumerate(found, 1)
    )


def _columns(one: Difference) -> dict[str, Any]:
    return {
        "what": one.what,
        "theirs": _storable(one.theirs),
        "ours": _storable(one.ours),
        "why": one.why[:300],
    }


def _storable(value: Decimal | None) -> Decimal | None:
    """What is beyond any amount is no amount; the body has it."""
    return value if value is None or abs(value) < LARGEST else None
