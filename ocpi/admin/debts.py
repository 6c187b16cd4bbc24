"""What a driver of ours owes for charging elsewhere, and the transfers that settle it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from cpo.models import User
from ocpi.models import RoamingContract
from ocpi.selectors.debts import owed_by
from payments.services.transfers import DRIVERS, DriverPayment, propose_driver_payment
from unievp.lib import money as currencies
from unievp.lib.admin import (
    DeskAdmin,
    Question,
    ask,
    column,
    detail_action,
    get_row,
    list_link,
    money,
)

_MOST: Final = Decimal(10) ** 12


class DriverPaymentForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Who paid whom"),
        choices=[(kind.value, kind.label) for kind in DRIVERS],
        widget=UnfoldAdminSelectWidget(),
    )
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
    transfer = forms.CharField(
        label=_("Transfer"),
        max_length=80,
        help_text=_("Its reference at the bank."),
        widget=UnfoldAdminTextInputWidget(),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget({"rows": 3})
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
        question = Question(
            title=_("Record a payment"),
            text=_("Nothing is booked before another person approves it among the adjustments."),
            submit=_("Propose"),
            form_class=DriverPaymentForm,
        )

        def run(values: dict[str, Any]) -> None:
            reason = values.pop("reason")
            paid = DriverPayment(driver=contract.driver, **values)
            propose_driver_payment(paid, reason=reason, actor=cast("User", request.user))

        return ask(self, request, contract, question, run)
