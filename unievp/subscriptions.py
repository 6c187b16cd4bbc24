"""Who reacts to what: the whole wiring of events, on one screen.

An event is a nudge, sent on commit; a lost one is found by the sweep in `unievp.celery.SCHEDULE`.
"""

from __future__ import annotations

from collections.abc import Sequence

from chargers import events as field
from chargers import live
from chargers import tasks as charger_tasks
from chargers.ocpp import gate
from chargers.services.site_power import nudging
from cpo import events as company
from cpo import live as company_live
from cpo import tasks as company_tasks
from ocpi import events as roaming
from ocpi import tasks as ocpi_tasks
from ocpi.services.tokens.asking import Asker
from payments import events as money
from payments import live as payment_live
from payments import tasks as payment_tasks
from tickets import events as desk
from tickets import tasks as ticket_tasks
from unievp.celery import app as celery_app
from unievp.lib.events import subscribe, subscribe_many
from unievp.web import tasks as web_tasks
from unievp.web.roaming import tasks as roaming_tasks
from unievp.web.simulation import events as simulation
from unievp.web.simulation import tasks as simulation_tasks
from unievp.web.webhooks import nudges


def connect_subscriptions() -> None:
    """Connect every subscriber; calling it again changes nothing."""
    celery_app.set_default()
    subscribe(field.CommandQueued, charger_tasks.nudge_charger)
    subscribe_many(field.CommandFinished, live.on_commands_finished)
    subscribe(field.CertificateRequested, sign_certificate)
    subscribe_many(field.IdTokensChanged, sync_local_lists)
    subscribe_many(field.SessionEnded, bill_ended_sessions)
    subscribe_many(field.SessionStarted, live.on_sessions_changed)
    subscribe_many(field.SessionEnded, live.on_sessions_changed)
    subscribe_many(field.ConnectorStatusChanged, live.on_chargers_changed)
    subscribe_many(field.ChargerPresenceChanged, live.on_chargers_changed)
    subscribe_many(field.SessionStarted, balance_sites_of)
    subscribe_many(field.SessionEnded, balance_sites_of)
    subscribe_many(field.ConnectorStatusChanged, balance_sites_of)
    subscribe_many(field.ChargerPresenceChanged, balance_sites_of)
    subscribe_many(field.CommandFinished, balance_sites_of)

    subscribe(simulation.SimulatorRunAsked, simulation_tasks.on_run_asked)

    subscribe(company.CompanyRegistered, company_tasks.on_company_registered)
    subscribe(company.MemberInvited, company_tasks.on_member_invited)
    subscribe(company.NotificationsMade, company_tasks.on_notifications_made)
    subscribe(company.NotificationsMade, company_live.on_notifications_made)

    subscribe(money.AttemptCreated, payment_tasks.on_attempt_created)
    subscribe(money.AttemptWithdrawn, payment_tasks.on_attempt_withdrawn)
    subscribe(money.LookWanted, payment_tasks.on_look_wanted)
    subscribe(money.WebhookStored, payment_tasks.on_webhook_stored)
    subscribe(money.RefundRequested, payment_tasks.on_refund_requested)
    subscribe(money.PayoutQueued, payment_tasks.on_payout_queued)
    subscribe(money.SettlementStatusChanged, payment_tasks.on_settlement_changed)
    subscribe(money.PaymentSettled, payment_tasks.on_payment_settled)
    subscribe(field.RemoteStartSucceeded, payment_tasks.on_remote_start_decided)
    subscribe(field.RemoteStartFailed, payment_tasks.on_remote_start_decided)
    subscribe(money.PaymentStatusChanged, payment_live.on_payment_changed)
    subscribe(money.ChargeChanged, payment_live.on_payment_changed)
    subscribe(money.BillIssued, payment_tasks.on_bill_issued)
    subscribe(money.ReceiptWanted, payment_tasks.on_receipt_wanted)
    connect_webhooks()
    _connect_roaming()
    _connect_tickets()
    subscribe(money.SettlementRequested, tell_people_of_settlement)
    subscribe(money.SettlementStatusChanged, tell_people_of_settlement)


def tell_people_of_settlement(
    _event: money.SettlementRequested | money.SettlementStatusChanged,
) -> None:
    # A nudge: the sweep reads the settlements' log as well.
    web_tasks.tell_of_settlements.apply_async(retry=False)


def connect_webhooks() -> None:
    """What goes out to companies' own programs."""
    subscribe(company.WebhooksDue, company_tasks.on_webhooks_due)
    subscribe_many(field.SessionStarted, nudges.on_sessions_started)
    subscribe_many(field.SessionEnded, nudges.on_sessions_ended)
    subscribe_many(field.SessionCorrected, nudges.on_sessions_corrected)
    subscribe_many(field.ChargerPresenceChanged, nudges.on_presence_changed)
    subscribe_many(field.ConnectorStatusChanged, nudges.on_status_changed)
    subscribe_many(field.CommandFinished, nudges.on_commands_finished)
    subscribe_many(money.BillIssued, nudges.on_bills_issued)
    subscribe_many(money.PaymentStatusChanged, nudges.on_payments_changed)
    subscribe_many(money.SettlementRequested, nudges.on_settlements_requested)
    subscribe_many(money.SettlementStatusChanged, nudges.on_settlements_changed)


def _connect_roaming() -> None:
    gate.ask_before_judging(Asker())
    subscribe_many(field.ConnectorStatusChanged, ocpi_tasks.on_chargers_changed)
    subscribe_many(field.ChargerPresenceChanged, ocpi_tasks.on_chargers_changed)
    subscribe_many(field.SessionStarted, ocpi_tasks.on_sessions_changed)
    subscribe_many(field.SessionEnded, ocpi_tasks.on_sessions_changed)
    subscribe(money.BillIssued, ocpi_tasks.on_bill_issued)
    subscribe_many(field.CommandFinished, ocpi_tasks.on_commands_finished)
    subscribe(field.ReservationChanged, ocpi_tasks.on_reservation_changed)
    subscribe(roaming.ResultDecided, ocpi_tasks.on_result_decided)
    subscribe(roaming.PartnerRegistered, ocpi_tasks.on_partner_registered)
    subscribe(roaming.CdrReceived, ocpi_tasks.on_cdr_received)
    subscribe(roaming.CdrDiffers, roaming_tasks.on_cdr_differs)
    subscribe(roaming.CdrMissing, roaming_tasks.on_cdr_missing)
    subscribe(roaming.SentCommandQueued, ocpi_tasks.on_sent_command_queued)
    subscribe(roaming.PushesDue, ocpi_tasks.on_pushes_due)


def _connect_tickets() -> None:
    subscribe_many(desk.TicketMoved, nudges.on_tickets_moved)
    subscribe_many(desk.TicketMoved, web_tasks.on_tickets_moved)
    subscribe(desk.TicketMailWanted, ticket_tasks.on_ticket_mail_wanted)
    subscribe_many(field.ChargerPresenceChanged, ticket_tasks.on_presence_changed)
    subscribe_many(field.ConnectorStatusChanged, ticket_tasks.on_status_changed)
    subscribe(field.CriticalSecurityEvent, ticket_tasks.on_security_event)
    subscribe(money.SettlementStatusChanged, ticket_tasks.on_settlement_changed)
    subscribe(money.RefundStatusChanged, ticket_tasks.on_refund_changed)


def bill_ended_sessions(ended: list[field.SessionEnded]) -> None:
    # A nudge: without a broker it is dropped at once, and the sweep bills the sessions.
    session_ids = [event.session_id for event in ended]
    payment_tasks.bill_sessions.apply_async((session_ids,), retry=False)


def balance_sites_of(happened: Sequence[nudging.Event]) -> None:
    # The budget's row knows when it is due; without a broker the sweep computes it.
    for budget_id, seconds in nudging.budgets_moved(happened).items():
        charger_tasks.balance_sites.apply_async(([budget_id],), countdown=seconds, retry=False)


def sign_certificate(event: field.CertificateRequested) -> None:
    # The row waits; the sweep signs what a lost nudge leaves.
    charger_tasks.sign_certificate.apply_async((event.certificate_id,), retry=False)


def sync_local_lists(changed: list[field.IdTokensChanged]) -> None:
    # Without a broker the sweep compares the lists.
    for cpo_id in {event.cpo_id for event in changed}:
        charger_tasks.sync_local_lists.apply_async((str(cpo_id),), retry=False)
