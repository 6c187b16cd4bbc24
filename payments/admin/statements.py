"""The gateways' own books, as they told them."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from cpo.models import User
from payments.models import ProviderConfig, StatementLine
from payments.services.reconciliation.reports import MOST_BYTES, import_report, read_report
from unievp.lib.admin import Question, ReadOnlyAdmin, ask_for_new, column, detail_action, money

_SHOWN_FAULTS = 10


class ReportForm(forms.Form):
    config = forms.ModelChoiceField(
        label=_("Provider"),
        queryset=ProviderConfig.objects.all(),
        widget=UnfoldAdminSelectWidget(),
    )
    file = forms.FileField(label=_("CSV file"), widget=UnfoldAdminFileFieldWidget())
    only_check = forms.BooleanField(
        label=_("Only check it"), required=False, widget=UnfoldBooleanSwitchWidget()
    )


@admin.register(StatementLine)
class StatementLineAdmin(ReadOnlyAdmin):
    list_display = (
        "line_id", "config", "kind", "reference", "amount", "fee", "tax", "state", "at",
    )  # fmt: skip
    list_filter = (
        "kind",
        "config",
        ("booked_at", admin.EmptyFieldListFilter),
        ("at", RangeDateTimeFilter),
    )
    list_select_related = ("config",)
    search_fields = ("line_id", "reference", "product_id")
    fields = (
        ("line_id", "config", "kind"),
        ("reference", "product_id"),
        ("amount", "net_amount"),
        ("fee", "tax", "expected_fee"),
        ("state", "at"),
        ("attempt", "booking", "booked_at"),
    )
    readonly_fields = ("state",)
    actions_list = ("import_report",)

    @detail_action(
        _("Import a report"),
        url_path="import-report",
        icon="upload_file",
        permissions=("payments.change_statementline",),
    )
    def import_report(self, request: HttpRequest) -> HttpResponse:
        """Of a gateway that tells no transactions by its API."""
        question = Question(
            title=_("Import a settlement report"),
            text=_(
                "The settled payments of a gateway as CSV, with order id, gross amount, net"
                " amount, fee and settlement time. The same line is booked once."
            ),
            submit=_("Import"),
            form_class=ReportForm,
        )
        return ask_for_new(
            self, request, question, lambda values: self._take(request, values), done=None
        )

    def _take(self, request: HttpRequest, values: dict[str, Any]) -> None:
        content: bytes = values["file"].read(MOST_BYTES + 1)
        if not values["only_check"]:
            actor = cast("User", request.user)
            count = import_report(values["config"], content, actor=actor)
            text = _text("%(count)d lines imported.") % {"count": count}
            self.message_user(request, text, messages.SUCCESS)
            return
        report = read_report(content)
        text = _text("%(count)d lines, %(total)s, of which %(fees)s are fees and tax.") % {
            "count": len(report.lines),
            "total": money(report.total),
            "fees": money(report.fees),
        }
        self.message_user(request, text, messages.INFO)
        for fault in report.faults[:_SHOWN_FAULTS]:
            line = _text("Line %(line)d: %(text)s") % {"line": fault.line, "text": fault.text}
            self.message_user(request, line, messages.ERROR)

    @column(_("status"), label={"booked": "success", "settled": "warning", "pending": "info"})
    def state(self, line: StatementLine) -> Any:
        if line.booked_at is not None:
            return "booked", _("Booked")
        return ("settled", _("Settled")) if line.is_settled else ("pending", _("Pending"))
