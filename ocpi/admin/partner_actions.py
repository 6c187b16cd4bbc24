"""What staff may do with a partner: each a question, a service, and its answer shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldAdminURLInputWidget

from cpo.models import User
from ocpi.addresses import versions_url
from ocpi.models import (
    Partner,
    PartnerStatus,
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
from ocpi.services.pushing.sweeping import push_everything, resend_dead
from ocpi.services.tokens.fetching import fetch_tokens
from unievp.lib.admin import (
    DeskAdmin,
    Question,
    ask,
    detail_action,
    get_row,
)
from unievp.lib.admin.confirm import change_page
from unievp.lib.errors import RefusedError

ACT: Final = ("ocpi.change_partner",)


class ConnectForm(forms.Form):
    versions_url = forms.CharField(
        label=_("Its versions address"), max_length=255, widget=UnfoldAdminURLInputWidget()
    )
    token = forms.CharField(
        label=_("The token it gave us"), max_length=64, widget=UnfoldAdminTextInputWidget()
    )


class PartnerActions(DeskAdmin):
    actions_detail = (
        "invite",
        "connect",
        "test",
        "renew",
        "fetch",
        "push_all",
        "resend_given_up",
        "pause",
        "disconnect",
    )

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
        return self._ask(request, object_id, question, register_with)

    @detail_action(_("Test"), url_path="test", icon="network_check", permissions=ACT)
    def test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Test the connection"),
            text=_("We ask the partner for its versions, with our token."),
            submit=_("Test"),
        )

        def run(partner: Partner, **_who: object) -> None:
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
        return self._ask(request, object_id, question, renew_credentials)

    @detail_action(_("Fetch tokens"), url_path="fetch", icon="download", permissions=ACT)
    def fetch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Fetch all tokens of this partner"),
            text=_("What it does not list is no longer valid."),
            submit=_("Fetch"),
        )

        def run(partner: Partner, **_who: object) -> None:
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
        return self._ask(request, object_id, question, push_everything)

    @detail_action(_("Send what was given up"), url_path="resend", icon="replay", permissions=ACT)
    def resend_given_up(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Send again all that was given up"),
            text=_("Whole, as it is now, in the order in which it changed."),
            submit=_("Send again"),
        )

        def run(partner: Partner, *, actor: User) -> None:
            count = resend_dead(partner, actor=actor)
            said = ngettext(
                "%(count)d object is sent again.", "%(count)d objects are sent again.", count
            )
            messages.success(request, said % {"count": count})

        return self._ask(request, object_id, question, run)

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
        switch: Callable[..., object] = resume if paused else suspend
        return self._ask(request, object_id, question, switch)

    @detail_action(_("Disconnect"), url_path="disconnect", icon="link_off", permissions=ACT)
    def disconnect(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Disconnect this partner"),
            text=_("It is told, its tokens are void, its drivers are refused from now on."),
            submit=_("Disconnect"),
            danger=True,
        )
        return self._ask(request, object_id, question, disconnect)

    def _ask(
        self,
        request: HttpRequest,
        object_id: str,
        question: Question,
        act: Callable[..., object],
    ) -> HttpResponse:
        """`act` takes the partner, the actor, and what the question's form asks for."""
        partner = get_row(self, request, object_id)

        def run(answer: dict[str, Any]) -> None:
            act(partner, actor=cast("User", request.user), **answer)

        return ask(self, request, partner, question, run)
