"""Payments: their attempts, what happened, what went back, and what staff may do about them."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.messages import SUCCESS
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
)

from cpo.models import User
from payments.admin.colours import INTENT_COLOURS
from payments.admin.intent_parts import (
    AttemptInline,
    ChargeInline,
    EventInline,
    RefundInline,
)
from payments.models import PaymentIntent
from payments.services.asking import ask_about_payment
from payments.services.intents.ending import withdraw_intent
from payments.services.intents.reviewing import Decision, resolve_review
from payments.services.prepaid.closing import deposit_of
from payments.services.refunds.starting import request_refund
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ask,
    change_link,
    column,
    detail_action,
    get_row,
    list_link,
    money,
    when,
)
from unievp.lib.admin.confirm import ReasonForm, change_page

# The right to act; the pages themselves edit nothing.
ACT = ("payments.change_paymentintent",)
REFUND = ("payments.add_refund",)


class RefundForm(ReasonForm):
    amount = forms.IntegerField(
        label=_("Amount (rupiah)"),
        required=False,
        min_value=1,
        help_text=_("Empty: all that is left."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    field_order = ("amount", "reason")


class ReviewForm(ReasonForm):
    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=Decision.choices,
        widget=UnfoldAdminRadioSelectWidget(),
    )
    field_order = ("decision", "reason")


@admin.register(PaymentIntent)
class PaymentIntentAdmin(ReadOnlyAdmin):
    list_display = (
        "number", "state", "amount_text", "paid_text", "refunded_text", "method", "cpo", "outlet",
        "created",
    )  # fmt: skip
    list_filter = (
        "status",
        "method",
        "is_late",
        ("cpo", AutocompleteSelectFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("cpo", "charger", "connector__charger")
    search_fields = (
        "charger__identity",
        "email__iexact",
        "attempts__reference__iexact",
        "attempts__gateway_id__iexact",
    )
    search_help_text = _("Charger id, e-mail, or a reference in full")
    fields = (
        ("state", "cpo"),
        ("review", "late"),
        ("amount_text", "paid_text"),
        ("refunded_text", "left"),
        ("method", "outlet"),
        ("session_link", "driver"),
        ("description", "email"),
        ("created", "created_by"),
        ("expires", "paid_on"),
        ("closed", "bookings"),
    )
    readonly_fields = tuple(name for pair in fields for name in pair)
    inlines = (AttemptInline, ChargeInline, RefundInline, EventInline)
    actions_detail = ("ask_gateway", "resolve", "refund", "cancel")

    @column(_("payment"), ordering="pk")
    def number(self, intent: PaymentIntent) -> str:
        return str(intent)

    @column(_("status"), ordering="status", label=INTENT_COLOURS)
    def state(self, intent: PaymentIntent) -> Any:
        return intent.status, intent.get_status_display()

    @column(_("why it is in review"))
    def review(self, intent: PaymentIntent) -> str:
        return gettext(intent.review_reason) if intent.review_reason else "-"

    @column(_("late money"), label={True: "warning"})
    def late(self, intent: PaymentIntent) -> Any:
        return (True, _("Late money")) if intent.is_late else None

    @column(_("amount"), ordering="amount")
    def amount_text(self, intent: PaymentIntent) -> str:
        return money(intent.amount, intent.currency)

    @column(_("paid"), ordering="paid")
    def paid_text(self, intent: PaymentIntent) -> str:
        return money(intent.paid, intent.currency)

    @column(_("refunded"), ordering="refunded")
    def refunded_text(self, intent: PaymentIntent) -> str:
        return money(intent.refunded, intent.currency)

    @column(_("left of it"))
    def left(self, intent: PaymentIntent) -> str:
        return money(deposit_of(intent), intent.currency)

    @column(_("connector"))
    def outlet(self, intent: PaymentIntent) -> SafeString | str:
        return change_link(intent.connector or intent.charger)

    @column(_("session"))
    def session_link(self, intent: PaymentIntent) -> SafeString | str:
        return change_link(intent.session)

    @column(_("created"), ordering="created_at")
    def created(self, intent: PaymentIntent) -> str:
        return when(intent.created_at)

    @column(_("expires"))
    def expires(self, intent: PaymentIntent) -> str:
        return when(intent.expires_at)

    @column(_("paid at"))
    def paid_on(self, intent: PaymentIntent) -> str:
        return when(intent.paid_at)

    @column(_("closed"))
    def closed(self, intent: PaymentIntent) -> str:
        return when(intent.closed_at)

    @column(_("ledger"))
    def bookings(self, intent: PaymentIntent) -> SafeString:
        words = {"account__owner_type": "payment", "account__owner_id": str(intent.pk)}
        return list_link("payments.ledgerentry", _("entries"), **words)

    @detail_action(_("Ask the gateway"), url_path="ask", icon="sync", permissions=ACT)
    def ask_gateway(self, request: HttpRequest, object_id: str) -> HttpResponse:
        intent = get_row(self, request, object_id)
        question = Question(
            title=_("Ask the gateway about this payment"),
            text=_("What it says is applied as its notifications are: money that came is booked."),
            submit=_("Ask"),
        )

        def run(_answer: dict[str, Any]) -> HttpResponse:
            ask_about_payment(intent, actor=cast("User", request.user))
            self.message_user(request, _("Asked. Look again in a moment."), SUCCESS)
            return HttpResponseRedirect(change_page(intent))

        return ask(self, request, intent, question, run)

    @detail_action(_("Resolve review"), url_path="resolve", icon="gavel", permissions=ACT)
    def resolve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        intent = get_row(self, request, object_id)
        question = Question(
            title=_("Resolve the review of this payment"),
            text=_("Ask the gateway first: what it says may resolve it."),
            submit=_("Resolve"),
            form_class=ReviewForm,
        )

        def run(answer: dict[str, Any]) -> None:
            resolve_review(intent, actor=cast("User", request.user), **answer)

        return ask(self, request, intent, question, run)

    @detail_action(_("Refund"), url_path="refund", icon="undo", permissions=REFUND)
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        intent = get_row(self, request, object_id)
        question = Question(
            title=_("Refund this payment"),
            text=_("What no bill has taken goes back the way it came."),
            submit=_("Refund"),
            danger=True,
            form_class=RefundForm,
        )

        def run(answer: dict[str, Any]) -> None:
            request_refund(intent, actor=cast("User", request.user), **answer)

        return ask(self, request, intent, question, run)

    @detail_action(_("Cancel"), url_path="cancel", icon="block", permissions=ACT)
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        intent = get_row(self, request, object_id)
        question = Question(
            title=_("Cancel this payment"),
            text=_("The driver can no longer pay it. What is paid all the same goes back."),
            submit=_("Cancel the payment"),
            danger=True,
        )

        def run(_answer: dict[str, Any]) -> None:
            withdraw_intent(intent, source=request.user.get_username())

        return ask(self, request, intent, question, run)
