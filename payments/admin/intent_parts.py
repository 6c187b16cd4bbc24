"""The tables on a payment's page: attempts, what happened, what went back, what it bought."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from payments.admin.colours import ATTEMPT_COLOURS, CHARGE_COLOURS, INTENT_COLOURS, REFUND_COLOURS
from payments.models import PaymentAttempt, PaymentEvent, PrepaidCharge, Refund
from unievp.lib.admin import ReadOnlyInline, change_link, column, money, when


class AttemptInline(ReadOnlyInline):
    model = PaymentAttempt
    show_change_link = False
    fields = ("number", "state", "provider", "method", "amount_text", "gateway_id", "sent", "error")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentAttempt]:
        rows: QuerySet[PaymentAttempt] = super().get_queryset(request)
        return rows.select_related("config", "intent").defer("raw", "checkout")

    @column(_("status"), label=ATTEMPT_COLOURS)
    def state(self, attempt: PaymentAttempt) -> Any:
        return attempt.status, attempt.get_status_display()

    @column(_("provider"))
    def provider(self, attempt: PaymentAttempt) -> SafeString | str:
        return change_link(attempt.config)

    @column(_("amount"))
    def amount_text(self, attempt: PaymentAttempt) -> str:
        return money(attempt.amount, attempt.intent.currency)

    @column(_("sent"))
    def sent(self, attempt: PaymentAttempt) -> str:
        return when(attempt.sent_at)


class EventInline(ReadOnlyInline):
    model = PaymentEvent
    show_change_link = False
    fields = ("time", "what", "state", "source", "amount_text", "about", "booked")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentEvent]:
        rows: QuerySet[PaymentEvent] = super().get_queryset(request)
        return rows.select_related("booking", "intent").order_by("at", "id")

    @column(_("time"))
    def time(self, event: PaymentEvent) -> str:
        return when(event.at)

    @column(_("what"))
    def what(self, event: PaymentEvent) -> str:
        return event.get_kind_display()

    @column(_("status"), label=INTENT_COLOURS)
    def state(self, event: PaymentEvent) -> Any:
        return event.status, event.get_status_display()

    @column(_("amount"))
    def amount_text(self, event: PaymentEvent) -> str:
        return money(event.amount, event.intent.currency)

    @column(_("detail"))
    def about(self, event: PaymentEvent) -> str:
        return event.about or "-"

    @column(_("booking"))
    def booked(self, event: PaymentEvent) -> SafeString | str:
        return change_link(event.booking)


class RefundInline(ReadOnlyInline):
    model = Refund
    fields = ("state", "amount_text", "cause", "route", "why", "created")
    readonly_fields = fields

    @column(_("status"), label=REFUND_COLOURS)
    def state(self, refund: Refund) -> Any:
        return refund.status, refund.get_status_display()

    @column(_("amount"))
    def amount_text(self, refund: Refund) -> str:
        return money(refund.amount, refund.currency)

    @column(_("reason"))
    def why(self, refund: Refund) -> str:
        return gettext(refund.error or refund.reason)

    @column(_("created"))
    def created(self, refund: Refund) -> str:
        return when(refund.created_at)


class ChargeInline(ReadOnlyInline):
    model = PrepaidCharge
    fields = ("state", "created", "ended")
    readonly_fields = fields

    @column(_("status"), label=CHARGE_COLOURS)
    def state(self, charge: PrepaidCharge) -> Any:
        return charge.status, charge.get_status_display()

    @column(_("created"))
    def created(self, charge: PrepaidCharge) -> str:
        return when(charge.created_at)

    @column(_("ended"))
    def ended(self, charge: PrepaidCharge) -> str:
        return when(charge.ended_at)
