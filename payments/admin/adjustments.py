"""Bookings by two people: proposed on a form, decided by another one; and gateways' balances."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from cpo.models import CPO, User
from payments.models import Adjustment, AdjustmentKind, GatewayBalance, ProviderConfig
from payments.services.adjustments import (
    OF_TRANSFERS,
    approve_adjustment,
    propose_adjustment,
    refuse_adjustment,
)
from payments.states import AdjustmentStatus
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ask,
    ask_for_new,
    change_link,
    column,
    detail_action,
    get_row,
    money,
    when,
)

DECIDE = ("payments.change_adjustment",)
_COLOURS = {
    AdjustmentStatus.PROPOSED: "warning",
    AdjustmentStatus.BOOKED: "success",
    AdjustmentStatus.REFUSED: "",
}


# What partners and drivers paid is recorded where their debts are.
_BY_HAND = [(kind.value, kind.label) for kind in AdjustmentKind if kind not in OF_TRANSFERS]


class ProposalForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What it is"), choices=_BY_HAND, widget=UnfoldAdminSelectWidget()
    )
    amount = forms.IntegerField(
        label=_("Amount"), min_value=1, widget=UnfoldAdminIntegerFieldWidget()
    )
    config = forms.ModelChoiceField(
        label=_("Provider"),
        queryset=ProviderConfig.objects.all(),
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    cpo = forms.ModelChoiceField(
        label=_("CPO"),
        queryset=CPO.objects.all(),
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget({"rows": 3})
    )


@admin.register(Adjustment)
class AdjustmentAdmin(ReadOnlyAdmin):
    list_display = ("what", "amount_text", "about", "state", "proposed_by", "proposed", "booked_as")
    list_filter = ("status", "kind", ("proposed_at", RangeDateTimeFilter))
    list_select_related = ("config", "cpo", "driver", "proposed_by", "booking")
    search_fields = ("reason", "transfer", "partner_name", "driver__name")
    fields = (
        ("what", "amount_text"),
        "about",
        "reason",
        ("state", "booked_as"),
        ("proposed_by", "proposed"),
        ("decided_by", "decided"),
    )
    readonly_fields = ("what", "amount_text", "about", "state", "booked_as", "proposed", "decided")
    actions_detail = ("approve", "refuse")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("payments.add_adjustment"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        question = Question(
            title=_("Propose an adjustment"),
            text=_("Nothing is booked before another person approves it."),
            submit=_("Propose"),
            form_class=ProposalForm,
        )

        def run(values: dict[str, Any]) -> Adjustment:
            return propose_adjustment(actor=cast("User", request.user), **values)

        done = _("Proposed. Another person decides.")
        return ask_for_new(self, request, question, run, done=done)

    @detail_action(_("Approve and book"), url_path="approve", icon="check", permissions=DECIDE)
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = get_row(self, request, object_id)
        question = Question(
            title=_("Approve and book"),
            text=_("It is booked at once, in your name. Who proposed it may not approve it."),
            submit=_("Approve and book"),
        )

        def run(_answer: dict[str, Any]) -> None:
            approve_adjustment(row, actor=cast("User", request.user))

        return ask(self, request, row, question, run)

    @detail_action(_("Refuse"), url_path="refuse", icon="close", permissions=DECIDE)
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = get_row(self, request, object_id)
        question = Question(
            title=_("Refuse this adjustment"), text=_("Nothing is booked."), submit=_("Refuse")
        )

        def run(_answer: dict[str, Any]) -> None:
            refuse_adjustment(row, actor=cast("User", request.user))

        return ask(self, request, row, question, run)

    @column(_("kind"), ordering="kind")
    def what(self, row: Adjustment) -> str:
        return str(row.get_kind_display())

    @column(_("amount"), ordering="amount")
    def amount_text(self, row: Adjustment) -> str:
        return money(row.amount, row.currency)

    @column(_("about"))
    def about(self, row: Adjustment) -> str:
        parts = (row.config, row.cpo, row.partner_name, row.driver, row.transfer)
        return " · ".join(str(each) for each in parts if each) or "-"

    @column(_("status"), ordering="status", label=_COLOURS)
    def state(self, row: Adjustment) -> Any:
        return row.status, row.get_status_display()

    @column(_("proposed"), ordering="proposed_at")
    def proposed(self, row: Adjustment) -> str:
        return when(row.proposed_at)

    @column(_("decided"), ordering="decided_at")
    def decided(self, row: Adjustment) -> str:
        return when(row.decided_at)

    @column(_("booking"))
    def booked_as(self, row: Adjustment) -> SafeString | str:
        return change_link(row.booking)


@admin.register(GatewayBalance)
class GatewayBalanceAdmin(ReadOnlyAdmin):
    list_display = ("config", "read", "told_text", "booked_text", "flying", "apart")
    list_filter = ("config", ("at", RangeDateTimeFilter))
    list_select_related = ("config",)
    fields = (("config", "read"), ("told_text", "booked_text", "flying"), "apart")
    readonly_fields = ("read", "told_text", "booked_text", "flying", "apart")

    @column(_("time"), ordering="at")
    def read(self, row: GatewayBalance) -> str:
        return when(row.at)

    @column(_("the gateway says"), ordering="told")
    def told_text(self, row: GatewayBalance) -> str:
        return money(row.told, row.currency)

    @column(_("the ledger says"), ordering="booked")
    def booked_text(self, row: GatewayBalance) -> str:
        return money(row.booked, row.currency)

    @column(_("on its way"))
    def flying(self, row: GatewayBalance) -> str:
        return money(row.in_flight, row.currency)

    @column(_("result"), label={"ok": "success", "differs": "danger"})
    def apart(self, row: GatewayBalance) -> Any:
        if row.difference:
            return "differs", money(row.difference, row.currency)
        return "ok", _("Fits")
