"""Partners: who is connected, what each module is doing, and what staff can do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldAdminURLInputWidget

from cpo.admin.audited import AuditedAdmin
from cpo.models import User
from ocpi.addresses import versions_url
from ocpi.models import (
    Partner,
    PartnerEndpoint,
    PartnerParty,
    PartnerStatus,
    Push,
    PushStatus,
)
from ocpi.services.calling.client import CallError
from ocpi.services.partners.inviting import invite_again
from ocpi.services.partners.registering import (
    disconnect,
    probe,
    register_with,
    renew_credentials,
    resume,
    suspend,
)
from ocpi.services.pushing.sweeping import push_everything
from ocpi.services.tokens.fetching import fetch_tokens
from unievp.lib.admin import (
    Question,
    ReadOnlyInline,
    ask,
    column,
    detail_action,
    get_row,
    list_link,
    since,
    when,
)
from unievp.lib.admin.confirm import change_page
from unievp.lib.errors import RefusedError

ACT: Final = ("ocpi.change_partner",)
_COLOURS: Final = {
    PartnerStatus.INVITED: "info",
    PartnerStatus.REGISTERED: "success",
    PartnerStatus.SUSPENDED: "warning",
    PartnerStatus.DISCONNECTED: "danger",
}


class ConnectForm(forms.Form):
    versions_url = forms.CharField(
        label=_("Its versions address"), max_length=255, widget=UnfoldAdminURLInputWidget()
    )
    token = forms.CharField(
        label=_("The token it gave us"), max_length=64, widget=UnfoldAdminTextInputWidget()
    )


class PartyInline(ReadOnlyInline):
    model = PartnerParty
    fields = readonly_fields = ("role", "country_code", "party_id", "name", "website")


class EndpointInline(ReadOnlyInline):
    model = PartnerEndpoint
    fields = readonly_fields = ("identifier", "role", "url")


@admin.register(Partner)
class PartnerAdmin(AuditedAdmin):
    """A new one gets a token to register with, or we register with it."""

    list_display = ("name", "company", "state", "heard", "reached", "waiting", "dead", "error")
    list_filter = ("status", ("cpo", AutocompleteSelectFilter))
    list_select_related = ("cpo",)
    search_fields = ("name", "parties__party_id", "versions_url")
    autocomplete_fields = ("cpo",)
    fields = (
        "name",
        "cpo",
        "token_encoding",
        "realtime_by_choice",
        "ask_about_unknown",
        "state",
        "versions_url",
        "version",
        "since_when",
        "heard",
        "reached",
        "error",
        "modules",
        "wire_log",
    )
    readonly_fields = (
        "state",
        "versions_url",
        "version",
        "since_when",
        "heard",
        "reached",
        "error",
        "modules",
        "wire_log",
    )
    inlines = (PartyInline, EndpointInline)
    actions_detail = (
        "invite",
        "connect",
        "test",
        "renew",
        "fetch",
        "push_all",
        "pause",
        "disconnect",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Partner]:
        rows: QuerySet[Partner] = super().get_queryset(request)
        return rows.annotate(
            waiting_pushes=Count("pushes", filter=Q(pushes__status=PushStatus.WAITING)),
            dead_pushes=Count("pushes", filter=Q(pushes__status=PushStatus.DEAD)),
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @column(_("sees"), ordering="cpo__name")
    def company(self, partner: Partner) -> str:
        return str(partner.cpo) if partner.cpo else str(_("Every verified CPO"))

    @column(_("status"), label=_COLOURS)
    def state(self, partner: Partner) -> Any:
        return partner.status, partner.get_status_display()

    @column(_("connected since"))
    def since_when(self, partner: Partner) -> str:
        return when(partner.registered_at) if partner.registered_at else "-"

    @column(_("last heard of"), ordering="last_heard_at")
    def heard(self, partner: Partner) -> str:
        return since(partner.last_heard_at) if partner.last_heard_at else "-"

    @column(_("last reached"), ordering="last_reached_at")
    def reached(self, partner: Partner) -> str:
        return since(partner.last_reached_at) if partner.last_reached_at else "-"

    @column(_("waiting"))
    def waiting(self, partner: Any) -> str:
        return self._pushes(partner, partner.waiting_pushes, PushStatus.WAITING)

    @column(_("given up"))
    def dead(self, partner: Any) -> str:
        return self._pushes(partner, partner.dead_pushes, PushStatus.DEAD)

    @column(_("last error"), ordering="last_error_at")
    def error(self, partner: Partner) -> str:
        if not partner.last_error or partner.last_error_at is None:
            return "-"
        return f"{partner.last_error} ({since(partner.last_error_at)})"

    @column(_("modules"))
    def modules(self, partner: Partner) -> str:
        """One line per module: how much is delivered, on its way, given up."""
        counts = (
            Push.objects.filter(partner=partner)
            .values("module", "status")
            .annotate(rows=Count("pk"))
            .order_by("module", "status")
        )
        lines = [
            (one["module"], PushStatus(one["status"]).label, str(one["rows"])) for one in counts
        ]
        return format_html_join("", "{}: {} {}<br>", lines) or "-"

    @column(_("log"))
    def wire_log(self, partner: Partner) -> str:
        return list_link("ocpi.Exchange", _("Requests and answers"), partner__id__exact=partner.pk)

    @detail_action(_("Give a token"), url_path="invite", icon="key", permissions=ACT)
    def invite(self, request: HttpRequest, object_id: str) -> HttpResponse:
        partner = get_row(self, request, object_id)
        question = Question(
            title=_("Give this partner a token to register with"),
            text=_("One given before is void. The partner registers at our versions address."),
            submit=_("Give a token"),
        )

        def run(_answer: dict[str, Any]) -> HttpResponse:
            token = invite_again(partner, actor=cast("User", request.user))
            context = {
                **self.admin_site.each_context(request),
                "title": _text("Token for %(partner)s") % {"partner": partner},
                "explanation": _text("Give both to the partner, by a way that nobody else reads."),
                "secrets": [
                    (_text("Our versions address"), versions_url()),
                    (_text("Token (A)"), token),
                ],
                "back": change_page(partner),
            }
            return TemplateResponse(request, "admin/uniev/secret.html", context)

        return ask(self, request, partner, question, run)

    @detail_action(_("Register with it"), url_path="connect", icon="link", permissions=ACT)
    def connect(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Register with this partner"),
            text=_("By the address and the token that the partner gave us."),
            submit=_("Register"),
            form_class=ConnectForm,
        )
        return self._ask(
            request,
            object_id,
            question,
            lambda partner, actor, answer: register_with(partner, actor=actor, **answer),
        )

    @detail_action(_("Test"), url_path="test", icon="network_check", permissions=ACT)
    def test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Test the connection"),
            text=_("We ask the partner for its versions, with our token."),
            submit=_("Test"),
        )

        def run(partner: Partner, _actor: User, _answer: dict[str, Any]) -> None:
            wrong = probe(partner)
            if wrong:
                raise RefusedError(wrong, code="partner_unreachable")
            messages.success(request, _text("The partner answers and knows us."))

        return self._ask(request, object_id, question, run)

    @detail_action(_("New tokens"), url_path="renew", icon="autorenew", permissions=ACT)
    def renew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Renew the tokens both ways"),
            text=_("Once a month is good practice; at once when somebody else may know them."),
            submit=_("Renew"),
        )
        return self._ask(
            request,
            object_id,
            question,
            lambda partner, actor, _answer: renew_credentials(partner, actor=actor),
        )

    @detail_action(_("Fetch tokens"), url_path="fetch", icon="download", permissions=ACT)
    def fetch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Fetch all tokens of this partner"),
            text=_("What it does not list is no longer valid."),
            submit=_("Fetch"),
        )

        def run(partner: Partner, _actor: User, _answer: dict[str, Any]) -> None:
            try:
                count = fetch_tokens(partner)
            except CallError as error:
                raise RefusedError(str(error)) from error
            messages.success(request, _text("%(count)d tokens.") % {"count": count})

        return self._ask(request, object_id, question, run)

    @detail_action(_("Send everything"), url_path="push", icon="upload", permissions=ACT)
    def push_all(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Send every location and tariff again"),
            text=_("For a partner that lost its copy."),
            submit=_("Send"),
        )
        return self._ask(
            request,
            object_id,
            question,
            lambda partner, actor, _answer: push_everything(partner, actor=actor),
        )

    @detail_action(_("Pause or resume"), url_path="pause", icon="pause", permissions=ACT)
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        paused = get_row(self, request, object_id).status == PartnerStatus.SUSPENDED
        question = Question(
            title=_("Resume this partner") if paused else _("Pause this partner"),
            text=_("What waited is sent.")
            if paused
            else _("Nothing is sent and nothing is answered until it is resumed."),
            submit=_("Resume") if paused else _("Pause"),
        )
        switch = resume if paused else suspend
        return self._ask(
            request,
            object_id,
            question,
            lambda partner, actor, _answer: switch(partner, actor=actor),
        )

    @detail_action(_("Disconnect"), url_path="disconnect", icon="link_off", permissions=ACT)
    def disconnect(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Disconnect this partner"),
            text=_("It is told, its tokens are void, its drivers are refused from now on."),
            submit=_("Disconnect"),
            danger=True,
        )
        return self._ask(
            request,
            object_id,
            question,
            lambda partner, actor, _answer: disconnect(partner, actor=actor),
        )

    def _ask(
        self,
        request: HttpRequest,
        object_id: str,
        question: Question,
        act: Callable[[Partner, User, dict[str, Any]], object],
    ) -> HttpResponse:
        partner = get_row(self, request, object_id)

        def run(answer: dict[str, Any]) -> None:
            act(partner, cast("User", request.user), answer)

        return ask(self, request, partner, question, run)

    def _pushes(self, partner: Partner, count: int, status: PushStatus) -> str:
        if not count:
            return "-"
        return list_link(
            "ocpi.Push", count, partner__id__exact=partner.pk, status__exact=status.value
        )
