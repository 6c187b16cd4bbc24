from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter

from cpo.models import User
from payments.models import WebhookDelivery
from payments.services.providers import SECRETS
from payments.services.redaction import redacted_body, redacted_values
from payments.services.webhooks import process_again
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ask,
    column,
    detail_action,
    get_row,
    pretty_json,
    when,
)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """As it came, without what must not be read. It is a hint; the gateway itself is asked."""

    list_display = (
        "received", "config", "subject", "reference", "state", "repeated", "tries", "trouble",
    )  # fmt: skip
    list_filter = (
        "subject",
        "config",
        ("processed_at", admin.EmptyFieldListFilter),
        ("error", admin.EmptyFieldListFilter),
        ("received_at", RangeDateTimeFilter),
    )
    list_select_related = ("config",)
    search_fields = ("reference__iexact", "gateway_id__iexact", "payment_id__iexact")
    search_help_text = _("A reference in full")
    fields = (
        ("state", "config"),
        ("subject", "reference"),
        ("gateway_id", "payment_id"),
        ("received", "processed"),
        ("repeated", "tries"),
        "trouble",
        "shown_headers",
        "shown_body",
    )
    readonly_fields = (
        "state", "config", "subject", "reference", "gateway_id", "payment_id", "received",
        "processed", "repeated", "tries", "trouble", "shown_headers", "shown_body",
    )  # fmt: skip
    actions_detail = ("again",)

    @column(_("state"), label={"waiting": "warning", "useless": "danger", "done": "success"})
    def state(self, delivery: WebhookDelivery) -> Any:
        if delivery.processed_at is None:
            return "waiting", _("Waiting")
        return ("useless", _("Nothing came of it")) if delivery.error else ("done", _("Processed"))

    @column(_("received"), ordering="received_at")
    def received(self, delivery: WebhookDelivery) -> str:
        return when(delivery.received_at)

    @column(_("processed"))
    def processed(self, delivery: WebhookDelivery) -> str:
        return when(delivery.processed_at)

    @column(_("error"))
    def trouble(self, delivery: WebhookDelivery) -> str:
        return gettext(delivery.error) if delivery.error else "-"

    @column(_("headers"))
    def shown_headers(self, delivery: WebhookDelivery) -> SafeString | str:
        return pretty_json(redacted_values(delivery.headers))

    @column(_("body"))
    def shown_body(self, delivery: WebhookDelivery) -> SafeString | str:
        secrets = [getattr(delivery.config, name) for name in SECRETS]
        return pretty_json(redacted_body(delivery.body, secrets=secrets))

    @detail_action(
        _("Process again"),
        url_path="again",
        icon="replay",
        permissions=("payments.change_webhookdelivery",),
    )
    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        delivery = get_row(self, request, object_id)
        question = Question(
            title=_("Process this delivery again"),
            text=_("The gateway is asked about what it names; nothing is booked twice."),
            submit=_("Process again"),
        )

        def run(_answer: dict[str, Any]) -> None:
            process_again(delivery, actor=cast("User", request.user))

        return ask(self, request, delivery, question, run)
