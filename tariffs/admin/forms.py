"""The usual tariff's five numbers in the admin's looks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from cpo.models import CPO
from tariffs.forms import SimplePricesForm


class DeskPricesForm(SimplePricesForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in SimplePricesForm.base_fields:
            field = self.fields[name]
            attrs = field.widget.attrs
            if isinstance(field, forms.DecimalField):
                field.widget = UnfoldAdminDecimalFieldWidget(attrs)
            else:
                field.widget = UnfoldAdminIntegerFieldWidget(attrs)


class PricesForm(DeskPricesForm):
    """And the version's note."""

    note = forms.CharField(
        label=_("Note"), required=False, max_length=200, widget=UnfoldAdminTextInputWidget()
    )


class NewTariffForm(DeskPricesForm):
    cpo = forms.ModelChoiceField(
        label=_("CPO"), queryset=CPO.objects.all(), widget=UnfoldAdminSelectWidget()
    )
    name = forms.CharField(label=_("Name"), max_length=120, widget=UnfoldAdminTextInputWidget())
    field_order = ("cpo", "name")
