"""What drivers may send. The pages draw the fields themselves; these only read and check."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from payments.gateways.base import Method
from payments.services.orders import Goal, Order
from unievp.web.pay.methods import BANKS

_TOKEN = RegexValidator(r"^[A-Za-z0-9_-]{20,64}\Z")


class OrderForm(forms.Form):
    """One goal: `kwh` or `kwh_own`, `rp` or `rp_own`, or a full battery; then how to pay."""

    mode = forms.ChoiceField(choices=[(goal.value, goal.value) for goal in Goal])
    kwh = forms.IntegerField(required=False, min_value=1)
    kwh_own = forms.DecimalField(
        required=False, max_digits=6, decimal_places=1, localize=False, min_value=Decimal("0.5")
    )
    rp = forms.IntegerField(required=False, min_value=1)
    rp_own = forms.IntegerField(required=False, min_value=1, max_value=10**12)
    method = forms.ChoiceField(choices=[])
    email = forms.EmailField(required=False, max_length=254)
    token = forms.CharField(validators=[_TOKEN])

    def __init__(self, data: Any = None, *, methods: list[Method]) -> None:
        super().__init__(_tolerant(data) if data is not None else None)
        field = self.fields["method"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(method.value, method.value) for method in methods]
            field.error_messages["required"] = _("Choose how to pay.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        mode = data.get("mode")
        for goal in (Goal.ENERGY, Goal.AMOUNT):
            field = f"{goal.value}_own"
            given = data.get(field) or data.get(goal.value)
            if mode == goal and not given and field not in self.errors:
                self.add_error(field, _("Choose how much."))
        return data

    def order(self, *, language: str) -> Order:
        data = self.cleaned_data
        goal, value = Goal(data["mode"]), 0
        if goal is Goal.ENERGY:
            value = int((data["kwh_own"] or Decimal(data["kwh"])) * 1000)
        elif goal is Goal.AMOUNT:
            value = data["rp_own"] or data["rp"]
        return Order(goal, value, data["method"], data["token"], data["email"], language)


class FindForm(forms.Form):
    charger = forms.CharField(max_length=48, strip=True)


class MethodForm(forms.Form):
    method = forms.CharField(max_length=16)


class MailForm(forms.Form):
    email = forms.EmailField(max_length=254)


class AccountForm(forms.Form):
    """Where a refund goes that the way of paying cannot take back."""

    bank_code = forms.ChoiceField(
        choices=list(BANKS.items()),
        error_messages={
            "required": _("Choose the bank."),
            "invalid_choice": _("Choose the bank."),
        },
    )
    account_number = forms.RegexField(
        r"^\d{6,20}\Z",
        error_messages={
            "required": _("Enter the account number."),
            "invalid": _("Only digits, 6 to 20 of them."),
        },
    )
    account_name = forms.CharField(
        max_length=100,
        min_length=2,
        error_messages={"required": _("Enter the name as at the bank.")},
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)

    def clean_account_name(self) -> str:
        return " ".join(str(self.cleaned_data["account_name"]).split())


def _tolerant(data: Any) -> Any:
    """People type 12,5 kWh and Rp 75.000."""
    data = data.copy()
    if data.get("kwh_own"):
        data["kwh_own"] = data["kwh_own"].strip().replace(",", ".")
    if data.get("rp_own"):
        kept = data["rp_own"].lower().replace("rp", "").replace("idr", "")
        data["rp_own"] = kept.replace(".", "").replace(",", "").replace(" ", "")
    return data
