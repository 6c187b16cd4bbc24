"""New bank accounts: whose they are, and who verified them. (The gateway is payments' own.)"""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.messages import SUCCESS, WARNING
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from cpo.admin.banks import BANK_COLOURS, bank_state_of
from cpo.models import BankAccountChange, User
from cpo.services.bank_accounts import names_match, refuse_bank_account, verify_bank_account
from payments.services.settling.banks import ask_account_name
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ask,
    change_link,
    column,
    detail_action,
    get_row,
    when,
)
from unievp.lib.admin.confirm import ReasonForm, change_page

_SHOWN = 4
VERIFY = ("cpo.change_bankaccountchange",)


@admin.register(BankAccountChange)
class BankAccountChangeAdmin(ReadOnlyAdmin):
    list_display = ("company", "state", "bank_code", "account_name", "changed", "changed_label")
    list_filter = (
        ("verified_at", admin.EmptyFieldListFilter),
        ("cpo", AutocompleteSelectFilter),
        ("changed_at", RangeDateTimeFilter),
    )
    list_select_related = ("cpo",)
    search_fields = ("cpo__name", "account_name")
    fields = (
        ("company", "state"),
        ("bank_code", "account"),
        ("account_name", "told"),
        ("changed", "changed_label"),
        ("usable", "verified"),
        "verified_by",
        "refusal",
    )
    readonly_fields = (
        "company", "state", "bank_code", "account", "account_name", "told", "changed",
        "changed_label", "usable", "verified", "verified_by", "refusal",
    )  # fmt: skip
    actions_detail = ("ask_bank", "verify", "refuse")

    @column(_("CPO"), ordering="cpo__name")
    def company(self, change: BankAccountChange) -> SafeString | str:
        return change_link(change.cpo)

    @column(_("state"), label=BANK_COLOURS)
    def state(self, change: BankAccountChange) -> Any:
        state = bank_state_of(change)
        return state.value, state.label

    @column(_("account number"))
    def account(self, change: BankAccountChange) -> str:
        # Who verifies it compares its end with the company's paper.
        return f"••••{change.account_number[-_SHOWN:]}"

    @column(_("holder's name at the bank"))
    def told(self, change: BankAccountChange) -> str:
        if not change.name_at_bank:
            return "-"
        same = names_match(change.account_name, change.name_at_bank)
        verdict = _("the same") if same else _("another name!")
        return f"{change.name_at_bank} ({verdict})"

    @column(_("changed"), ordering="changed_at")
    def changed(self, change: BankAccountChange) -> str:
        return when(change.changed_at)

    @column(_("paid to from"))
    def usable(self, change: BankAccountChange) -> str:
        return when(change.usable_from)

    @column(_("verified"))
    def verified(self, change: BankAccountChange) -> str:
        return when(change.verified_at)

    @detail_action(_("Ask the bank"), url_path="ask", icon="sync", permissions=VERIFY)
    def ask_bank(self, request: HttpRequest, object_id: str) -> HttpResponse:
        change = get_row(self, request, object_id)
        question = Question(
            title=_("Ask whose account it is"),
            text=_("The payout gateway tells the holder's name, where it can."),
            submit=_("Ask"),
        )

        def run(_answer: dict[str, Any]) -> HttpResponse:
            asked = ask_account_name(change, actor=cast("User", request.user))
            same = names_match(asked.account_name, asked.name_at_bank)
            words = _("The bank says: %(name)s") % {"name": asked.name_at_bank}
            self.message_user(request, words, SUCCESS if same else WARNING)
            return HttpResponseRedirect(change_page(change))

        return ask(self, request, change, question, run)

    @detail_action(_("Verify"), url_path="verify", icon="verified", permissions=VERIFY)
    def verify(self, request: HttpRequest, object_id: str) -> HttpResponse:
        change = get_row(self, request, object_id)
        question = Question(
            title=_("Verify this bank account"),
            text=_("You have seen that it is the company's. Settlements may then go there."),
            submit=_("Verify"),
        )

        def run(_answer: dict[str, Any]) -> None:
            verify_bank_account(change, actor=cast("User", request.user))

        return ask(self, request, change, question, run)

    @detail_action(_("Refuse"), url_path="refuse", icon="block", permissions=VERIFY)
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        change = get_row(self, request, object_id)
        question = Question(
            title=_("Refuse this bank account"),
            text=_("Nothing is paid to it. The company reads why, and may name another one."),
            submit=_("Refuse"),
            danger=True,
            form_class=ReasonForm,
        )

        def run(answer: dict[str, Any]) -> None:
            refuse_bank_account(change, reason=answer["reason"], actor=cast("User", request.user))

        return ask(self, request, change, question, run)
