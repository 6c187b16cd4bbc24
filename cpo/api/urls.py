from __future__ import annotations

from django.urls import path

from cpo.api import apikeys, companies, webhooks

urlpatterns = [
    path("apikeys", apikeys.ApiKeys.as_view(), name="api_keys"),
    path("apikeys/<int:key_id>", apikeys.ApiKeyDetail.as_view(), name="api_key"),
    path("cpo", companies.Companies.as_view(), name="api_companies"),
    path("cpo/register", companies.CompanyRegistration.as_view(), name="api_company_register"),
    path("cpo/<uuid:cpo_id>", companies.CompanyDetail.as_view(), name="api_company"),
    path(
        "cpo/<uuid:cpo_id>/verify",
        companies.CompanyVerification.as_view(),
        name="api_company_verify",
    ),
    path("webhooks", webhooks.Webhooks.as_view(), name="api_webhooks"),
    path("webhooks/<uuid:webhook_id>", webhooks.WebhookDetail.as_view(), name="api_webhook"),
    path(
        "webhooks/<uuid:webhook_id>/rotate-secret",
        webhooks.WebhookSecret.as_view(),
        name="api_webhook_secret",
    ),
    path(
        "webhooks/<uuid:webhook_id>/test", webhooks.WebhookTest.as_view(), name="api_webhook_test"
    ),
    path(
        "webhooks/<uuid:webhook_id>/resend",
        webhooks.WebhookResend.as_view(),
        name="api_webhook_resend",
    ),
    path(
        "webhooks/<uuid:webhook_id>/deliveries",
        webhooks.Deliveries.as_view(),
        name="api_webhook_deliveries",
    ),
    path(
        "webhooks/<uuid:webhook_id>/deliveries/<int:delivery_id>/resend",
        webhooks.DeliveryResend.as_view(),
        name="api_webhook_delivery_resend",
    ),
]
