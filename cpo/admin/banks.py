"""A company's bank account on staff's pages: changed as a whole, shown masked."""

from __future__ import annotations

from typing import Final

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from cpo.models import BankAccountChange
from unievp.lib import clock


class BankState(models.TextChoices):
    WAITING = "waiting", _("To be verified")
    COOLING = "cooling", _("Verified, cooling off")
    GOOD = "good", _("Verified")
    REFUSED = "refused", _("Refused")


BANK_COLOURS: Final = {
    BankState.WAITING.value: "warning",
    BankState.COOLING.value: "info",
    BankState.GOOD.value: "success",
    BankState.REFUSED.value: "danger",
}


class BankAccountForm(forms.Form):
    bank_code = forms.CharField(
        label=_("Bank"), max_length=32, widget=UnfoldAdminTextInputWidget({"placeholder": "BCA"})
    )
    bank_account_name = forms.CharField(
        label=_("Account holder"), max_length=120, widget=UnfoldAdminTextInputWidget()
    )
    bank_account_number = forms.CharField(
        label=_("Account number"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget(
            {"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}
        ),
    )


def bank_state_of(change: BankAccountChange) -> BankState:
    if change.refused_at is not None:
        return BankState.REFUSED
    if change.verified_at is None:
        return BankState.WAITING
    return BankState.COOLING if clock.now() < change.usable_from else BankState.GOOD
