"""The sweeps of the field, and the nudge. Each finds its work in the database and may run twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db import transaction

from chargers.events import ChargerPresenceChanged, CommandQueued
from chargers.models import Command, CommandStatus
from chargers.services import outcomes, quirks, zombies
from chargers.services.certificates import signing
from chargers.services.configuration import sweep as configuration
from chargers.services.firmware import sweep as firmware
from chargers.services.local_lists import sweep as local_lists
from chargers.services.logs import sweep as logs
from chargers.services.registration import adopting, deciding
from chargers.services.remote_starts import intents as remote_starts
from chargers.services.reservations import sweep as reservations
from chargers.services.security import passwords
from chargers.services.session_hours import recounting
from chargers.services.site_power import rebalancing
from chargers.services.smart_charging import following as profile_following
from chargers.store import arrivals, connections, partitions, presence, sightings, strangers
from unievp.lib import clock
from unievp.lib.events import publish
from unievp.lib.live import broadcast, group_name

REFUSALS_KEPT_DAYS: Final = 30


def nudge_charger(event: CommandQueued) -> None:
    """Tell the process that holds the charger's socket to look at its queue."""
    group = group_name("charger", event.charger_id)
    broadcast(group, {"type": "commands.waiting", "charger_id": event.charger_id})


@shared_task
def nudge_waiting_commands() -> int:
    """Nudge again for commands that wait for a connected charger."""
    waiting = (
        Command.objects.filter(
            status=CommandStatus.QUEUED,
            deadline_at__gt=clock.now(),
            charger__presence__online=True,
        )
        .order_by()
        .values_list("charger_id", flat=True)
        .distinct()
    )
    for charger_id in waiting:
        nudge_charger(CommandQueued(charger_id))
    return len(waiting)


@shared_task
def expire_commands() -> int:
    return outcomes.expire_commands()


@shared_task
def mark_silent_chargers_offline() -> int:
    """Offline after OFFLINE_AFTER_HEARTBEATS silent intervals, whatever the socket says."""
    with transaction.atomic():
        silent = presence.mark_silent_offline(clock.now())
        for charger_id in silent:
            publish(ChargerPresenceChanged(charger_id, online=False))
    return len(silent)


@shared_task
def close_zombie_sessions() -> int:
    return zombies.close_zombie_sessions()


@shared_task
def sweep_reservations() -> int:
    return reservations.sweep_reservations()


@shared_task
def sync_local_lists(cpo_id: str) -> int:
    return local_lists.sync_lists(UUID(cpo_id))


@shared_task
def sweep_local_lists() -> int:
    return local_lists.sweep_lists()


@shared_task
def forget_sightings() -> int:
    return sightings.forget_sightings(clock.now() - timedelta(days=sightings.UNKNOWN_KEPT_DAYS))


@shared_task
def read_configurations() -> int:
    return configuration.sweep_readings()


@shared_task
def advance_configuration_runs() -> int:
    return configuration.advance_runs()


@shared_task
def advance_firmware() -> int:
    return firmware.sweep_updates() + firmware.advance_campaigns()


@shared_task
def sweep_logs() -> int:
    return logs.sweep_logs()


@shared_task
def expire_remote_starts() -> int:
    return remote_starts.expire_remote_starts()


@shared_task
def forget_old_connections() -> int:
    """The log of connections is kept as long as the wire log; first arrivals for a day."""
    now = clock.now()
    forgotten = arrivals.forget_arrivals(now)
    return forgotten + connections.forget_connections(
        now - timedelta(days=settings.FRAME_RETENTION_DAYS)
    )


@shared_task
def ask_ping_intervals() -> int:
    return quirks.ask_ping_intervals()


@shared_task
def maintain_partitions() -> int:
    made = partitions.make_partitions()
    return len(made) + len(partitions.drop_partitions())


@shared_task
def recount_stale_hours() -> int:
    """Sum anew the hours whose sessions changed."""
    return recounting.recount_stale_hours()


@shared_task
def prove_session_hours() -> int:
    """How many hours' sums differ from their sessions: 0, or it is an error."""
    return len(recounting.prove_hours())


@shared_task
def balance_sites(budget_ids: list[int]) -> int:
    """Share these sites' power anew, where that is due."""
    return sum(rebalancing.rebalance_site(budget_id) for budget_id in budget_ids)


@shared_task
def balance_due_sites() -> int:
    """Whatever a nudge missed, limits to renew, turns that end."""
    return balance_sites(rebalancing.due_budgets())


@shared_task
def end_charging_profiles() -> int:
    return profile_following.end_profiles()


@shared_task
def set_up_adopted_chargers() -> int:
    """Passwords for chargers that came by themselves, and a wake-up for those accepted since."""
    return adopting.secure_adopted() + deciding.wake_accepted()


@shared_task
def renew_passwords() -> int:
    return passwords.ask_unsure_again() + passwords.rotate_old_passwords()


@shared_task
def sign_certificate(certificate_id: str) -> None:
    signing.sign_request(UUID(certificate_id))


@shared_task
def sign_certificates() -> int:
    return signing.sign_waiting_requests() + signing.send_again()


@shared_task
def renew_certificates() -> int:
    return signing.renew_certificates()


@shared_task
def forget_refused_handshakes() -> int:
    return strangers.forget_refusals(clock.now() - timedelta(days=REFUSALS_KEPT_DAYS))
