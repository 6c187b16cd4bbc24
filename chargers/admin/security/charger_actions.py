"""What is decided about one charger on its page: registration, password, profile, certificate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from chargers.models import Charger
from chargers.services.certificates.signing import ask_for_request
from chargers.services.registration import deciding
from chargers.services.registration.adopting import charger_url, endpoint_of
from chargers.services.security import passwords, profiles
from cpo.models import User
from unievp.lib.admin import Question, ask, column, detail_action, get_row, run_for_each, since
from unievp.lib.admin.bases import DeskAdmin
from unievp.lib.admin.confirm import ReasonForm, Text

SECURITY_ACTIONS = (
    "accept",
    "hold",
    "reject",
    "rotate",
    "raise_profile",
    "ask_certificate",
)
SECURITY_COLUMNS = ("registration", "refused_because", "address_to_enter")


class ProfileForm(forms.Form):
    profile = forms.TypedChoiceField(
        label=_("Security profile"),
        coerce=int,
        choices=[
            (1, _("1: password")),
            (2, _("2: TLS and password")),
            (3, _("3: TLS and client certificate")),
        ],
        widget=UnfoldAdminSelectWidget,
    )


class SecurityActions(DeskAdmin):
    """Mixed into the charger's admin page."""

    actions: tuple[str, ...] = ("rotate_selected",)

    @column(_("latest refusal"))
    def refused_because(self, charger: Charger) -> str:
        refused = getattr(charger, "refused_handshake", None)
        if refused is None:
            return "-"
        return _text("%(reason)s, %(ago)s, %(count)d times, from %(address)s") % {
            "reason": refused.get_reason_display(),
            "ago": since(refused.last_seen_at),
            "count": refused.attempts,
            "address": refused.remote_address or "-",
        }

    @column(_("address to enter"))
    def address_to_enter(self, charger: Charger) -> str:
        return _text("%(url)s (or %(endpoint)s, if it appends its id itself)") % {
            "url": charger_url(charger),
            "endpoint": endpoint_of(charger),
        }

    @detail_action(_("Accept"), url_path="accept", icon="check_circle")
    def accept(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = _("It may charge. If it waits for an answer, it is asked to boot again.")
        return self._decide(request, object_id, _("Accept this charger"), text, _accept)

    @detail_action(_("Put on hold"), url_path="hold", icon="pause_circle")
    def hold(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = _("It stays connected and can be set up, but does not charge.")
        return self._decide(request, object_id, _("Put this charger on hold"), text, _hold)

    @detail_action(_("Reject"), url_path="reject", icon="block")
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = _("Nothing but its transactions is taken, and it is sent nothing.")
        return self._decide(request, object_id, _("Reject this charger"), text, _reject)

    def _decide(
        self,
        request: HttpRequest,
        object_id: str,
        title: Text,
        text: Text,
        service: Callable[[Charger, User, str], object],
    ) -> HttpResponse:
        charger = get_row(self, request, object_id)
        question = Question(title=title, text=text, submit=title, form_class=ReasonForm)

        def run(answer: dict[str, Any]) -> None:
            service(charger, cast("User", request.user), answer["reason"])

        return ask(self, request, charger, question, run)

    @detail_action(_("Renew its password"), url_path="rotate-password", icon="autorenew")
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        charger = get_row(self, request, object_id)
        question = Question(
            title=_("Renew the password at the charger"),
            text=_(
                "The charger gets it by OCPP. The old one stays until it has taken the new one."
            ),
            submit=_("Renew"),
        )

        def run(_answer: dict[str, Any]) -> None:
            passwords.rotate_password(charger, actor=cast("User", request.user))

        return ask(self, request, charger, question, run)

    @detail_action(_("Raise security profile"), url_path="raise-profile", icon="security")
    def raise_profile(self, request: HttpRequest, object_id: str) -> HttpResponse:
        charger = get_row(self, request, object_id)
        question = Question(
            title=_("Raise the security profile"),
            text=_("Once it has connected with the new one, the old one is refused for good."),
            submit=_("Raise"),
            danger=True,
            form_class=ProfileForm,
        )

        def run(answer: dict[str, Any]) -> None:
            actor = cast("User", request.user)
            profiles.raise_security_profile(charger, profile=answer["profile"], actor=actor)

        return ask(self, request, charger, question, run)

    @detail_action(_("New certificate"), url_path="ask-certificate", icon="verified_user")
    def ask_certificate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        charger = get_row(self, request, object_id)
        question = Question(
            title=_("New client certificate"),
            text=_("The charger makes a key and asks us to sign it."),
            submit=_("Ask the charger"),
        )

        def run(_answer: dict[str, Any]) -> None:
            ask_for_request(charger, actor=cast("User", request.user))

        return ask(self, request, charger, question, run)

    @admin.action(description=_("Renew the passwords at the chargers"), permissions=["change"])
    def rotate_selected(self, request: HttpRequest, chargers: QuerySet[Charger]) -> None:
        actor = cast("User", request.user)
        run_for_each(
            self, request, chargers, lambda row: passwords.rotate_password(row, actor=actor)
        )


def _accept(charger: Charger, actor: User, reason: str) -> object:
    return deciding.accept_charger(charger, actor=actor, reason=reason)


def _hold(charger: Charger, actor: User, reason: str) -> object:
    return deciding.hold_charger(charger, actor=actor, reason=reason)


def _reject(charger: Charger, actor: User, reason: str) -> object:
    return deciding.reject_charger(charger, actor=actor, reason=reason)
