from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from chargers.admin import colours
from chargers.models import ChargingSession, OrphanStop
from chargers.selectors.orphans import Suggestion, suggest_sessions
from chargers.services.sessions.orphans import attach_stop, dismiss_stop
from cpo.models import User
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ask,
    change_link,
    column,
    detail_action,
    energy,
    get_row,
    when,
)
from unievp.lib.admin.confirm import ReasonForm

DECIDE = ("chargers.change_orphanstop",)


@admin.register(OrphanStop)
class OrphanStopAdmin(ReadOnlyAdmin):
    list_display = (
        "transaction",
        "status",
        "charger_link",
        "id_tag",
        "ended",
        "received",
        "meter",
        "reason",
        "session_link",
    )
    list_filter = (
        "state",
        ("charger", AutocompleteSelectFilter),
        ("received_at", RangeDateTimeFilter),
    )
    list_select_related = ("charger", "session")
    search_fields = ("charger__identity", "id_tag__iexact")
    search_numbers = ("transaction_id",)
    actions_detail = ("attach", "dismiss")
    fields = (
        ("transaction", "charger_link"),
        ("ended", "received"),
        ("meter", "reason"),
        ("id_tag", "session_link"),
        ("status", "resolution"),
        ("resolved_by", "resolved"),
        ("candidates",),
    )
    readonly_fields = tuple(name for pair in fields for name in pair)

    @column(_("transaction"), ordering="transaction_id")
    def transaction(self, stop: OrphanStop) -> str:
        return f"#{stop.transaction_id}"

    @column(_("state"), ordering="state", label=colours.ORPHAN)
    def status(self, stop: OrphanStop) -> Any:
        return stop.state, stop.get_state_display()

    @column(_("charger"), ordering="charger__identity")
    def charger_link(self, stop: OrphanStop) -> SafeString | str:
        return change_link(stop.charger, stop.charger.identity)

    @column(_("session"))
    def session_link(self, stop: OrphanStop) -> SafeString | str:
        return change_link(stop.session)

    @column(_("ended"), ordering="ended_at")
    def ended(self, stop: OrphanStop) -> str:
        return when(stop.ended_at)

    @column(_("received"), ordering="received_at")
    def received(self, stop: OrphanStop) -> str:
        return when(stop.received_at)

    @column(_("when"))
    def resolved(self, stop: OrphanStop) -> str:
        return when(stop.resolved_at)

    @column(_("meter at stop"))
    def meter(self, stop: OrphanStop) -> str:
        return energy(stop.meter_stop_wh)

    @column(_("sessions it may have ended"))
    def candidates(self, stop: OrphanStop) -> SafeString | str:
        if stop.session_id is not None:
            return "-"
        rows = (
            (change_link(item.session), item.score, "; ".join(item.why))
            for item in suggest_sessions(stop)
        )
        return format_html_join("", "<p>{} · {} % · {}</p>", rows) or _now("None fits.")

    @detail_action(_("Attach to a session"), url_path="attach", icon="link", permissions=DECIDE)
    def attach(self, request: HttpRequest, object_id: str) -> HttpResponse:
        stop = get_row(self, request, object_id)
        question = Question(
            title=_("Attach this stop to a session"),
            text=_("The session ends by it, as if the charger had named it."),
            submit=_("Attach"),
            form_class=attach_form(suggest_sessions(stop)),
        )

        def run(answer: dict[str, Any]) -> None:
            session = ChargingSession.objects.get(pk=answer["session"])
            actor = cast("User", request.user)
            attach_stop(stop, session=session, actor=actor, reason=answer["reason"])

        return ask(self, request, stop, question, run)

    @detail_action(_("Dismiss"), url_path="dismiss", icon="close", permissions=DECIDE)
    def dismiss(self, request: HttpRequest, object_id: str) -> HttpResponse:
        stop = get_row(self, request, object_id)
        question = Question(
            title=_("Dismiss this stop"),
            text=_("No session of ours belongs to it."),
            submit=_("Dismiss"),
            danger=True,
            form_class=ReasonForm,
        )

        def run(answer: dict[str, Any]) -> None:
            dismiss_stop(stop, reason=answer["reason"], actor=cast("User", request.user))

        return ask(self, request, stop, question, run)


def attach_form(suggestions: list[Suggestion]) -> type[forms.Form]:
    """The sessions that fit, the best one chosen already."""
    choices = [(item.session.pk, _described(item)) for item in suggestions]

    class AttachForm(forms.Form):
        session = forms.TypedChoiceField(
            label=_("Session"),
            choices=choices,
            coerce=int,
            initial=choices[0][0] if choices else None,
            widget=UnfoldAdminRadioSelectWidget(),
            help_text="" if choices else _("None fits: dismiss it instead, or wait for its start."),
        )
        reason = forms.CharField(
            label=_("Reason"),
            max_length=200,
            required=False,
            widget=UnfoldAdminTextInputWidget(),
        )

    return AttachForm


def _described(item: Suggestion) -> SafeString:
    session = item.session
    return format_html(
        "{}/{} · #{} · {} · {} % · {}",
        session.charger.identity,
        session.connector.number,
        session.transaction_id,
        when(session.started_at),
        item.score,
        "; ".join(item.why),
    )
