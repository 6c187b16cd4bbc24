from __future__ import annotations

from django.urls import path

from payments.api import papers, payments, providers, remote_start, settlements, wallets

urlpatterns = [
    path("client/remote-start", remote_start.RemoteStarts.as_view(), name="api_remote_start"),
    path("payments/intent", payments.payments, name="api_payments"),
    path("payments/providers", providers.Providers.as_view(), name="api_providers"),
    path(
        "payments/providers/<uuid:provider_id>",
        providers.ProviderDetail.as_view(),
        name="api_provider",
    ),
    path(
        "payments/providers/<uuid:provider_id>/test",
        providers.ProviderTest.as_view(),
        name="api_provider_test",
    ),
    path("payments/<uuid:payment_id>", payments.PaymentDetail.as_view(), name="api_payment"),
    path(
        "payments/<uuid:payment_id>/cancel",
        payments.PaymentCancel.as_view(),
        name="api_payment_cancel",
    ),
    path(
        "payments/<uuid:payment_id>/stop", payments.PaymentStop.as_view(), name="api_payment_stop"
    ),
    path(
        "payments/<uuid:payment_id>/refund",
        payments.PaymentRefund.as_view(),
        name="api_payment_refund",
    ),
    path("cpo/<uuid:cpo_id>/wallet", wallets.WalletDetail.as_view(), name="api_wallet"),
    path(
        "cpo/<uuid:cpo_id>/wallet/entries",
        wallets.WalletEntries.as_view(),
        name="api_wallet_entries",
    ),
    path(
        "cpo/<uuid:cpo_id>/settlements", settlements.Settlements.as_view(), name="api_settlements"
    ),
    path(
        "cpo/<uuid:cpo_id>/settlements/request",
        settlements.SettlementsRequest.as_view(),
        name="api_settlement_request",
    ),
    path(
        "cpo/<uuid:cpo_id>/settlements/<int:settlement_id>",
        settlements.SettlementDetail.as_view(),
        name="api_settlement",
    ),
    path(
        "cpo/<uuid:cpo_id>/settlements/<int:settlement_id>/approve",
        settlements.SettlementApproval.as_view(),
        name="api_settlement_approve",
    ),
    path(
        "cpo/<uuid:cpo_id>/settlements/<int:settlement_id>/reject",
        settlements.SettlementRejection.as_view(),
        name="api_settlement_reject",
    ),
    path(
        "cpo/<uuid:cpo_id>/settlements/<int:settlement_id>/cancel",
        settlements.SettlementCancellation.as_view(),
        name="api_settlement_cancel",
    ),
    path(
        "cpo/<uuid:cpo_id>/settlements/<int:settlement_id>/statement.pdf",
        papers.StatementPdf.as_view(),
        name="api_statement_pdf",
    ),
    path(
        "cpo/<uuid:cpo_id>/settlements/<int:settlement_id>/statement.csv",
        papers.StatementCsv.as_view(),
        name="api_statement_csv",
    ),
    path(
        "cpo/<uuid:cpo_id>/settlement-schedule",
        papers.Schedule.as_view(),
        name="api_settlement_schedule",
    ),
    path(
        "cpo/<uuid:cpo_id>/bank-accounts", papers.BankAccounts.as_view(), name="api_bank_accounts"
    ),
]
