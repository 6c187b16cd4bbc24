"""Who owes whom in roaming, and the transfers that settle it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import BigIntegerField, CharField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast, Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from cpo.models import User
from ocpi.admin.transfers import TransferForm, ask_for_transfer
from ocpi.models import PartnerBalance
from payments.chart import Code, Owner
from payments.models import LedgerAccount
from payments.services.transfers import PARTNERS, PartnerPayment, propose_partner_payment
from unievp.lib.admin import ReadOnlyAdmin, column, detail_action, get_row, list_link, money

_CURRENCY = "IDR"


class PartnerPaymentForm(TransferForm):
    kinds = PARTNERS

    amount = forms.IntegerField(
        label=_("Amount (Rp)"), min_value=1, widget=UnfoldAdminIntegerFieldWidget()
    )


@admin.register(PartnerBalance)
class PartnerBalanceAdmin(ReadOnlyAdmin):
    """In rupiah; other currencies stand among the accounts."""

    list_display = ("name", "status", "owes_us", "we_owe", "accounts")
    list_filter = ("status",)
    search_fields = ("name",)
    fields = readonly_fields = (
        "name",
        "status",
        "margin_percent",
        "owes_us",
        "we_owe",
        "accounts",
        "payments",
    )
    actions_detail = ("record_payment",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PartnerBalance]:
        rows: QuerySet[PartnerBalance] = super().get_queryset(request)
        return rows.annotate(
            receivable=_balance(Code.ROAMING_RECEIVABLE), payable=_balance(Code.ROAMING_PAYABLE)
        )

    @detail_action(
        _("Record a payment"),
        url_path="record-payment",
        icon="payments",
        permissions=("payments.add_adjustment",),
    )
    def record_payment(self, request: HttpRequest, object_id: str) -> HttpResponse:
        partner = get_row(self, request, object_id)

        def propose(values: dict[str, Any], reason: str, actor: User) -> None:
            paid = PartnerPayment(
                partner_reference=str(partner.pk), partner_name=partner.name, **values
            )
            propose_partner_payment(paid, reason=reason, actor=actor)

        return ask_for_transfer(
            self, request, partner, form_class=PartnerPaymentForm, propose=propose
        )

    @column(_("owes us"), ordering="receivable")
    def owes_us(self, partner: Any) -> str:
        return money(partner.receivable, _CURRENCY)

    @column(_("we owe"), ordering="payable")
    def we_owe(self, partner: Any) -> str:
        return money(partner.payable, _CURRENCY)

    @column(_("accounts"))
    def accounts(self, partner: PartnerBalance) -> SafeString:
        return list_link(
            "payments.LedgerAccount",
            _("Accounts"),
            owner_type=Owner.PARTNER.value,
            owner_id__exact=partner.pk,
        )

    @column(_("payments"))
    def payments(self, partner: PartnerBalance) -> SafeString:
        return list_link("payments.Adjustment", _("Payments"), q=partner.name)


def _balance(code: Code) -> Coalesce:
    rows = LedgerAccount.objects.filter(
        code=code,
        owner_type=Owner.PARTNER.value,
        owner_id=Cast(OuterRef("pk"), CharField()),
        currency=_CURRENCY,
    )
    balance = rows.annotate(net=LedgerAccount.balance_expression()).values("net")
    return Coalesce(Subquery(balance, output_field=BigIntegerField()), 0)
