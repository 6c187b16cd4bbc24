"""Outgoing webhooks of a company: made, tried out, their log read, sent again, switched off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cpo.access import visible
from cpo.models import CPO, DeliveryStatus, EventDelivery, WebhookEndpoint
from cpo.services.webhooks.catalogue import EVERYTHING, GROUPS, TYPES
from cpo.services.webhooks.endpoints import (
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    rotate_secret,
    send_test,
)
from cpo.services.webhooks.resending import resend, resend_failed
from unievp.lib import clock
from unievp.lib.errors import DomainError
from unievp.web.portal.company import Desk, early_page
from unievp.web.portal.office.common import back, office_of, page_of
from unievp.web.portal.posting import do_and_return

_PER_PAGE: Final = 25
_MOST_PK: Final = 2**63 - 1
_LIST: Final = "portal:webhooks"
_ONE: Final = "portal:webhook"
# How far back everything that failed can be sent again, in days.
RESENT: Final = (1, 5, 30)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@early_page
def webhooks(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The list; after a POST with the new endpoint's secret, this once."""
    company = office_of(request, desk)
    made = _create(request, desk, company) if request.method == "POST" else None
    context: dict[str, Any] = page_of(desk, company, "webhooks") | {
        "made": made,
        "endpoints": _endpoints(desk, company).order_by("-created_at"),
        "choices": _choices(),
        "posted": request.POST if made is None else {},
        "posted_types": request.POST.getlist("event_types") if made is None else [],
    }
    return render(request, "portal/office/webhooks.html", context)


@never_cache
@require_GET
@early_page
def webhook(request: HttpRequest, desk: Desk, pk: UUID) -> HttpResponse:
    return _page(request, desk, pk)


@never_cache
@require_POST
@early_page
def rotate(request: HttpRequest, desk: Desk, pk: UUID) -> HttpResponse:
    """The endpoint's page with its new secret, this once."""
    endpoint = _endpoint(request, desk, pk)
    return _page(request, desk, pk, made=rotate_secret(endpoint, actor=desk.user).secret)


@require_POST
@early_page
def change(request: HttpRequest, desk: Desk, pk: UUID) -> HttpResponse:
    """`switch`: on or off; `delete`: taken away; else the form's name, address and events."""
    endpoint = _endpoint(request, desk, pk)
    company = office_of(request, desk)
    if "delete" in request.POST:
        return do_and_return(
            request,
            lambda: delete_endpoint(endpoint, actor=desk.user),
            _("Taken away."),
            _LIST,
            query=back(company),
        )
    if "switch" in request.POST:
        changes: dict[str, Any] = {"is_enabled": not endpoint.is_enabled}
    else:
        changes = {
            "name": request.POST.get("name", ""),
            "url": request.POST.get("url", ""),
            "event_types": request.POST.getlist("event_types"),
        }

    def act() -> None:
        change_endpoint(endpoint, actor=desk.user, **changes)

    return do_and_return(request, act, _("Saved."), _ONE, pk, query=back(company))


@require_POST
@early_page
def test(request: HttpRequest, desk: Desk, pk: UUID) -> HttpResponse:
    endpoint = _endpoint(request, desk, pk)

    def act() -> None:
        send_test(endpoint, actor=desk.user)

    return do_and_return(
        request, act, _("A test is on its way."), _ONE, pk, query=back(office_of(request, desk))
    )


@require_POST
@early_page
def send_again(request: HttpRequest, desk: Desk, pk: UUID) -> HttpResponse:
    """`delivery`: that one; else all that failed within the last `days`."""
    endpoint = _endpoint(request, desk, pk)

    def act() -> str:
        if "delivery" in request.POST:
            resend(_delivery(desk, endpoint, request.POST["delivery"]), actor=desk.user)
            return _("It is sent again.")
        days = request.POST.get("days", "")
        since = clock.now() - timedelta(days=int(days) if days in map(str, RESENT) else RESENT[0])
        count = resend_failed(endpoint, since=since, actor=desk.user)
        return _("%(count)d are sent again.") % {"count": count}

    return do_and_return(request, act, "", _ONE, pk, query=back(office_of(request, desk)))


def _page(request: HttpRequest, desk: Desk, pk: UUID, *, made: str = "") -> HttpResponse:
    company = office_of(request, desk)
    endpoint = _endpoint(request, desk, pk)
    status = request.GET.get("status", "")
    rows = visible(desk.user, EventDelivery.objects.filter(endpoint=endpoint))
    if status in DeliveryStatus.values:
        rows = rows.filter(status=status)
    rows = rows.select_related("event").prefetch_related("attempts").order_by("-pk")
    page = Paginator(rows, _PER_PAGE).get_page(request.GET.get("page"))
    now = clock.now()
    context = page_of(desk, company, "webhooks") | {
        "endpoint": endpoint,
        "why_off": _(endpoint.disabled_reason) if endpoint.disabled_reason else "",
        "made": made,
        "page": page,
        # The page looks again until they are there.
        "under_way": any(each.next_try_at and each.next_try_at <= now for each in page),
        "query": urlencode(back(company) | {"status": status}),
        "status": status,
        "statuses": DeliveryStatus.choices,
        "choices": _choices(),
        "resent": RESENT,
        "now": now,
    }
    return render(request, "portal/office/webhook.html", context)


def _create(request: HttpRequest, desk: Desk, company: CPO) -> WebhookEndpoint | None:
    """The new endpoint; None where it was refused, and the page says why."""
    try:
        return create_endpoint(
            company,
            name=request.POST.get("name", ""),
            url=request.POST.get("url", ""),
            event_types=request.POST.getlist("event_types"),
            actor=desk.user,
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return None


def _choices() -> list[tuple[str, list[tuple[str, Any]]]]:
    """Groups with their events, and everything first."""
    groups = [
        (group, [(name, kind.meaning) for name, kind in TYPES.items() if _in(name, group)])
        for group in GROUPS
    ]
    return [(EVERYTHING, []), *groups]


def _in(name: str, group: str) -> bool:
    return name.startswith(group.removesuffix("*"))


def _endpoints(desk: Desk, company: CPO) -> QuerySet[WebhookEndpoint]:
    return visible(desk.user, WebhookEndpoint.objects.filter(cpo=company)).select_related("cpo")


def _endpoint(request: HttpRequest, desk: Desk, pk: UUID) -> WebhookEndpoint:
    endpoint = _endpoints(desk, office_of(request, desk)).filter(pk=pk).first()
    if endpoint is None:
        raise Http404
    return endpoint


def _delivery(desk: Desk, endpoint: WebhookEndpoint, text: str) -> EventDelivery:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    rows = visible(desk.user, EventDelivery.objects.select_related("endpoint__cpo"))
    delivery = rows.filter(Q(endpoint=endpoint), pk=min(number, _MOST_PK)).first()
    if delivery is None:
        raise Http404
    return delivery
