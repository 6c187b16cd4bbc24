"""StartTransaction (OCPP 1.6 §4.8): always answered with an id, stored also when refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chargers.events import SessionStarted
from chargers.models import AuthorizationStatus, OrphanState, OrphanStop, SessionStatus
from chargers.services.authorization import id_tag_info, judge
from chargers.services.remote_starts.linking import fulfil_remote_start
from chargers.services.reservations.using import use_reservation
from chargers.services.sessions.ending import finish, settle_stop
from chargers.services.sessions.matching import match_orphan
from chargers.services.sessions.parked import hand_over, stop_of
from chargers.services.sessions.tariff import Sold, TariffAtStart, tariffs_at_start
from chargers.store import starts, stops
from chargers.store.adoption import adopt_readings
from chargers.store.readings import retell_sessions
from chargers.store.starts import NewSession, StartContext, StartOf
from chargers.store.work import StartResult
from cpo.models import CPOStatus
from unievp.lib import clock
from unievp.lib.errors import ConflictError
from unievp.lib.events import publish

# A start that arrives later has happened already: refusing it would help nobody.
ONLINE_WITHIN: Final = timedelta(minutes=5)
# Readings may have overtaken a start that took longer, or came from a clock that differs.
AT_ONCE: Final = timedelta(seconds=3)

NO_TARIFF: Final = gettext_noop("Refused: no tariff is assigned to this connector")
NOT_TRADING: Final = gettext_noop("Refused: its CPO is not verified")
OVERTOOK: Final = gettext_noop("Its stop came before its start")

_ACCEPTED: Final = AuthorizationStatus.ACCEPTED


@dataclass(frozen=True, slots=True)
class _Planned:
    """A start that has no session yet."""

    n: int
    session: NewSession
    sets_aside: int | None


def start_sessions(items: Sequence[StartOf]) -> list[StartResult]:
    """Store the session of each Start and judge its tag; the answer to each, in order.

    At most one Start per charger. The same Start sent again gets the same id and the same verdict,
    which is looked up before ConcurrentTx is. A new one on a busy connector sets the old session
    aside: it still takes its Stop.
    """
    starts.lock(items)
    contexts = starts.read_contexts(items)
    planned = _plan(items, contexts)
    starts.set_aside([plan.sets_aside for plan in planned if plan.sets_aside is not None])
    made = starts.insert([plan.session for plan in planned])
    results: dict[int, StartResult] = {}
    for plan in planned:
        ids = made.get(plan.session.connector_id)
        if ids is None:
            raise ConflictError(_("This connector was taken a moment ago."))
        publish(SessionStarted(ids[0]))
        results[plan.n] = _answer(contexts[plan.n], ids[1], plan.session.authorization)
    for n, context in enumerate(contexts):
        if context.stored_transaction_id is not None:
            verdict = str(context.stored_authorization)
            results[n] = _answer(context, context.stored_transaction_id, verdict)
    _adopt_readings(planned, made)
    _claim_orphans([items[plan.n] for plan in planned if contexts[plan.n].has_orphans], made)
    for plan in planned:
        if contexts[plan.n].has_remote_start:
            fulfil_remote_start(items[plan.n].charger_pk, made[plan.session.connector_id][0])
        _use_reservation(plan, contexts[plan.n], made)
    return [results[n] for n in range(len(items))]


def _plan(items: Sequence[StartOf], contexts: Sequence[StartContext]) -> list[_Planned]:
    planned: list[_Planned] = []
    used_tokens: Counter[int] = Counter()
    new = [context for context in contexts if context.stored_session_id is None]
    tariffs = tariffs_at_start((_sold(context) for context in new), clock.now())
    for n, (item, context) in enumerate(zip(items, contexts, strict=True)):
        if context.stored_session_id is not None:
            continue
        if context.token is not None and used_tokens[context.token.id]:
            in_use = context.in_use + used_tokens[context.token.id]
            context = replace(context, in_use=in_use)  # noqa: PLW2901 (with those of this batch)
        tariff = tariffs.get(_sold(context))
        plan = _plan_one(n, item, context, tariff)
        if context.token is not None and plan.session.authorization == _ACCEPTED:
            used_tokens[context.token.id] += 1
        planned.append(plan)
    return planned


def _sold(context: StartContext) -> Sold:
    return Sold(context.template_id, context.time_zone, context.pbjt_percent)


def _plan_one(
    n: int, item: StartOf, context: StartContext, tariff: TariffAtStart | None
) -> _Planned:
    start, token = item.start, context.token
    verdict, refusal = _verdict(item, context, tariff)
    is_current = _is_current(item, context, verdict)
    session = NewSession(
        cpo_id=context.cpo_id,
        charger_pk=item.charger_pk,
        connector_id=context.connector_id,
        id_tag=start.id_tag[:255],
        id_token_id=token.id if token else None,
        driver_id=token.driver_id if token else None,
        authorization=verdict,
        status=SessionStatus.ACTIVE if is_current else SessionStatus.AWAITING_STOP,
        started_at=start.started_at,
        received_at=item.received_at,
        meter_start_wh=start.meter_start_wh,
        reservation_id=start.reservation_id,
        tariff_version_id=tariff.version_id if tariff else None,
        tariff_snapshot=tariff.snapshot if tariff else None,
        currency=tariff.currency if tariff else settings.CURRENCY,
        note="; ".join(part for part in (refusal, *start.adjustments) if part),
    )
    return _Planned(n, session, context.active_id if is_current else None)


def _verdict(
    item: StartOf, context: StartContext, tariff: TariffAtStart | None
) -> tuple[AuthorizationStatus, str]:
    """The answer's status, and why where it is not the tag's fault."""
    verdict = judge(context.token, item.received_at)
    if verdict != _ACCEPTED:
        return verdict, ""
    if context.most_at_once is not None and context.in_use >= context.most_at_once:
        return AuthorizationStatus.CONCURRENT_TX, ""
    if item.received_at - item.start.started_at <= ONLINE_WITHIN:
        if context.cpo_status != CPOStatus.VERIFIED:
            return AuthorizationStatus.BLOCKED, NOT_TRADING
        if tariff is None:
            return AuthorizationStatus.BLOCKED, NO_TARIFF
    return _ACCEPTED, ""


def _is_current(item: StartOf, context: StartContext, verdict: str) -> bool:
    """Whether the new session is the one that charges at its connector now.

    A start from a charger's queue may be older than the session there; and a refused one must not
    close the session of somebody who is charging (citrineos-core #972).
    """
    if context.active_started_at is None:
        return True
    if item.start.started_at < context.active_started_at:
        return False
    return verdict == _ACCEPTED or context.active_authorization != _ACCEPTED


def _answer(context: StartContext, transaction_id: int, verdict: str) -> StartResult:
    return StartResult(transaction_id, id_tag_info(context.token, verdict))


def _adopt_readings(planned: Sequence[_Planned], made: dict[int, tuple[int, int]]) -> None:
    late = [
        made[plan.session.connector_id][0]
        for plan in planned
        if abs(plan.session.received_at - plan.session.started_at) > AT_ONCE
    ]
    retell_sessions(adopt_readings(late))


def _use_reservation(
    plan: _Planned, context: StartContext, made: dict[int, tuple[int, int]]
) -> None:
    # Some chargers fill the field with 0 or -1 where nothing is reserved.
    number = plan.session.reservation_id if (plan.session.reservation_id or 0) > 0 else None
    if context.has_reservation or number is not None:
        group = context.token.group if context.token else ""
        use_reservation(made[plan.session.connector_id][0], group=group, number=number)


def _claim_orphans(items: Sequence[StartOf], made: dict[int, tuple[int, int]]) -> None:
    """A Stop that came before its Start ends the session now."""
    if not items:
        return
    charger_pks = [item.charger_pk for item in items]
    orphans = list(
        OrphanStop.objects.select_for_update()
        .filter(charger_id__in=charger_pks, state=OrphanState.WAITING)
        .order_by("pk")
    )
    rows = {
        row.charger_id: row
        for row in stops.lock_sessions([session_id for session_id, _ in made.values()])
    }
    endings = []
    for item in items:
        orphan = match_orphan(item, orphans)
        if orphan is None:
            continue
        row = rows[item.charger_pk]
        stop = stop_of(orphan)
        endings.append(settle_stop(row, stop.stop, orphan.received_at, OVERTOOK))
        hand_over(orphan, row)
        orphan.state, orphan.resolution = OrphanState.ATTACHED, OVERTOOK
        orphan.resolved_at = clock.now()
        orphan.save(update_fields=["session", "state", "resolution", "resolved_at"])
    finish(endings)
