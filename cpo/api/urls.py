from __future__ import annotations

from django.urls import path

from cpo.api import apikeys, companies

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
]
