from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter

from cpo.admin.audited import AuditedAdmin
from cpo.admin.banks import BANK_COLOURS, BankAccountForm, bank_state_of
from cpo.admin.documents import DOWNLOAD, CompanyDocumentInline, download_document
from cpo.models import CPO, CPOStatus, Membership, User
from cpo.services import companies
from cpo.services.bank_accounts import change_bank_account, latest_change
from unievp.lib.admin import (
    DeskTabularInline,
    Question,
    ask,
    column,
    detail_action,
    get_row,
    list_link,
)
from unievp.lib.admin.confirm import ReasonForm
from unievp.lib.admin.links import links
from unievp.lib.secrets import mask

STATUS_COLOURS = {
    CPOStatus.PENDING: "warning",
    CPOStatus.VERIFIED: "success",
    CPOStatus.REJECTED: "danger",
    CPOStatus.SUSPENDED: "danger",
}


class MembershipInline(DeskTabularInline):
    model = Membership
    autocomplete_fields = ("user",)
    fields = ("user", "role")


@admin.register(CPO)
class CPOAdmin(AuditedAdmin):
    list_display = (
        "name",
        "state",
        "party",
        "contact_name",
        "contact_email",
        "created_at",
        "look_at",
    )
    list_filter = ("status", "country_code", ("created_at", RangeDateTimeFilter))
    search_fields = ("name", "legal_name", "contact_email", "party_id", "tax_number")
    date_hierarchy = "created_at"
    inlines = (MembershipInline, CompanyDocumentInline)
    actions_detail = ("approve", "reject", "suspend", "change_bank")
    readonly_fields = (
        "state",
        "status_reason",
        "verified_at",
        "email_confirmed_at",
        "created_at",
        "bank",
        "account",
        "bank_state",
        "look_at",
    )
    fieldsets: ClassVar[Any] = (
        (
            None,
            {
                "fields": (
                    ("name", "legal_name"),
                    ("state", "verified_at"),
                    ("look_at", "status_reason"),
                )
            },
        ),
        (
            _("Contact"),
            {
                "fields": (
                    ("contact_name", "contact_email"),
                    ("contact_phone", "email_confirmed_at"),
                    "address",
                )
            },
        ),
        (_("Roaming and tax"), {"fields": ("country_code", "party_id", "tax_number")}),
        (_("Bank account"), {"fields": (("bank", "account"), "bank_state")}),
        (_("Dates"), {"fields": ("created_at",)}),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(download_document)
        return [path("documents/<uuid:document_id>", view, name=DOWNLOAD), *super().get_urls()]

    def has_delete_permission(self, request: HttpRequest, obj: CPO | None = None) -> bool:
        return False

    @column(_("status"), ordering="status", label=STATUS_COLOURS)
    def state(self, cpo: CPO) -> Any:
        return cpo.status, cpo.get_status_display()

    @column(_("party id"), ordering="party_id")
    def party(self, cpo: CPO) -> str:
        return f"{cpo.country_code}*{cpo.party_id}" if cpo.party_id else "-"

    @column(_("bank"))
    def bank(self, cpo: CPO) -> str:
        parts = (cpo.bank_code, cpo.bank_account_name)
        return " · ".join(part for part in parts if part) or "-"

    @column(_("state of the account"), label=BANK_COLOURS)
    def bank_state(self, cpo: CPO) -> Any:
        if not cpo.bank_account_number:
            return None
        change = latest_change(cpo)
        if change is None:
            return "good", _("As registered")
        state = bank_state_of(change)
        return state.value, state.label

    @column(_("account number"))
    def account(self, cpo: CPO) -> str:
        return mask(cpo.bank_account_number) or "-"

    @column(_("look at"))
    def look_at(self, cpo: CPO) -> SafeString:
        return links(
            list_link("chargers.charger", _("chargers"), cpo__id__exact=cpo.pk),
            list_link("chargers.chargingsession", _("sessions"), cpo__id__exact=cpo.pk),
            list_link("payments.settlement", _("settlements"), cpo__id__exact=cpo.pk),
        )

    @detail_action(_("Approve"), url_path="approve", icon="verified")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(
            request,
            object_id,
            CPOStatus.VERIFIED,
            Question(
                title=_("Approve this company"),
                text=_("It may then sell energy, and is paid what its chargers earn."),
                submit=_("Approve"),
            ),
        )

    @detail_action(_("Reject"), url_path="reject", icon="block")
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(
            request,
            object_id,
            CPOStatus.REJECTED,
            Question(
                title=_("Reject this company"),
                text=_("The reason is shown to the company."),
                submit=_("Reject"),
                danger=True,
                form_class=ReasonForm,
            ),
        )

    @detail_action(_("Suspend"), url_path="suspend", icon="pause_circle")
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(
            request,
            object_id,
            CPOStatus.SUSPENDED,
            Question(
                title=_("Suspend this company"),
                text=_(
                    "Running sessions end normally; no new one starts, and nothing is paid out."
                ),
                submit=_("Suspend"),
                danger=True,
                form_class=ReasonForm,
            ),
        )

    @detail_action(_("Change bank account"), url_path="bank", icon="account_balance")
    def change_bank(self, request: HttpRequest, object_id: str) -> HttpResponse:
        cpo = get_row(self, request, object_id)
        question = Question(
            title=_("Change the bank account"),
            text=_(
                "Nothing is paid to it before it has cooled off and another person verified it."
            ),
            submit=_("Change"),
            danger=True,
            form_class=BankAccountForm,
        )

        def run(answer: dict[str, Any]) -> None:
            change_bank_account(
                cpo,
                bank_code=answer["bank_code"],
                name=answer["bank_account_name"],
                number=answer["bank_account_number"],
                actor=cast("User", request.user),
            )

        return ask(self, request, cpo, question, run)

    def _decide(
        self, request: HttpRequest, object_id: str, status: CPOStatus, question: Question
    ) -> HttpResponse:
        cpo = get_row(self, request, object_id)
        actor = cast("User", request.user)

        def run(answer: dict[str, Any]) -> None:
            companies.change_cpo_status(
                cpo, actor=actor, status=status, reason=answer.get("reason", "")
            )

        return ask(self, request, cpo, question, run)
