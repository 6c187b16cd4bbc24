"""What staff are asked for a transfer that settles a debt: who paid whom, how much, which, why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, cast

from django import forms
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from cpo.models import User
from payments.models import AdjustmentKind
from unievp.lib.admin import DeskAdmin, Question, ask


class TransferForm(forms.Form):
    """Subclasses name their `kinds` and add the `amount`."""

    kinds: ClassVar[Iterable[AdjustmentKind]] = ()
    field_order = ("kind", "currency", "amount", "transfer", "reason")

    kind = forms.ChoiceField(label=_("Who paid whom"), widget=UnfoldAdminSelectWidget())
    transfer = forms.CharField(
        label=_("Transfer"),
        max_length=80,
        help_text=_("Its reference at the bank."),
        widget=UnfoldAdminTextInputWidget(),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget({"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(kind.value, kind.label) for kind in self.kinds]
        cast("forms.ChoiceField", self.fields["kind"]).choices = choices


def ask_for_transfer(
    admin: DeskAdmin,
    request: HttpRequest,
    row: Model,
    *,
    form_class: type[TransferForm],
    propose: Callable[[dict[str, Any], str, User], object],
) -> HttpResponse:
    """The page, or what `propose` says to the form's other values, the reason and who asks."""
    question = Question(
        title=_("Record a payment"),
        text=_("Nothing is booked before another person approves it among the adjustments."),
        submit=_("Propose"),
        form_class=form_class,
    )

    def run(values: dict[str, Any]) -> None:
        reason = values.pop("reason")
        propose(values, reason, cast("User", request.user))

    return ask(admin, request, row, question, run)
