"""Sweeps and nudges of roaming. Each finds its work in the database and may run twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from celery import shared_task
from django.conf import settings

from chargers import events as field
from chargers.models import ReservationStatus
from ocpi import events
from ocpi.models import CommandRequest, Partner, PartnerStatus, PulledList, RequestStatus
from ocpi.services import hubs
from ocpi.services.calling import log
from ocpi.services.calling.client import CallError
from ocpi.services.commands import telling
from ocpi.services.drivers import judging, publishing
from ocpi.services.foreign import cdrs as foreign_cdrs
from ocpi.services.foreign import pulling
from ocpi.services.profiles import active
from ocpi.services.publishing import locations, tariffs
from ocpi.services.pushing import sending, sweeping
from ocpi.services.selling import cdrs, reservations, sessions
from ocpi.services.sent_commands import results
from ocpi.services.sent_commands import sending as commands_out
from ocpi.services.tokens import fetching, tags
from payments import events as money
from unievp.lib import clock
from unievp.lib.alone import only_one


def on_chargers_changed(
    happened: Sequence[field.ConnectorStatusChanged | field.ChargerPresenceChanged],
) -> None:
    if not _somebody_listens():
        return
    charger_ids = sorted({event.charger_id for event in happened})
    refresh_chargers.apply_async((charger_ids,), retry=False)


def on_sessions_changed(happened: Sequence[field.SessionStarted | field.SessionEnded]) -> None:
    if not _somebody_listens():
        return
    session_ids = sorted({event.session_id for event in happened})
    follow_sessions.apply_async((session_ids,), retry=False)


def on_bill_issued(event: money.BillIssued) -> None:
    issue_cdr.apply_async((event.bill_id,), retry=False)


def on_commands_finished(happened: Sequence[field.CommandFinished]) -> None:
    ids = [event.command_id for event in happened]
    if CommandRequest.objects.filter(command_id__in=ids, status=RequestStatus.WAITING).exists():
        settle_commands.apply_async((ids,), retry=False)


def on_result_decided(event: events.ResultDecided) -> None:
    tell_result.apply_async((event.request_id,), retry=False)


def on_reservation_changed(event: field.ReservationChanged) -> None:
    if not CommandRequest.objects.filter(reservation=event.reservation_id).exists():
        return
    follow_reservation.apply_async((event.reservation_id,), retry=False)
    if event.status == ReservationStatus.CANCELLED:
        withdraw_reservation.apply_async((event.reservation_id,), retry=False)


def on_partner_registered(event: events.PartnerRegistered) -> None:
    fetch_tokens.apply_async((event.partner_id,), retry=False)
    pull_new_operator.apply_async((event.partner_id,), retry=False)
    pull_hub_clients.apply_async(([event.partner_id],), retry=False)


def on_cdr_received(event: events.CdrReceived) -> None:
    settle_cdr.apply_async((event.cdr_id,), retry=False)


def on_sent_command_queued(event: events.SentCommandQueued) -> None:
    send_command.apply_async((event.command_id,), retry=False)


def on_pushes_due(event: events.PushesDue) -> None:
    push.apply_async((list(event.partner_ids),), retry=False)


def _somebody_listens() -> bool:
    """Otherwise the sweeps keep the lists, and chargers' news costs no task."""
    return Partner.objects.filter(status=PartnerStatus.REGISTERED).exists()


@shared_task
def refresh_chargers(charger_ids: list[int]) -> int:
    return locations.refresh_chargers(charger_ids)


@shared_task
def sweep_locations() -> int:
    return locations.sweep_locations()


@shared_task
def refresh_tariffs() -> int:
    return tariffs.refresh_tariffs()


@shared_task
def follow_sessions(session_ids: list[int]) -> int:
    return sessions.follow_sessions(session_ids)


@shared_task
def follow_reservation(reservation_id: int) -> bool:
    return reservations.follow_reservation(reservation_id)


@shared_task
def pull_hub_clients(partner_ids: list[int] | None = None) -> int:
    """Who is behind these hubs; without ids a task for each, so that a slow one delays no other."""
    if partner_ids is not None:
        return hubs.pull_clients(partner_ids)
    found = [([hub.pk],) for hub in hubs.hubs()]
    for one in found:
        pull_hub_clients.apply_async(one, retry=False)
    return len(found)


@shared_task
def sweep_profiles() -> int:
    return active.sweep_profiles()


@shared_task
def sweep_sessions() -> int:
    return reservations.sweep_reservations() + sessions.sweep_sessions() + cdrs.sweep_cdrs()


@shared_task
def issue_cdr(bill_id: int) -> None:
    cdrs.issue_cdr(bill_id)


@shared_task
def settle_commands(command_ids: list[str]) -> int:
    return telling.settle_commands(command_ids)


@shared_task
def tell_result(request_id: int) -> bool:
    return telling.tell_result(request_id)


@shared_task
def withdraw_reservation(reservation_id: int) -> bool:
    return telling.withdraw_reservation(reservation_id)


@shared_task
def sweep_requests() -> int:
    return telling.sweep_requests()


# No task runs longer.
_LONGEST_S: Final = settings.CELERY_TASK_TIME_LIMIT
# Who has just registered may still be busy with our answer, and know our token a moment later.
_SOON_S: Final = (2, 5, 15, 60, 300)


@shared_task
def fetch_tokens(partner_id: int, attempt: int = 0) -> int:
    """All of them, once a partner has connected; one that serves none costs nothing."""
    partner = Partner.objects.filter(pk=partner_id, status=PartnerStatus.REGISTERED).first()
    if partner is None or not partner.endpoints.filter(identifier="tokens", role="SENDER").exists():
        return 0
    try:
        return fetching.fetch_tokens(partner)
    except CallError:
        if attempt < len(_SOON_S):
            again = (partner_id, attempt + 1)
            fetch_tokens.apply_async(again, countdown=_SOON_S[attempt], retry=False)
        # Its own log has it, and the hourly sweep comes back to it.
        return 0


@shared_task
def fetch_recent_tokens(partner_ids: list[int] | None = None) -> int:
    """Tokens whose push was lost; without ids a task for each partner."""
    if partner_ids is not None:
        return fetching.fetch_recent(clock.now() - timedelta(hours=3), partner_ids)
    found = [([partner.pk],) for partner in fetching.issuers()]
    for one in found:
        fetch_recent_tokens.apply_async(one, retry=False)
    return len(found)


@shared_task
def pull_operators(partner_ids: list[int] | None = None) -> int:
    """Places, tariffs, sessions and CDRs of operators (all of them without ids)."""
    if partner_ids is not None:
        return sum(_pull_operator(pk) for pk in partner_ids)
    # One task per operator: a slow one delays no other.
    found = pulling.operators()
    for partner in found:
        pull_operators.apply_async(([partner.pk],), retry=False)
    return len(found)


@shared_task
def pull_new_operator(partner_id: int, attempt: int = 0) -> int:
    """The first time; again soon where a list broke off."""
    count = _pull_operator(partner_id)
    broken = PulledList.objects.filter(partner_id=partner_id).exclude(error="")
    if broken.exists() and attempt < len(_SOON_S):
        again = (partner_id, attempt + 1)
        pull_new_operator.apply_async(again, countdown=_SOON_S[attempt], retry=False)
    return count


def _pull_operator(partner_id: int) -> int:
    """Nothing while another worker reads them: a slow partner must not take them all."""
    with only_one(f"ocpi lists of {partner_id}", seconds=_LONGEST_S) as alone:
        return pulling.pull_partners([partner_id]) if alone else 0


@shared_task
def settle_cdr(cdr_id: int) -> bool:
    return foreign_cdrs.settle_cdr(cdr_id)


@shared_task
def sweep_foreign_cdrs() -> int:
    return foreign_cdrs.sweep_cdrs() + foreign_cdrs.find_missing_cdrs()


@shared_task
def push(partner_ids: list[int] | None = None) -> int:
    return sending.push_due(partner_ids)


@shared_task
def sweep_pushes() -> int:
    return sweeping.sweep_pushes()


@shared_task
def send_command(command_id: str) -> bool:
    return commands_out.send_command(command_id)


@shared_task
def sweep_sent_commands() -> int:
    return results.sweep_sent_commands()


@shared_task
def sweep_own_tokens() -> int:
    return publishing.sweep_tokens()


@shared_task
def forget_exchanges() -> int:
    return log.forget_exchanges() + tags.forget_unused_tags() + judging.forget_refusals()
