"""`/metrics`: a handful of gauges as Prometheus text (exposition format 0.0.4)."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse

from chargers.models import BillingStatus, Charger, ChargingSession, Connector, SessionStatus
from cpo.access import is_platform_staff
from cpo.models import DeliveryStatus, EventDelivery, Notification, WebhookEndpoint
from payments.models import BooksProof, Difference, DifferenceStatus
from payments.selectors.completeness import completeness
from unievp.lib import clock

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Senders look every ten seconds, and every minute.
_OVERDUE_AFTER = timedelta(minutes=5)
Sample = tuple[dict[str, str], float | int]


def metrics(request: HttpRequest) -> HttpResponse:
    """For staff who are signed in, and for `Authorization: Bearer METRICS_TOKEN`."""
    if not (_bears_token(request) or is_platform_staff(request.user)):
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
    text = "".join(_gauge(name, explanation, samples) for name, explanation, samples in _families())
    return HttpResponse(text, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


def _bears_token(request: HttpRequest) -> bool:
    token: str = settings.METRICS_TOKEN
    offered = request.headers.get("Authorization", "")
    return bool(token) and secrets.compare_digest(offered.encode(), f"Bearer {token}".encode())


def _families() -> list[tuple[str, str, list[Sample]]]:
    in_service = Charger.objects.filter(retired_at__isnull=True)
    unbilled = ChargingSession.objects.filter(
        status=SessionStatus.ENDED, billing_status=BillingStatus.UNBILLED
    )
    oldest = unbilled.order_by("ended_at").values_list("ended_at", flat=True).first()
    wait = (clock.now() - oldest).total_seconds() if oldest else 0
    held = ChargingSession.objects.filter(billing_status=BillingStatus.HELD).count()
    active = ChargingSession.objects.filter(status=SessionStatus.ACTIVE).count()
    by_status = (
        Connector.objects.filter(charger__retired_at__isnull=True)
        .values_list("status")
        .annotate(count=Count("pk"))
        .order_by("status")
    )
    return [
        ("uniev_chargers", "Chargers in service.", [({}, in_service.count())]),
        (
            "uniev_chargers_online",
            "Chargers with an open connection.",
            [({}, in_service.filter(presence__online=True).count())],
        ),
        (
            "uniev_connectors",
            "Connectors by the status they reported.",
            [({"status": status}, count) for status, count in by_status],
        ),
        ("uniev_sessions_active", "Charging sessions now.", [({}, active)]),
        ("uniev_sessions_unbilled", "Ended sessions without a bill.", [({}, unbilled.count())]),
        *_books(),
        *_news(),
        ("uniev_sessions_held", "Sessions held for review.", [({}, held)]),
        ("uniev_oldest_unbilled_seconds", "Age of the oldest unbilled session.", [({}, wait)]),
    ]


def _books() -> list[tuple[str, str, list[Sample]]]:
    last = BooksProof.objects.order_by("-day").first()
    age = (clock.now() - last.at).total_seconds() if last else -1
    found = last.found if last else -1
    unexplained = Difference.objects.filter(status=DifferenceStatus.OPEN).count()
    return [
        ("uniev_books_differences_open", "Differences nobody explained.", [({}, unexplained)]),
        ("uniev_books_proof_age_seconds", "Age of the last proof; -1: none.", [({}, age)]),
        ("uniev_books_proof_differences", "Found by the last proof; -1: none.", [({}, found)]),
        *_money(),
    ]


def _money() -> list[tuple[str, str, list[Sample]]]:
    found = completeness()
    figures: dict[str, tuple[str, float]] = {
        "deposits_cleared_ratio": (
            "Payments older than a day whose deposit is used or given back, 0 to 1.",
            found.deposits_cleared,
        ),
        "clearing_rupiah": ("Paid by drivers, not settled by a gateway.", found.clearing),
        "clearing_old_ratio": ("Of that older than three days, 0 to 1.", found.clearing_old),
        "clearing_age_seconds": ("Age of the oldest of it.", found.clearing_age_s),
        "webhooks_waiting": ("Gateways' notifications not worked on.", found.webhooks_waiting),
        "webhooks_failed": ("Of a day, about nothing of ours.", found.webhooks_failed),
        "webhook_lag_p95_seconds": ("From receipt to work, of a day.", found.webhook_lag_s),
        "payments_without_webhook": ("Paid within a day, told by no webhook.", found.polled),
        "intents_stuck": ("In review, or open long after they expired.", found.intents_stuck),
        "bills_unposted": ("Bills of some money without a booking.", found.bills_unposted),
        "suspense_rupiah": ("Money that matches nothing.", found.suspense),
    }
    return [
        (f"uniev_{name}", explanation, [({}, value)])
        for name, (explanation, value) in figures.items()
    ]


def _news() -> list[tuple[str, str, list[Sample]]]:
    """What waits although nothing holds it: nobody sends."""
    before = clock.now() - _OVERDUE_AFTER
    deliveries = EventDelivery.objects.filter(
        status=DeliveryStatus.PENDING,
        next_try_at__lt=before,
        endpoint__is_enabled=True,
        endpoint__failing_since=None,
    )
    mails = Notification.objects.filter(mail_due_at__lt=before, mailed_at=None)
    failing = WebhookEndpoint.objects.filter(failing_since__isnull=False)
    return [
        (
            "uniev_events_overdue",
            "Events not sent to webhooks that work.",
            [({}, deliveries.count())],
        ),
        ("uniev_webhooks_failing", "Companies' webhooks that fail.", [({}, failing.count())]),
        ("uniev_mails_overdue", "Notifications not mailed in time.", [({}, mails.count())]),
    ]


def _gauge(name: str, explanation: str, samples: list[Sample]) -> str:
    lines = [f"# HELP {name} {explanation}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        inner = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{inner}}} {value}" if inner else f"{name} {value}")
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
