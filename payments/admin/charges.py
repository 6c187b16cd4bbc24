from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from cpo.models import User
from payments.models import ChargeStatus, PrepaidCharge
from payments.services.prepaid.stopping import stop_charging
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ask,
    change_link,
    column,
    detail_action,
    get_row,
    money,
    when,
)

STOP = ("chargers.add_command",)
_COLOURS = {
    ChargeStatus.WAITING: "warning",
    ChargeStatus.STARTING: "info",
    ChargeStatus.CHARGING: "info",
    ChargeStatus.ENDED: "success",
    ChargeStatus.FAILED: "danger",
}


class TroubleFilter(admin.SimpleListFilter):
    title = _("attention")
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("Needs a person"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[PrepaidCharge]
    ) -> QuerySet[PrepaidCharge]:
        return queryset.exclude(trouble="") if self.value() else queryset


@admin.register(PrepaidCharge)
class PrepaidChargeAdmin(ReadOnlyAdmin):
    list_display = ("payment", "state", "connector", "session", "paid", "reason", "created")
    list_filter = (
        "status",
        TroubleFilter,
        "stop_reason",
        ("intent__cpo", AutocompleteSelectFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = (
        "intent__connector__charger",
        "intent__session",
        "remote_start__charger",
        "id_token",
        "stop_command",
    )
    search_fields = ("id_token__token", "intent__charger__identity")
    fields = (
        ("payment", "state"),
        ("connector", "session"),
        ("paid", "tariff"),
        ("wish", "id_token"),
        ("reason", "trouble"),
        ("stop", "stop_tries"),
        ("created", "ended"),
    )
    readonly_fields = (
        "payment", "state", "connector", "session", "paid", "tariff", "wish", "id_token", "reason",
        "trouble", "stop", "stop_tries", "created", "ended",
    )  # fmt: skip
    actions_detail = ("stop_it",)

    @column(_("payment"))
    def payment(self, charge: PrepaidCharge) -> str:
        return str(charge.intent)

    @column(_("status"), ordering="status", label=_COLOURS)
    def state(self, charge: PrepaidCharge) -> Any:
        return charge.status, charge.get_status_display()

    @column(_("connector"))
    def connector(self, charge: PrepaidCharge) -> SafeString | str:
        return change_link(charge.intent.connector)

    @column(_("session"))
    def session(self, charge: PrepaidCharge) -> SafeString | str:
        return change_link(charge.intent.session)

    @column(_("paid"), ordering="intent__paid")
    def paid(self, charge: PrepaidCharge) -> str:
        return money(charge.intent.paid, charge.intent.currency)

    @column(_("tariff"))
    def tariff(self, charge: PrepaidCharge) -> SafeString | str:
        return change_link(charge.tariff_version)

    @column(_("remote start"))
    def wish(self, charge: PrepaidCharge) -> SafeString | str:
        return change_link(charge.remote_start)

    @column(_("why it did not start, or was stopped"))
    def reason(self, charge: PrepaidCharge) -> str:
        if charge.trouble:
            return gettext(charge.trouble)
        if charge.failure:
            return gettext(charge.failure)
        return str(charge.get_stop_reason_display()) if charge.stop_reason else "-"

    @column(_("latest stop"))
    def stop(self, charge: PrepaidCharge) -> SafeString | str:
        return change_link(charge.stop_command)

    @column(_("created"), ordering="created_at")
    def created(self, charge: PrepaidCharge) -> str:
        return when(charge.created_at)

    @column(_("ended"), ordering="ended_at")
    def ended(self, charge: PrepaidCharge) -> str:
        return when(charge.ended_at)

    @detail_action(_("Stop charging"), url_path="stop-charging", icon="stop", permissions=STOP)
    def stop_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        charge = get_row(self, request, object_id)
        question = Question(
            title=_("Stop this charge"),
            text=_("The charger is asked to stop; what was paid and not used goes back by itself."),
            submit=_("Stop charging"),
        )

        def run(_answer: dict[str, Any]) -> None:
            stop_charging(charge.intent, actor=cast("User", request.user))

        return ask(self, request, charge, question, run)
