"""The Celery application and its clock: every sweep of the house stands here with its period."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "unievp.settings")

app = Celery("unievp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["unievp.web.simulation"])
app.autodiscover_tasks(["unievp.web.roaming"])

MINUTE = 60.0
HOUR = 60 * MINUTE

# Each nudge may be lost; each entry here is the query that finds what was missed.
SCHEDULE: dict[str, tuple[str, float]] = {
    "bill ended sessions": ("payments.tasks.sweep_unbilled_sessions", 20.0),
    "release pending funds": ("payments.tasks.release_pending_funds", 15 * MINUTE),
    "ask for scheduled settlements": (
        "payments.tasks.ask_for_scheduled_settlements",
        10 * MINUTE,
    ),
    "read gateways' statements": ("payments.tasks.read_statements", HOUR),
    "prove the books": ("payments.tasks.prove_books_daily", 15 * MINUTE),
    "seal ledger blocks": ("payments.tasks.seal_ledger_blocks", MINUTE),
    "follow payments": ("payments.tasks.follow_payments", 30.0),
    "follow refunds and payouts": ("payments.tasks.follow_refunds_and_payouts", 30.0),
    "follow receipts": ("payments.tasks.follow_receipts", MINUTE),
    "follow prepaid charges": ("payments.tasks.follow_charges", 15.0),
    "guard prepaid charges": ("payments.tasks.guard_charges", 5.0),
    "guard limited charges": ("payments.tasks.guard_limits", 5.0),
    "follow webhooks": ("payments.tasks.follow_webhooks", 15.0),
    "follow simulator runs": ("unievp.web.simulation.tasks.sweep_runs", 15.0),
    "welcome companies": ("cpo.tasks.sweep_welcomes", 5 * MINUTE),
    "send invitations": ("cpo.tasks.sweep_invitations", 5 * MINUTE),
    "find events for webhooks": ("unievp.web.tasks.sweep_webhooks", MINUTE),
    "deliver webhooks": ("cpo.tasks.deliver_webhooks", 10.0),
    "forget old webhook events": ("cpo.tasks.forget_old_webhook_events", HOUR),
    "tell people": ("unievp.web.tasks.sweep_notices", MINUTE),
    "mail notifications": ("cpo.tasks.send_notification_mails", MINUTE),
    "forget old notifications": ("cpo.tasks.forget_notifications", HOUR),
    "expire commands": ("chargers.tasks.expire_commands", 15.0),
    "nudge waiting commands": ("chargers.tasks.nudge_waiting_commands", 30.0),
    "mark silent chargers offline": ("chargers.tasks.mark_silent_chargers_offline", MINUTE),
    "close zombie sessions": ("chargers.tasks.close_zombie_sessions", 5 * MINUTE),
    "read chargers' configurations": ("chargers.tasks.read_configurations", 15.0),
    "advance configuration runs": ("chargers.tasks.advance_configuration_runs", 10.0),
    "advance firmware updates": ("chargers.tasks.advance_firmware", 30.0),
    "sweep chargers' logs": ("chargers.tasks.sweep_logs", MINUTE),
    "end remote starts that came to nothing": ("chargers.tasks.expire_remote_starts", 15.0),
    "end reservations": ("chargers.tasks.sweep_reservations", 15.0),
    "bring local lists up to date": ("chargers.tasks.sweep_local_lists", 15.0),
    "forget seen tags": ("chargers.tasks.forget_sightings", HOUR),
    "forget old idempotency keys": ("cpo.tasks.forget_old_idempotency_keys", HOUR),
    "share sites' power": ("chargers.tasks.balance_due_sites", 10.0),
    "end charging profiles": ("chargers.tasks.end_charging_profiles", MINUTE),
    "forget old connections": ("chargers.tasks.forget_old_connections", HOUR),
    "ask for ping intervals": ("chargers.tasks.ask_ping_intervals", 10 * MINUTE),
    "set up adopted chargers": ("chargers.tasks.set_up_adopted_chargers", 30.0),
    "renew chargers' passwords": ("chargers.tasks.renew_passwords", 5 * MINUTE),
    "sign chargers' certificates": ("chargers.tasks.sign_certificates", MINUTE),
    "renew chargers' certificates": ("chargers.tasks.renew_certificates", HOUR),
    "forget refused handshakes": ("chargers.tasks.forget_refused_handshakes", HOUR),
    "publish locations to partners": ("ocpi.tasks.sweep_locations", 15.0),
    "publish tariffs to partners": ("ocpi.tasks.refresh_tariffs", MINUTE),
    "follow roaming sessions": ("ocpi.tasks.sweep_sessions", 20.0),
    "read who is behind hubs": ("ocpi.tasks.pull_hub_clients", HOUR),
    "tell partners of charging profiles": ("ocpi.tasks.sweep_profiles", 15.0),
    "tell partners results": ("ocpi.tasks.sweep_requests", 10.0),
    "push to partners": ("ocpi.tasks.push", 10.0),
    "find what partners never got": ("ocpi.tasks.sweep_pushes", 5 * MINUTE),
    "fetch partners' tokens": ("ocpi.tasks.fetch_recent_tokens", HOUR),
    "pull operators' lists": ("ocpi.tasks.pull_operators", 15 * MINUTE),
    "keep tickets of partners' CDRs": ("unievp.web.roaming.tasks.sweep_roaming_tickets", HOUR),
    "check and book partners' CDRs": ("ocpi.tasks.sweep_foreign_cdrs", 5 * MINUTE),
    "follow commands to partners": ("ocpi.tasks.sweep_sent_commands", 10.0),
    "tell partners of our drivers' tokens": ("ocpi.tasks.sweep_own_tokens", 15.0),
    "forget OCPI exchanges": ("ocpi.tasks.forget_exchanges", HOUR),
    "hold rules for tickets against what is true": ("tickets.tasks.sweep_rules", MINUTE),
    "find late tickets": ("tickets.tasks.find_late_tickets", MINUTE),
    "close quiet tickets": ("tickets.tasks.close_quiet_tickets", HOUR),
    "mail reporters of tickets": ("tickets.tasks.follow_ticket_mails", MINUTE),
    "sum hours of sessions": ("chargers.tasks.recount_stale_hours", 20.0),
    "prove hours of sessions": ("chargers.tasks.prove_session_hours", 6 * HOUR),
    "keep uptimes": ("unievp.web.tasks.keep_uptimes", 5 * MINUTE),
    "make and drop partitions": ("chargers.tasks.maintain_partitions", HOUR),
}


def beat_schedule() -> dict[str, dict[str, Any]]:
    return {
        name: {"task": task, "schedule": period, "options": {"expires": period}}
        for name, (task, period) in SCHEDULE.items()
    }


app.conf.beat_schedule = beat_schedule()


@worker_process_init.connect
def connect_subscriptions(**_kwargs: Any) -> None:
    """Sweeps end sessions, too: a worker publishes events as the other processes do."""
    # Only now: the module needs the loaded applications.
    from unievp import subscriptions

    subscriptions.connect_subscriptions()
