"""Our drivers at other companies' chargers: who may, with what, and what partners were told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from cpo.models import User
from ocpi.admin.debts import DriverDebts
from ocpi.models import (
    Allowed,
    ContractStatus,
    GivenAuthorization,
    OwnToken,
    RoamingContract,
)
from ocpi.services.drivers.contracts import (
    block_contract,
    change_credit,
    open_contract,
    unblock_contract,
)
from unievp.lib.admin import (
    AppendOnlyAdmin,
    Question,
    ReadOnlyAdmin,
    ReadOnlyInline,
    ask,
    change_link,
    column,
    detail_action,
    get_row,
    money,
    pretty_json,
    since,
)
from unievp.lib.admin.confirm import ReasonForm

ACT: Final = ("ocpi.change_roamingcontract",)
_SHOWN: Final = ("contract_id", "whose", "state", "limit", "owes", "payments", "since")
_CONTRACT_COLOURS: Final = {ContractStatus.ACTIVE: "success", ContractStatus.BLOCKED: "danger"}
_ALLOWED_COLOURS: Final = {
    Allowed.ALLOWED: "success",
    Allowed.BLOCKED: "danger",
    Allowed.EXPIRED: "warning",
    Allowed.NO_CREDIT: "warning",
    Allowed.NOT_ALLOWED: "danger",
}


class CreditForm(forms.Form):
    credit_limit = forms.IntegerField(
        label=_("credit (Rp)"),
        required=False,
        min_value=0,
        help_text=_("Empty: no limit."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )


class TokenInline(ReadOnlyInline):
    model = OwnToken
    fields = ("type", "uid", "valid", "last_updated")
    readonly_fields = fields


@admin.register(RoamingContract)
class RoamingContractAdmin(DriverDebts, AppendOnlyAdmin):
    """Added for a driver; the tokens follow the driver's cards by themselves."""

    list_display = ("contract_id", "whose", "state", "limit", "since")
    list_filter = ("status",)
    list_select_related = ("driver",)
    search_fields = ("contract_id", "driver__name", "driver__email")
    autocomplete_fields = ("driver",)
    inlines = (TokenInline,)
    actions_detail = ("block", "credit", "record_payment")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("driver", "credit_limit")
        return (*_SHOWN, "block_reason")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else _SHOWN

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj is not None else ()

    def save_model(
        self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: Any
    ) -> None:
        wanted = cast("RoamingContract", obj)
        made = open_contract(
            wanted.driver,
            actor=cast("User", request.user),
            credit_limit=wanted.credit_limit,
        )
        wanted.pk, wanted._state.adding = made.pk, False
        wanted.contract_id = made.contract_id

    @column(_("driver"), ordering="driver__name")
    def whose(self, row: RoamingContract) -> str:
        return change_link(row.driver)

    @column(_("status"), label=_CONTRACT_COLOURS)
    def state(self, row: RoamingContract) -> Any:
        return row.status, row.get_status_display()

    @column(_("credit"), ordering="credit_limit")
    def limit(self, row: RoamingContract) -> str:
        return str(_("no limit")) if row.credit_limit is None else money(row.credit_limit)

    @column(_("created"), ordering="created_at")
    def since(self, row: RoamingContract) -> str:
        return since(row.created_at)

    @detail_action(_("Block or unblock"), url_path="block", icon="block", permissions=ACT)
    def block(self, request: HttpRequest, object_id: str) -> HttpResponse:
        contract = get_row(self, request, object_id)
        blocked = contract.status == ContractStatus.BLOCKED
        question = Question(
            title=_("Let this driver roam again") if blocked else _("Block this driver elsewhere"),
            text=_("Partners are told within seconds. What runs goes on."),
            submit=_("Unblock") if blocked else _("Block"),
            danger=not blocked,
            form_class=forms.Form if blocked else ReasonForm,
        )
        switch: Callable[..., object] = unblock_contract if blocked else block_contract
        return self._ask(request, contract, question, switch)

    @detail_action(_("Credit"), url_path="credit", icon="credit_score", permissions=ACT)
    def credit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Change the credit"),
            text=_("A driver who owes this much or more is refused by partners who ask."),
            submit=_("Change"),
            form_class=CreditForm,
        )
        return self._ask(request, get_row(self, request, object_id), question, change_credit)

    def _ask(
        self,
        request: HttpRequest,
        contract: RoamingContract,
        question: Question,
        act: Callable[..., object],
    ) -> HttpResponse:
        def run(answer: dict[str, Any]) -> None:
            act(contract, actor=cast("User", request.user), **answer)

        return ask(self, request, contract, question, run)


@admin.register(OwnToken)
class OwnTokenAdmin(ReadOnlyAdmin):
    list_display = ("uid", "type", "of_contract", "whose", "valid", "changed")
    list_filter = ("type", "valid")
    list_select_related = ("contract__driver",)
    search_fields = ("uid", "contract__contract_id", "contract__driver__name")
    fields = readonly_fields = (
        "uid",
        "type",
        "of_contract",
        "whose",
        "valid",
        "whitelist",
        "changed",
        "told",
    )

    @column(_("contract"), ordering="contract__contract_id")
    def of_contract(self, row: OwnToken) -> str:
        return change_link(row.contract)

    @column(_("driver"), ordering="contract__driver__name")
    def whose(self, row: OwnToken) -> str:
        return str(row.contract.driver)

    @column(_("changed"), ordering="last_updated")
    def changed(self, row: OwnToken) -> str:
        return since(row.last_updated)

    @column(_("as partners see it"))
    def told(self, row: OwnToken) -> str:
        return pretty_json(row.body)


@admin.register(GivenAuthorization)
class GivenAuthorizationAdmin(ReadOnlyAdmin):
    """What partners asked of our drivers, and what we said."""

    list_display = ("asked", "answer", "about", "partner", "location_id")
    list_filter = ("allowed", ("partner", AutocompleteSelectFilter))
    list_select_related = ("token", "partner")
    search_fields = ("token__uid", "reference")
    fields = readonly_fields = (
        "asked",
        "answer",
        "about",
        "partner",
        "location_id",
        "evse_uids",
        "reference",
    )

    @column(_("time"), ordering="at")
    def asked(self, row: GivenAuthorization) -> str:
        return since(row.at)

    @column(_("answer"), label=_ALLOWED_COLOURS)
    def answer(self, row: GivenAuthorization) -> Any:
        return row.allowed, row.get_allowed_display()

    @column(_("token of ours"), ordering="token__uid")
    def about(self, row: GivenAuthorization) -> str:
        return change_link(row.token)
