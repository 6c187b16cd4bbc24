"""The pages that people open, by whose they are; `{names}` are those of `Business.ids`.

A test holds the list to be whole: a new page of the portal, of the driver or of one's account is
named here, or among what is no page.
"""

from __future__ import annotations

PORTAL = (
    "/overview",
    "/",
    "/chargers/new",
    "/chargers/bulk",
    "/chargers/{charger_pk}",
    "/chargers/{charger_pk}/wire",
    "/sessions",
    "/sessions/{transaction_id}",
    "/sessions/{transaction_id}/explain",
    "/tickets",
    "/tickets/new",
    "/tickets/{ticket}",
    "/tariffs",
    "/tariffs/new",
    "/tariffs/{tariff}",
    "/tokens",
    "/reservations",
    "/power",
    "/power/{site}",
    "/simulator",
    "/roaming",
    "/roaming/{partner}",
    "/reports",
    "/wallet",
    "/company",
    "/company/team",
    "/company/keys",
    "/company/webhooks",
    "/company/webhooks/{webhook}",
    "/company/log",
    "/notifications",
    "/notifications/choices",
)
ACCOUNT = (
    "/accounts/password/change/",
    "/accounts/email/",
    "/accounts/sessions/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/logout/",
)
DRIVER = (
    "/pay/",
    "/pay/{identity}",
    "/pay/{identity}/1",
    "/pay/{identity}/1/report",
    "/pay/p/{secret}",
    "/pay/p/{secret}/report",
    "/t/{reply}",
    "/pay/b/{bill}",
    "/pay/NOBODY-9",
)
# Before anybody is signed in.
ENTRANCE = (
    "/accounts/login/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-nothing/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/invitation/{invitation}",
    "/accounts/invitation/over",
)
# The desk of the platform's staff: home, a list, a row, a new row, questions before an action.
DESK = (
    "/admin/",
    "/admin/chargers/charger/",
    "/admin/chargers/charger/{charger_pk}/change/",
    "/admin/chargers/chargingsession/",
    "/admin/tickets/ticket/",
    "/admin/payments/settlement/",
    "/admin/cpo/cpo/add/",
    "/admin/payments/adjustment/add/",
)
# Pages that say that something is not there.
STATUS = {"/pay/NOBODY-9": 404, "/accounts/invitation/over": 410}
