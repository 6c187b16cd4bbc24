"""The sweeps of companies and people."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from cpo.events import CompanyRegistered, MemberInvited, NotificationsMade, WebhooksDue
from cpo.services import idempotency, invitations, welcome
from cpo.services.notifications.mailing import forget_old_notifications, send_due_mails
from cpo.services.webhooks.dispatching import deliver_due
from cpo.services.webhooks.outcomes import forget_old_events
from unievp.lib.alone import only_one


@shared_task
def forget_old_idempotency_keys() -> int:
    return idempotency.forget_old_keys()


def on_company_registered(event: CompanyRegistered) -> None:
    # The row waits; the sweep sends what a lost nudge leaves.
    send_welcome.apply_async((str(event.cpo_id),), retry=False)


@shared_task(acks_late=True, autoretry_for=(OSError,), retry_backoff=10, max_retries=5)
def send_welcome(cpo_id: str) -> bool:
    return welcome.send_welcome(UUID(cpo_id))


@shared_task
def sweep_welcomes() -> int:
    waiting = welcome.companies_to_welcome()
    for cpo_id in waiting:
        send_welcome.delay(str(cpo_id))
    return len(waiting)


def on_member_invited(event: MemberInvited) -> None:
    # The row waits; the sweep sends what a lost nudge leaves.
    send_invitation.apply_async((event.invitation_id,), retry=False)


@shared_task(acks_late=True, autoretry_for=(OSError,), retry_backoff=10, max_retries=5)
def send_invitation(invitation_id: int) -> bool:
    return invitations.send_invitation(invitation_id)


@shared_task
def sweep_invitations() -> int:
    waiting = invitations.invitations_to_send()
    for invitation_id in waiting:
        send_invitation.delay(invitation_id)
    return len(waiting)


def on_webhooks_due(_event: WebhooksDue) -> None:
    # The rows wait; the sweep sends what a lost nudge leaves.
    deliver_webhooks.apply_async(retry=False)


@shared_task
def deliver_webhooks() -> int:
    """One at a time: a receiver that is slow takes one of the workers, not all of them."""
    with only_one("deliver webhooks", seconds=90) as alone:
        return deliver_due() if alone else 0


@shared_task
def forget_old_webhook_events() -> int:
    return forget_old_events()


def on_notifications_made(_event: NotificationsMade) -> None:
    # The rows wait; the sweep mails what a lost nudge leaves.
    send_notification_mails.apply_async(retry=False)


@shared_task(acks_late=True, autoretry_for=(OSError,), retry_backoff=10, max_retries=5)
def send_notification_mails() -> int:
    return send_due_mails()


@shared_task
def forget_notifications() -> int:
    return forget_old_notifications()
