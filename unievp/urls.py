"""Every address of the web process."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from unievp.web import errors
from unievp.web.accounts import set_language
from unievp.web.health import healthz, readyz
from unievp.web.invitation import invitation
from unievp.web.metrics import metrics
from unievp.web.pay.tickets.reply import reply_file, reply_page
from unievp.web.welcome import welcome

# One door for everyone: rate limits, second factors and passkeys hold for staff as well.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/welcome/<str:token>", welcome, name="company_welcome"),
    path("accounts/invitation/<str:token>", invitation, name="invitation"),
    path("accounts/", include("allauth.urls")),
    path("i18n/setlang", set_language, name="set_language"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("", include("chargers.urls")),
    path("", include("payments.urls")),
    path("", include("ocpi.urls")),
    path("t/<str:token>", reply_page, name="ticket_reply"),
    path("t/<str:token>/files/<uuid:pk>", reply_file, name="ticket_reply_file"),
    path("pay/", include("unievp.web.pay.urls")),
    path("api/", include("unievp.web.api")),
    path("", include("unievp.web.portal.urls")),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler429 = errors.too_many_requests
handler500 = errors.server_error
