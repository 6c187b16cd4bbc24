"""Every payment of a time: what drivers paid, what the gateway kept of it, what went back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from cpo.access import Actor, Right, visible_with
from payments.models import (
    AttemptStatus,
    IntentStatus,
    PaymentAttempt,
    PaymentIntent,
    StatementLine,
)
from payments.models.statement import StatementKind
from unievp.lib.tables import Cell
from unievp.web.reports.paging import by_time
from unievp.web.reports.report import Report
from unievp.web.reports.wanted import Wanted
from unievp.web.timezones import OFFICE_ZONE

_PARTS: Final = ("cpo", "charger__location", "connector", "driver", "session")


def rows(actor: Actor, wanted: Wanted) -> Iterator[tuple[Cell, ...]]:
    """By when they were begun. The fee is known once the gateway's statement tells it."""
    payments = wanted.within(
        visible_with(actor, PaymentIntent.objects.all(), Right.MONEY),
        "created_at",
        charger="charger__identity__iexact",
        location="charger__location",
        status="status",
    )
    paid = PaymentAttempt.objects.filter(intent=OuterRef("pk"), status=AttemptStatus.SUCCEEDED)
    first = paid.order_by("number")
    payments = payments.select_related(*_PARTS).annotate(
        provider=Subquery(first.values("config__provider")[:1]),
        gateway_payment=Subquery(first.values("payment_id")[:1]),
        settled_at=Subquery(first.values("settled_at")[:1]),
        fee=_kept("fee"),
        fee_tax=_kept("tax"),
    )
    for payment in by_time(payments, "created_at"):
        yield _line(payment, wanted.zone)


def _kept(column: str) -> Subquery:
    """What the gateway kept of all payments of an intent; None while no statement tells it."""
    lines = StatementLine.objects.filter(attempt__intent=OuterRef("pk"), kind=StatementKind.PAYMENT)
    sums = lines.order_by().values("attempt__intent").annotate(sum=Coalesce(Sum(column), 0))
    return Subquery(sums.values("sum"), output_field=BigIntegerField())


def _line(payment: PaymentIntent, zone: ZoneInfo | None) -> tuple[Cell, ...]:
    location = payment.charger.location if payment.charger else None
    place = zone or (ZoneInfo(location.time_zone) if location else OFFICE_ZONE)
    told = vars(payment)
    fee, fee_tax, settled_at = told["fee"], told["fee_tax"], told["settled_at"]
    return (
        str(payment.pk),
        payment.cpo.name,
        location.name if location else None,
        str(place),
        payment.charger.identity if payment.charger else None,
        payment.connector.number if payment.connector else None,
        payment.session.transaction_id if payment.session else None,
        payment.driver.name if payment.driver else None,
        payment.description,
        payment.status,
        payment.method,
        told["provider"],
        told["gateway_payment"],
        payment.created_at.astimezone(place),
        payment.paid_at.astimezone(place) if payment.paid_at else None,
        settled_at.astimezone(place) if settled_at else None,
        payment.amount,
        payment.paid,
        payment.refunded,
        fee,
        fee_tax,
        payment.paid - fee - fee_tax if fee is not None else None,
        payment.currency,
    )


PAYMENTS: Final = Report(
    name="payments",
    title=_("Payments"),
    about=_("What drivers paid and got back, and what the gateway kept of it."),
    columns=(
        "payment_id", "cpo", "location", "time_zone", "charger_id", "connector_id",
        "transaction_id", "driver", "description", "status", "method", "provider",
        "gateway_reference", "created_at", "paid_at", "settled_at", "amount", "paid", "refunded",
        "gateway_fee", "gateway_fee_tax", "received_net", "currency",
    ),
    rows=rows,
    right=Right.MONEY,
    filters=frozenset({"location_id", "charger_id", "status"}),
    statuses=IntentStatus.choices,
)  # fmt: skip
