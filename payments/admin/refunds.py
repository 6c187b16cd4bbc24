"""Refunds: those that wait for an account, those that are stuck, those that were paid by hand."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.messages import SUCCESS, WARNING
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from cpo.models import User
from payments.admin.colours import REFUND_COLOURS
from payments.admin.payouts import PayoutInline
from payments.models import Payout, Refund
from payments.services.asking import ask_about_refund
from payments.services.payouts.starting import agree_to_account, pay_refund
from payments.services.refunds.finishing import confirm_refund
from payments.services.refunds.repairing import retry_refund
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ask,
    change_link,
    column,
    detail_action,
    get_row,
    money,
    when,
)
from unievp.lib.admin.confirm import ReasonForm, change_page
from unievp.lib.secrets import mask

ACT = ("payments.change_refund",)


class AccountForm(forms.Form):
    bank_code = forms.CharField(
        label=_("Bank"), max_length=32, widget=UnfoldAdminTextInputWidget({"placeholder": "BCA"})
    )
    account_name = forms.CharField(
        label=_("Account holder"), max_length=120, widget=UnfoldAdminTextInputWidget()
    )
    account_number = forms.RegexField(
        r"^\s*[0-9][0-9 .-]{3,33}\s*$",
        label=_("Account number"),
        widget=UnfoldAdminTextInputWidget(
            {"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}
        ),
    )

    def clean_account_number(self) -> str:
        return "".join(each for each in self.cleaned_data["account_number"] if each.isdigit())


class ProofForm(forms.Form):
    proof = forms.CharField(
        label=_("Bank's reference"),
        max_length=200,
        help_text=_("Which transfer it was, and why it was made by hand."),
        widget=UnfoldAdminTextInputWidget(),
    )


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    """Who asked for a refund does not choose where it is paid to: the services say so."""

    list_display = (
        "reference", "state", "payment", "amount_text", "cause", "route", "requested_label",
        "created",
    )  # fmt: skip
    list_filter = (
        "status",
        "route",
        "cause",
        ("intent__cpo", AutocompleteSelectFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("intent",)
    search_fields = ("reference__iexact", "gateway_id__iexact", "intent__charger__identity")
    fields = (
        ("state", "payment"),
        ("amount_text", "route"),
        ("why", "cause"),
        ("account", "holder"),
        "account_by",
        ("proof", "trouble"),
        ("reference", "gateway_id"),
        ("requested_label", "attempts"),
        ("created", "sent"),
        ("looked", "done"),
    )
    readonly_fields = (
        *(name for pair in fields if isinstance(pair, tuple) for name in pair),
        "account_by",
    )
    inlines = (PayoutInline,)
    actions_detail = ("enter_account", "agree", "ask_gateway", "retry", "by_hand")

    @column(_("status"), ordering="status", label=REFUND_COLOURS)
    def state(self, refund: Refund) -> Any:
        return refund.status, refund.get_status_display()

    @column(_("payment"))
    def payment(self, refund: Refund) -> SafeString | str:
        return change_link(refund.intent)

    @column(_("amount"), ordering="amount")
    def amount_text(self, refund: Refund) -> str:
        return money(refund.amount, refund.currency)

    @column(_("reason"))
    def why(self, refund: Refund) -> str:
        return gettext(refund.reason) if refund.reason else "-"

    @column(_("account number"))
    def account(self, refund: Refund) -> str:
        parts = (refund.bank_code, mask(refund.account_number))
        return " ".join(part for part in parts if part) or "-"

    @column(_("account holder"))
    def holder(self, refund: Refund) -> str:
        return refund.account_name or "-"

    @column(_("error"))
    def trouble(self, refund: Refund) -> str:
        return gettext(refund.error) if refund.error else "-"

    @column(_("created"), ordering="created_at")
    def created(self, refund: Refund) -> str:
        return when(refund.created_at)

    @column(_("sent"))
    def sent(self, refund: Refund) -> str:
        return when(refund.sent_at)

    @column(_("last looked at"))
    def looked(self, refund: Refund) -> str:
        return when(refund.checked_at)

    @column(_("done"))
    def done(self, refund: Refund) -> str:
        return when(refund.done_at)

    @detail_action(_("Enter account"), url_path="account", icon="account_balance", permissions=ACT)
    def enter_account(self, request: HttpRequest, object_id: str) -> HttpResponse:
        refund = get_row(self, request, object_id)
        question = Question(
            title=_("Enter the driver's account"),
            text=_("The money is paid out to it at once; check it twice."),
            submit=_("Pay it out"),
            form_class=AccountForm,
        )

        def run(answer: dict[str, Any]) -> HttpResponse:
            payout = pay_refund(refund, actor=cast("User", request.user), **answer)
            refund.refresh_from_db()
            if refund.account_by_id is not None:
                words = _("Kept. Another person has to agree to this account.")
                self.message_user(request, words, WARNING)
                return HttpResponseRedirect(change_page(refund))
            return self._told_of(request, refund, payout)

        return ask(self, request, refund, question, run)

    @detail_action(_("Agree to the account"), url_path="agree", icon="check", permissions=ACT)
    def agree(self, request: HttpRequest, object_id: str) -> HttpResponse:
        refund = get_row(self, request, object_id)
        question = Question(
            title=_("Agree to the driver's account"),
            text=_("The money is paid out to it at once. Who entered it may not agree to it."),
            submit=_("Pay it out"),
        )

        def run(_answer: dict[str, Any]) -> HttpResponse:
            payout = agree_to_account(refund, actor=cast("User", request.user))
            return self._told_of(request, refund, payout)

        return ask(self, request, refund, question, run)

    def _told_of(self, request: HttpRequest, refund: Refund, payout: Payout | None) -> HttpResponse:
        if payout is None:
            words = _("Kept. No gateway pays out: transfer it by hand, then mark it as done.")
            self.message_user(request, words, WARNING)
        else:
            self.message_user(request, _("The payout is ordered."), SUCCESS)
        return HttpResponseRedirect(change_page(refund))

    @detail_action(_("Ask the gateway"), url_path="ask", icon="sync", permissions=ACT)
    def ask_gateway(self, request: HttpRequest, object_id: str) -> HttpResponse:
        refund = get_row(self, request, object_id)
        question = Question(
            title=_("Ask the gateway about this refund"),
            text=_("What it says is applied as its notifications are."),
            submit=_("Ask"),
        )

        def run(_answer: dict[str, Any]) -> HttpResponse:
            ask_about_refund(refund, actor=cast("User", request.user))
            self.message_user(request, _("Asked. Look again in a moment."), SUCCESS)
            return HttpResponseRedirect(change_page(refund))

        return ask(self, request, refund, question, run)

    @detail_action(_("Try again"), url_path="retry", icon="replay", permissions=ACT)
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        refund = get_row(self, request, object_id)
        question = Question(
            title=_("Try this refund again"),
            text=_("It goes the same way under the same reference: it cannot arrive twice."),
            submit=_("Try again"),
            form_class=ReasonForm,
        )

        def run(answer: dict[str, Any]) -> None:
            retry_refund(refund, actor=cast("User", request.user), **answer)

        return ask(self, request, refund, question, run)

    @detail_action(_("Mark as done"), url_path="done", icon="done_all", permissions=ACT)
    def by_hand(self, request: HttpRequest, object_id: str) -> HttpResponse:
        refund = get_row(self, request, object_id)
        question = Question(
            title=_("Mark this refund as done"),
            text=_("For a transfer made by hand from the platform's own bank account."),
            submit=_("Mark as done"),
            form_class=ProofForm,
        )

        def run(answer: dict[str, Any]) -> None:
            confirm_refund(refund, actor=cast("User", request.user), **answer)

        return ask(self, request, refund, question, run)
