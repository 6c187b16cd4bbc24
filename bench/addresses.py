"""What is asked of a database with much data, and by whom: the API, pages, the admin's lists."""

from __future__ import annotations

from string import Formatter
from typing import Any, Final, NamedTuple

API: Final = (
    "analytics/dashboard", "chargers", "chargers?offset=4000", "chargers?search=BIG-000",
    "chargers/{identity}", "sessions", "sessions?offset=90000", "sessions?status=ended&limit=200",
    "sessions?charger_id={identity}", "sessions?id_tag=TAG77", "sessions?location_id={site}",
    "sessions?from=2020-01-01T00:00:00Z&ordering=started_at", "sessions?billing_status=held",
    "sessions/{session}", "tickets",
)  # fmt: skip
SEARCHES: Final = (
    "/sessions?q=TAG77", "/sessions?q={identity}", "/sessions?q=nothing", "/sessions?state=held",
    "/?q=BIG-000&state=free", "/tickets?status=all",
)  # fmt: skip


class Call(NamedTuple):
    client: Any
    path: str
    headers: dict[str, str]


def calls() -> dict[str, Call]:
    """Name → request of a person or key of the largest company, or of the platform's staff."""
    from django.conf import settings
    from django.contrib import admin
    from django.test import Client, override_settings

    # What the web process loads before its first request.
    import unievp.asgi  # noqa: F401
    from cpo.models import CPO, Membership, Role, User
    from cpo.services.api_keys import create_api_key
    from e2e.walk.pages import PORTAL

    settings.ALLOWED_HOSTS = ["*"]
    # Names without hashes: nobody collects static files for a bench.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}).enable()
    company = CPO.objects.get(name="Company 0")
    owner, _ = User.objects.get_or_create(username="owner")
    Membership.objects.get_or_create(user=owner, cpo=company, role=Role.OWNER)
    staff, _ = User.objects.get_or_create(username="staff", is_staff=True, is_superuser=True)
    portal, desk, api = (Client(raise_request_exception=False) for _ in range(3))
    portal.force_login(owner)
    desk.force_login(staff)
    ids = _ids(company)
    found = {}
    for who, cpo in (("company", company), ("platform", None)):
        _row, key = create_api_key(name=who, cpo=cpo, scopes=(), actor="bench")
        headers = {"Authorization": f"Api-Key {key}"}
        for path in API:
            found[f"api {path} ({who})"] = Call(api, f"/api/{path.format_map(ids)}", headers)
    for path in (*PORTAL, *SEARCHES):
        if {name for _, name, _, _ in Formatter().parse(path) if name} <= ids.keys():
            found[f"page {path}"] = Call(portal, path.format_map(ids), {})
    for text in ("TAG77", ids["identity"], "nothing"):
        path = f"/admin/chargers/chargingsession/?q={text}"
        found[f"admin search {text}"] = Call(desk, path, {})
    found["admin"] = Call(desk, "/admin/", {})
    for model in admin.site._registry:
        path = f"{model._meta.app_label}/{model._meta.model_name}/"
        found[f"admin {path}"] = Call(desk, f"/admin/{path}", {})
    return found


def _ids(company: Any) -> dict[str, Any]:
    from chargers.models import Charger, ChargingSession
    from tariffs.models import TariffTemplate
    from tickets.models import Ticket

    session = ChargingSession.objects.filter(cpo=company).earliest("pk")
    charger = Charger.objects.filter(cpo=company).earliest("pk")
    return {
        "identity": charger.identity,
        "charger_pk": charger.pk,
        "site": charger.location_id,
        "session": session.pk,
        "transaction_id": session.transaction_id,
        "tariff": TariffTemplate.objects.get(cpo=company).pk,
        "ticket": Ticket.objects.filter(cpo=company).latest("pk").number,
    }
