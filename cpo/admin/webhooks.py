"""Outgoing webhooks: which of them fail, why, and sending again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, Final, cast

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from cpo.models import DeliveryAttempt, DeliveryStatus, EventDelivery, User, WebhookEndpoint
from cpo.services.webhooks.endpoints import change_endpoint, send_test
from cpo.services.webhooks.resending import resend, resend_failed
from unievp.lib import clock
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ReadOnlyInline,
    ask,
    column,
    detail_action,
    get_row,
    list_link,
    pretty_json,
    since,
    when,
)

_COLOURS: Final = {
    DeliveryStatus.PENDING: "info",
    DeliveryStatus.DELIVERED: "success",
    DeliveryStatus.FAILED: "danger",
}
# Who may look at a webhook may not send for it.
ACT: Final = ("cpo.change_webhookendpoint",)
_STATES: Final = {"on": "success", "failing": "warning", "off": "danger"}
# What "all that failed" means here; the API takes any time.
_RESENT_DAYS: Final = 5


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    """Made by companies in their portal, or by the API; staff help when one fails."""

    list_display = ("shown", "company", "url", "state", "failing", "success", "log")
    list_filter = (
        ("cpo", AutocompleteSelectFilter),
        "is_enabled",
        ("failing_since", admin.EmptyFieldListFilter),
    )
    list_select_related = ("cpo",)
    search_fields = ("name", "url", "cpo__name")
    fields = (
        "name",
        "company",
        "url",
        "types",
        "state",
        "why_off",
        "failing",
        "success",
        "created",
        "created_by",
        "log",
    )
    readonly_fields = fields
    actions_detail = ("test", "send_again", "switch")

    @column(_("name"), ordering="name")
    def shown(self, endpoint: WebhookEndpoint) -> str:
        return str(endpoint)

    @column(_("CPO"), ordering="cpo__name")
    def company(self, endpoint: WebhookEndpoint) -> str:
        return str(endpoint.cpo) if endpoint.cpo else str(_("The platform"))

    @column(_("hears of"))
    def types(self, endpoint: WebhookEndpoint) -> str:
        return ", ".join(endpoint.event_types)

    @column(_("state"), label=_STATES)
    def state(self, endpoint: WebhookEndpoint) -> Any:
        if not endpoint.is_enabled:
            return "off", _("Off")
        return ("failing", _("Failing")) if endpoint.failing_since else ("on", _("On"))

    @column(_("why it is off"))
    def why_off(self, endpoint: WebhookEndpoint) -> str:
        return _text(endpoint.disabled_reason) if endpoint.disabled_reason else "-"

    @column(_("failing since"), ordering="failing_since")
    def failing(self, endpoint: WebhookEndpoint) -> str:
        return since(endpoint.failing_since) if endpoint.failing_since else "-"

    @column(_("last success"), ordering="last_success_at")
    def success(self, endpoint: WebhookEndpoint) -> str:
        return since(endpoint.last_success_at) if endpoint.last_success_at else "-"

    @column(_("created"), ordering="created_at")
    def created(self, endpoint: WebhookEndpoint) -> str:
        return when(endpoint.created_at)

    @column(_("deliveries"))
    def log(self, endpoint: WebhookEndpoint) -> str:
        return list_link("cpo.EventDelivery", _("Log"), endpoint__id__exact=endpoint.pk)

    @detail_action(_("Send a test"), url_path="test", icon="send", permissions=ACT)
    def test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Send a test event"),
            text=_("A “webhook.test” goes there within seconds; its log says what came of it."),
            submit=_("Send"),
        )
        return self._ask(request, object_id, question, _test)

    @detail_action(_("Send failed ones again"), url_path="resend", icon="replay", permissions=ACT)
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Send failed ones again"),
            text=_("Everything that was given up within the last five days."),
            submit=_("Send again"),
        )
        return self._ask(request, object_id, question, self._resend)

    @detail_action(
        _("Switch on or off"), url_path="switch", icon="power_settings_new", permissions=ACT
    )
    def switch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        is_on = get_row(self, request, object_id).is_enabled
        question = Question(
            title=_("Switch it off") if is_on else _("Switch it on"),
            text=_("What waits is given up; it can be sent again later.")
            if is_on
            else _("From now on it hears of what happens. What failed is sent again on request."),
            submit=_("Switch off") if is_on else _("Switch on"),
            danger=is_on,
        )
        return self._ask(request, object_id, question, _switch)

    def _ask(
        self,
        request: HttpRequest,
        object_id: str,
        question: Question,
        act: Callable[[HttpRequest, WebhookEndpoint], object],
    ) -> HttpResponse:
        endpoint = get_row(self, request, object_id)

        def run(_answer: dict[str, Any]) -> None:
            act(request, endpoint)

        return ask(self, request, endpoint, question, run)

    def _resend(self, request: HttpRequest, endpoint: WebhookEndpoint) -> None:
        begin = clock.now() - timedelta(days=_RESENT_DAYS)
        count = resend_failed(endpoint, since=begin, actor=_person(request))
        text = _text("%(count)d are sent again.") % {"count": count}
        self.message_user(request, text, messages.INFO)


class AttemptsInline(ReadOnlyInline):
    model = DeliveryAttempt
    fields = readonly_fields = ("tried", "url", "status", "error", "latency_ms", "excerpt")
    show_change_link = False

    @column(_("time"))
    def tried(self, attempt: DeliveryAttempt) -> str:
        return when(attempt.at)


@admin.register(EventDelivery)
class EventDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("kind", "endpoint", "state", "tries", "answer", "queued", "next_try")
    list_filter = ("status", ("endpoint__cpo", AutocompleteSelectFilter))
    list_select_related = ("event", "endpoint")
    fields = (
        "endpoint",
        "kind",
        "event_id",
        "state",
        "tries",
        "answer",
        "queued",
        "next_try",
        "body",
    )
    readonly_fields = fields
    inlines: ClassVar = [AttemptsInline]
    actions_detail = ("send_again",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        # The log of one endpoint, from its page.
        known = lookup == "endpoint__id__exact"
        return known or super().lookup_allowed(lookup, value, cast("HttpRequest", request))

    @column(_("event"), ordering="event__type")
    def kind(self, delivery: EventDelivery) -> str:
        return delivery.event.type

    @column(_("status"), ordering="status", label=_COLOURS)
    def state(self, delivery: EventDelivery) -> Any:
        return delivery.status, delivery.get_status_display()

    @column(_("answer"), ordering="last_status")
    def answer(self, delivery: EventDelivery) -> str:
        return str(delivery.last_status or delivery.last_error or "-")

    @column(_("queued"), ordering="created_at")
    def queued(self, delivery: EventDelivery) -> str:
        return when(delivery.created_at)

    @column(_("next try"), ordering="next_try_at")
    def next_try(self, delivery: EventDelivery) -> str:
        return when(delivery.next_try_at)

    @column(_("body"))
    def body(self, delivery: EventDelivery) -> str:
        return pretty_json(delivery.event.body)

    @detail_action(_("Send again"), url_path="resend", icon="replay", permissions=ACT)
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        delivery = get_row(self, request, object_id)
        question = Question(
            title=_("Send it again"),
            text=_("Under the same id: a good receiver knows that it had it."),
            submit=_("Send again"),
        )

        def run(_answer: dict[str, Any]) -> None:
            resend(delivery, actor=_person(request))

        return ask(self, request, delivery, question, run)


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)


def _test(request: HttpRequest, endpoint: WebhookEndpoint) -> None:
    send_test(endpoint, actor=_person(request))


def _switch(request: HttpRequest, endpoint: WebhookEndpoint) -> None:
    change_endpoint(endpoint, actor=_person(request), is_enabled=not endpoint.is_enabled)
