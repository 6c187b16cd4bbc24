"""What a driver of ours owes for charging elsewhere, and the transfers that settle it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget

from cpo.models import User
from ocpi.admin.transfers import TransferForm, ask_for_transfer
from ocpi.models import RoamingContract
from ocpi.selectors.debts import owed_by
from payments.services.transfers import DRIVERS, DriverPayment, propose_driver_payment
from unievp.lib import money as currencies
from unievp.lib.admin import DeskAdmin, column, detail_action, get_row, list_link, money

_MOST: Final = Decimal(10) ** 12


class DriverPaymentForm(TransferForm):
    kinds = DRIVERS

    currency = forms.ChoiceField(
        label=_("Currency"),
        choices=[(code, code) for code in currencies.EXPONENTS],
        widget=UnfoldAdminSelectWidget(),
    )
    amount = forms.DecimalField(
        label=_("Amount"),
        min_value=Decimal(0),
        max_value=_MOST,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(),
    )

    def clean(self) -> dict[str, Any]:
        """`amount` in minor units of the currency."""
        values = super().clean() or self.cleaned_data
        if "amount" in values and "currency" in values:
            minor = values["amount"].scaleb(currencies.exponent(values["currency"]))
            if minor != int(minor):
                self.add_error("amount", _("This currency has no such part."))
            values["amount"] = int(minor)
        return values


class DriverDebts(DeskAdmin):
    """For the page of a contract."""

    @column(_("owes"))
    def owes(self, contract: RoamingContract) -> SafeString | str:
        owed = owed_by([contract.driver_id]).get(contract.driver_id, {})
        amounts = ((money(amount, currency),) for currency, amount in owed.items())
        return format_html_join(" · ", "{}", amounts) or "-"

    @column(_("payments"))
    def payments(self, contract: RoamingContract) -> SafeString:
        return list_link("payments.Adjustment", _("Payments"), q=contract.driver.name)

    @detail_action(
        _("Record a payment"),
        url_path="record-payment",
        icon="payments",
        permissions=("payments.add_adjustment",),
    )
    def record_payment(self, request: HttpRequest, object_id: str) -> HttpResponse:
        contract = get_row(self, request, object_id)

        def propose(values: dict[str, Any], reason: str, actor: User) -> None:
            paid = DriverPayment(driver=contract.driver, **values)
            propose_driver_payment(paid, reason=reason, actor=actor)

        return ask_for_transfer(
            self, request, contract, form_class=DriverPaymentForm, propose=propose
        )
