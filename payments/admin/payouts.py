from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.messages import SUCCESS
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.widgets import UnfoldAdminRadioSelectWidget

from cpo.models import User
from payments.admin.colours import PAYOUT_COLOURS
from payments.models import Payout
from payments.services.asking import ask_about_payout
from payments.services.settling.doubts import Outcome, resolve_payout
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ReadOnlyInline,
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


class OutcomeForm(ReasonForm):
    outcome = forms.ChoiceField(
        label=_("What became of it"),
        choices=Outcome.choices,
        widget=UnfoldAdminRadioSelectWidget(),
    )
    field_order = ("outcome", "reason")


class PayoutInline(ReadOnlyInline):
    """Of a settlement, or of a refund: the orders that were given for it."""

    model = Payout
    fields = ("reference", "state", "amount_text", "created", "why")
    readonly_fields = fields

    @column(_("status"), label=PAYOUT_COLOURS)
    def state(self, payout: Payout) -> Any:
        return payout.status, payout.get_status_display()

    @column(_("amount"))
    def amount_text(self, payout: Payout) -> str:
        return money(payout.amount, payout.currency)

    @column(_("created"))
    def created(self, payout: Payout) -> str:
        return when(payout.created_at)

    @column(_("why it failed"))
    def why(self, payout: Payout) -> str:
        return gettext(payout.failure) if payout.failure else "-"


@admin.register(Payout)
class PayoutAdmin(ReadOnlyAdmin):
    list_display = ("reference", "state", "purpose", "amount_text", "bank", "config", "created")
    list_filter = ("status", "config", ("created_at", RangeDateTimeFilter))
    list_select_related = ("config", "settlement", "refund")
    search_fields = ("reference__iexact", "gateway_id__iexact", "account_name")
    fields = (
        ("state", "purpose"),
        ("amount_text", "fee_text"),
        ("bank", "account"),
        ("provider", "why"),
        ("reference", "gateway_id"),
        ("created", "sent"),
        ("looked", "ended"),
        "tries",
    )
    readonly_fields = (
        "state", "purpose", "amount_text", "fee_text", "bank", "account", "provider", "why",
        "reference", "gateway_id", "created", "sent", "looked", "ended", "tries",
    )  # fmt: skip
    actions_detail = ("ask_gateway", "resolve")

    @column(_("status"), ordering="status", label=PAYOUT_COLOURS)
    def state(self, payout: Payout) -> Any:
        return payout.status, payout.get_status_display()

    @column(_("for"))
    def purpose(self, payout: Payout) -> SafeString | str:
        return change_link(payout.settlement or payout.refund)

    @column(_("amount"), ordering="amount")
    def amount_text(self, payout: Payout) -> str:
        return money(payout.amount, payout.currency)

    @column(_("fee"))
    def fee_text(self, payout: Payout) -> str:
        return money(payout.fee, payout.currency)

    @column(_("bank"))
    def bank(self, payout: Payout) -> str:
        return f"{payout.bank_code} · {payout.account_name}"

    @column(_("account number"))
    def account(self, payout: Payout) -> str:
        return mask(payout.account_number) or "-"

    @column(_("provider"))
    def provider(self, payout: Payout) -> SafeString | str:
        return change_link(payout.config)

    @column(_("why it failed"))
    def why(self, payout: Payout) -> str:
        return gettext(payout.failure) if payout.failure else "-"

    @column(_("created"), ordering="created_at")
    def created(self, payout: Payout) -> str:
        return when(payout.created_at)

    @column(_("sent"))
    def sent(self, payout: Payout) -> str:
        return when(payout.sent_at)

    @column(_("last looked at"))
    def looked(self, payout: Payout) -> str:
        return when(payout.checked_at)

    @column(_("ended"))
    def ended(self, payout: Payout) -> str:
        return when(payout.ended_at)

    @detail_action(
        _("Ask the gateway"), url_path="ask", icon="sync", permissions=("payments.change_payout",)
    )
    def ask_gateway(self, request: HttpRequest, object_id: str) -> HttpResponse:
        payout = get_row(self, request, object_id)
        question = Question(
            title=_("Ask the gateway about this payout"),
            text=_("What it says is applied: to the settlement or the refund, and in the books."),
            submit=_("Ask"),
        )

        def run(_answer: dict[str, Any]) -> HttpResponse:
            ask_about_payout(payout, actor=cast("User", request.user))
            self.message_user(request, _("Asked. Look again in a moment."), SUCCESS)
            return HttpResponseRedirect(change_page(payout))

        return ask(self, request, payout, question, run)

    @detail_action(
        _("Resolve review"),
        url_path="resolve",
        icon="gavel",
        permissions=("payments.change_payout",),
    )
    def resolve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        payout = get_row(self, request, object_id)
        question = Question(
            title=_("Resolve the review of this payout"),
            text=_("Ask the gateway and the bank first: what failed may be paid once more."),
            submit=_("Resolve"),
            danger=True,
            form_class=OutcomeForm,
        )

        def run(answer: dict[str, Any]) -> None:
            resolve_payout(payout, actor=cast("User", request.user), **answer)

        return ask(self, request, payout, question, run)
