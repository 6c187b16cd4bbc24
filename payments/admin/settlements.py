from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
)

from cpo.models import User
from payments.admin.papers import PROOF, STATEMENT, download_proof, download_statement
from payments.admin.payouts import PayoutInline
from payments.documents.files import KINDS
from payments.models import Settlement, SettlementProof, SettlementStatus, SettlementStatusChange
from payments.services import settlements
from payments.services.settling.proofs import ProofPaper
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ReadOnlyInline,
    ask,
    column,
    detail_action,
    get_row,
    money,
    when,
)
from unievp.lib.admin.confirm import ReasonForm
from unievp.lib.admin.links import link, links
from unievp.lib.documents import MOST_BYTES
from unievp.lib.secrets import mask


class PaidForm(forms.Form):
    document = forms.FileField(
        label=_("Bank's paper"),
        help_text=_("PDF, PNG or JPEG."),
        widget=UnfoldAdminFileFieldWidget(),
    )
    proof = forms.CharField(
        label=_("Bank's reference"), max_length=300, widget=UnfoldAdminTextInputWidget()
    )
    fee = forms.IntegerField(
        label=_("Transfer fee (rupiah)"),
        min_value=0,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget(),
    )


# `change_settlement` is the right to decide; the pages themselves edit nothing.
DECIDE = ("payments.change_settlement",)

_S = SettlementStatus
STATUS_COLOURS = {
    _S.REQUESTED: "warning",
    _S.APPROVED: "info",
    _S.SUBMITTING: "info",
    _S.SUBMITTED: "info",
    _S.PROCESSING: "info",
    _S.PAID: "success",
    _S.REJECTED: "danger",
    _S.CANCELLED: "",
    _S.FAILED: "danger",
    _S.REVERSED: "danger",
    _S.REVIEW: "warning",
}


class StatusChangeInline(ReadOnlyInline):
    model = SettlementStatusChange
    fields = ("at", "status", "actor", "reason")
    readonly_fields = fields
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("actor")


@admin.register(Settlement)
class SettlementAdmin(ReadOnlyAdmin):
    """Who asked may not approve: the service and a constraint of the database say so."""

    list_display = (
        "number", "state", "cpo", "amount_text", "bank", "requested_by", "requested",
        "decided_by", "paid",
    )  # fmt: skip
    list_filter = (
        "status",
        ("cpo", AutocompleteSelectFilter),
        ("requested_at", RangeDateTimeFilter),
    )
    list_select_related = ("cpo", "requested_by", "decided_by")
    search_fields = ("cpo__name", "proof__iexact")
    search_numbers = ("pk",)
    date_hierarchy = "requested_at"
    fields = (
        ("state", "cpo"),
        ("amount_text", "fee_text"),
        ("requested_by", "requested"),
        ("decided_by", "decided"),
        ("bank", "account"),
        ("paid", "proof"),
        ("papers", "kept_back"),
        "reason",
    )
    readonly_fields = (
        "state", "cpo", "amount_text", "fee_text", "requested_by", "requested", "decided_by",
        "decided", "bank", "account", "paid", "proof", "papers", "kept_back", "reason",
    )  # fmt: skip
    inlines = (StatusChangeInline, PayoutInline)
    actions_detail = ("approve", "reject", "cancel", "mark_paid")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:settlement_id>/proof", wrap(download_proof), name=PROOF),
            path(
                "<int:settlement_id>/statement.<str:kind>", wrap(download_statement), name=STATEMENT
            ),
            *super().get_urls(),
        ]

    @column(_("settlement"), ordering="pk")
    def number(self, settlement: Settlement) -> str:
        return str(settlement)

    @column(_("status"), ordering="status", label=STATUS_COLOURS)
    def state(self, settlement: Settlement) -> Any:
        return settlement.status, settlement.get_status_display()

    @column(_("amount"), ordering="amount")
    def amount_text(self, settlement: Settlement) -> str:
        return money(settlement.amount, settlement.currency)

    @column(_("transfer fee"))
    def fee_text(self, settlement: Settlement) -> str:
        return money(settlement.fee, settlement.currency)

    @column(_("fee kept back"))
    def kept_back(self, settlement: Settlement) -> str:
        return money(settlement.charged_fee, settlement.currency)

    @column(_("papers"))
    def papers(self, settlement: Settlement) -> SafeString:
        shown = [
            link(reverse(f"admin:{STATEMENT}", args=(settlement.pk, kind)), kind.upper())
            for kind in KINDS
        ]
        proof = SettlementProof.objects.filter(settlement=settlement).first()
        if proof is not None:
            shown.append(link(reverse(f"admin:{PROOF}", args=(settlement.pk,)), proof.name))
        return links(*shown)

    @column(_("bank"))
    def bank(self, settlement: Settlement) -> str:
        parts = (settlement.bank_code, settlement.bank_account_name)
        return " · ".join(part for part in parts if part) or "-"

    @column(_("account number"))
    def account(self, settlement: Settlement) -> str:
        return mask(settlement.bank_account_number) or "-"

    @column(_("requested"), ordering="requested_at")
    def requested(self, settlement: Settlement) -> str:
        return when(settlement.requested_at)

    @column(_("decided"))
    def decided(self, settlement: Settlement) -> str:
        return when(settlement.decided_at)

    @column(_("paid"), ordering="paid_at")
    def paid(self, settlement: Settlement) -> str:
        return when(settlement.paid_at)

    @detail_action(_("Approve"), url_path="approve", icon="check_circle", permissions=DECIDE)
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Approve this settlement"),
            text=_("It is then paid to the company's bank account. Who asked may not approve."),
            submit=_("Approve"),
        )
        return self._decide(request, object_id, question, settlements.approve_settlement)

    @detail_action(_("Reject"), url_path="reject", icon="block", permissions=DECIDE)
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Reject this settlement"),
            text=_("The money goes back to the wallet; the company reads the reason."),
            submit=_("Reject"),
            danger=True,
            form_class=ReasonForm,
        )
        return self._decide(request, object_id, question, settlements.reject_settlement)

    @detail_action(_("Cancel"), url_path="cancel", icon="undo", permissions=DECIDE)
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Cancel this settlement"),
            text=_("The money goes back to the wallet."),
            submit=_("Cancel the settlement"),
            danger=True,
            form_class=ReasonForm,
        )
        return self._decide(request, object_id, question, settlements.cancel_settlement)

    @detail_action(_("Mark as paid"), url_path="paid", icon="paid", permissions=DECIDE)
    def mark_paid(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Mark this settlement as paid"),
            text=_("For a transfer made by hand: it is booked as paid to the company."),
            submit=_("Mark as paid"),
            form_class=PaidForm,
        )
        return self._decide(request, object_id, question, settlements.mark_settlement_paid)

    def _decide(
        self,
        request: HttpRequest,
        object_id: str,
        question: Question,
        service: Callable[..., object],
    ) -> HttpResponse:
        settlement = get_row(self, request, object_id)
        actor = cast("User", request.user)

        def run(answer: dict[str, Any]) -> None:
            file = answer.pop("document", None)
            if file is not None:
                # Read no further than what is refused anyway.
                content = file.read(MOST_BYTES + 1)
                answer["document"] = ProofPaper(str(file.name), content)
            service(settlement, actor=actor, **answer)

        return ask(self, request, settlement, question, run)
