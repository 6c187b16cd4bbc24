"""The portal's pages; all of them go through `portal_page`, which decides whose rows they show."""

from __future__ import annotations

from django.urls import path

from unievp.web.portal import board, explain, power, reports, sessions, settlements, wallet, wire
from unievp.web.portal import simulator as simulator_page
from unievp.web.portal.access import reservations, tokens
from unievp.web.portal.chargers import actions, adding, bulk, page
from unievp.web.portal.notifications import bell, choices
from unievp.web.portal.office import data, keys, log, team, webhooks
from unievp.web.portal.overview import page as overview_page
from unievp.web.portal.roaming import acts as roaming_acts
from unievp.web.portal.roaming import pages as roaming_pages
from unievp.web.portal.tariffs import editing, pages, selling
from unievp.web.portal.tickets import listing as ticket_listing
from unievp.web.portal.tickets import opening as ticket_opening
from unievp.web.portal.tickets import page as ticket_page
from unievp.web.portal.tickets import writing as ticket_writing

app_name = "portal"
urlpatterns = [
    path("", board.board, name="board"),
    path("overview", overview_page.overview, name="overview"),
    path("board/changes", board.changes, name="changes"),
    path("sessions", sessions.session_list, name="sessions"),
    path("sessions/<int:transaction_id>", sessions.session_detail, name="session"),
    path("sessions/<int:transaction_id>/explain", explain.explain_session, name="explain"),
    path(
        "sessions/<int:transaction_id>/explain.jsonl", explain.explain_export, name="explain_export"
    ),
    path("wallet", wallet.wallet_page, name="wallet"),
    path("wallet/settlements", wallet.ask_for_settlement, name="ask_for_settlement"),
    path("wallet/settlements/<int:settlement_id>/cancel", wallet.cancel, name="cancel_settlement"),
    path(
        "wallet/settlements/<int:settlement_id>/statement.<str:kind>",
        settlements.statement,
        name="settlement_statement",
    ),
    path("wallet/schedule", settlements.schedule, name="settlement_schedule"),
    path("chargers/new", adding.add_charger, name="add_charger"),
    path("chargers/bulk", bulk.bulk, name="bulk"),
    path("chargers/<int:charger_pk>/first-sign", adding.first_sign, name="first_sign"),
    path("chargers/<int:charger_pk>", page.charger_page, name="charger"),
    path("chargers/<int:charger_pk>/commands", page.commands, name="charger_commands"),
    path("chargers/<int:charger_pk>/uptime", page.uptime, name="charger_uptime"),
    path("chargers/<int:charger_pk>/actions/<slug:name>", actions.act, name="charger_action"),
    path("chargers/<int:charger_pk>/wire", wire.wire_log, name="wire"),
    path("chargers/<int:charger_pk>/wire.jsonl", wire.wire_export, name="wire_export"),
    path("tariffs", pages.tariff_list, name="tariffs"),
    path("tariffs/new", editing.new_tariff, name="new_tariff"),
    path("tariffs/try", editing.try_prices, name="try_prices"),
    path("tariffs/<int:pk>", pages.tariff, name="tariff"),
    path("tariffs/<int:pk>/archive", pages.archive, name="archive_tariff"),
    path("tariffs/<int:pk>/sell", selling.sell, name="sell"),
    path("tariffs/<int:pk>/stop", selling.stop_selling, name="stop_selling"),
    path("tokens", tokens.tokens, name="tokens"),
    path("tokens/add", tokens.add_token, name="add_token"),
    path("tokens/import", tokens.import_file, name="import_tokens"),
    path("tokens/<int:pk>", tokens.change_token, name="change_token"),
    path("tokens/seen/<int:pk>", tokens.adopt, name="adopt_token"),
    path("reservations", reservations.reservations, name="reservations"),
    path("reservations/ask", reservations.ask, name="reserve"),
    path("reservations/<int:pk>/cancel", reservations.cancel, name="cancel_reservation"),
    path("power", power.sites, name="power"),
    path("power/<int:pk>", power.site, name="site"),
    path("tickets", ticket_listing.ticket_list, name="tickets"),
    path("tickets/open-count", ticket_listing.open_count, name="open_tickets"),
    path("tickets/new", ticket_opening.new_ticket, name="new_ticket"),
    path("tickets/<str:number>", ticket_page.ticket_page, name="ticket"),
    path("tickets/<str:number>/thread", ticket_page.thread, name="ticket_thread"),
    path("tickets/<str:number>/files/<uuid:pk>", ticket_page.download, name="ticket_file"),
    path("tickets/<str:number>/comments", ticket_writing.comment, name="comment_ticket"),
    path("tickets/<str:number>/change", ticket_writing.change, name="change_ticket"),
    path("tickets/<str:number>/follow", ticket_writing.follow, name="follow_ticket"),
    path("roaming", roaming_pages.roaming, name="roaming"),
    path("roaming/invite", roaming_acts.invite, name="invite_partner"),
    path("roaming/open-data", roaming_acts.open_data, name="open_data"),
    path("roaming/<int:pk>", roaming_pages.partner_page, name="roaming_partner"),
    path("roaming/<int:pk>/resend", roaming_acts.send_again, name="resend_push"),
    path("roaming/<int:pk>/<slug:name>", roaming_acts.act, name="act_on_partner"),
    path("reports", reports.report_page, name="reports"),
    path("simulator", simulator_page.simulator, name="simulator"),
    path("simulator/start", simulator_page.start, name="start_simulator"),
    path("simulator/<int:pk>", simulator_page.steer, name="steer_simulator"),
    path("notifications", bell.notifications, name="notifications"),
    path("notifications/bell", bell.bell, name="bell"),
    path("notifications/read", bell.read_all, name="read_notifications"),
    path("notifications/<int:pk>", bell.open_one, name="open_notification"),
    path("notifications/choices", choices.choices, name="notification_choices"),
    path("notifications/choices/save", choices.save_choices, name="save_notification_choices"),
    path("notifications/times/save", choices.save_times, name="save_notification_times"),
    path("company", data.company_data, name="company"),
    path("company/save", data.save, name="save_company"),
    path("company/bank-account", data.save_bank_account, name="save_bank_account"),
    path("company/papers", data.hand_in, name="hand_in"),
    path("company/team", team.team, name="team"),
    path("company/team/invite", team.invite, name="invite"),
    path("company/team/<int:pk>", team.change, name="change_member"),
    path("company/team/invitations/<int:pk>", team.withdraw, name="withdraw_invitation"),
    path("company/keys", keys.keys, name="keys"),
    path("company/keys/<int:pk>/revoke", keys.revoke, name="revoke_key"),
    path("company/webhooks", webhooks.webhooks, name="webhooks"),
    path("company/webhooks/<uuid:pk>", webhooks.webhook, name="webhook"),
    path("company/webhooks/<uuid:pk>/change", webhooks.change, name="change_webhook"),
    path("company/webhooks/<uuid:pk>/secret", webhooks.rotate, name="rotate_webhook"),
    path("company/webhooks/<uuid:pk>/test", webhooks.test, name="test_webhook"),
    path("company/webhooks/<uuid:pk>/resend", webhooks.send_again, name="resend_webhook"),
    path("company/log", log.log, name="log"),
    path("company/log.csv", log.export, name="log_export"),
]
