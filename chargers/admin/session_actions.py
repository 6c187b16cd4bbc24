"""What staff may do with a session: tell the charger to stop, close it, decide a held one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSplitDateTimeWidget

from chargers.models import ChargingSession
from chargers.services.billing import release_session
from chargers.services.commands import queue_command
from chargers.services.sessions.closing import close_session
from chargers.services.sessions.orphans import attach_readings
from chargers.services.sessions.reviewing import bill_with_energy, write_off
from cpo.models import User
from unievp.lib.admin import Question, ask, detail_action, get_row
from unievp.lib.admin.bases import DeskAdmin
from unievp.lib.admin.confirm import ReasonForm

# The pages edit nothing; `change_chargingsession` is the right to decide.
DECIDE = ("chargers.change_chargingsession",)


class CloseForm(ReasonForm):
    meter_wh = forms.IntegerField(
        label=_("Meter at the end (Wh)"),
        required=False,
        min_value=0,
        help_text=_("Empty: the energy of the latest reading counts."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    ended_at = forms.SplitDateTimeField(
        label=_("Ended"),
        required=False,
        help_text=_("Empty: at the latest reading."),
        widget=UnfoldAdminSplitDateTimeWidget(),
    )


class EnergyForm(ReasonForm):
    energy_wh = forms.IntegerField(
        label=_("Energy to bill (Wh)"), min_value=0, widget=UnfoldAdminIntegerFieldWidget()
    )


class SessionActions(DeskAdmin):
    actions_detail = (
        "remote_stop",
        "close",
        "release",
        "bill_corrected",
        "write_off",
        "take_readings",
    )

    @detail_action(_("Stop remotely"), url_path="remote-stop", icon="stop", permissions=DECIDE)
    def remote_stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Ask the charger to stop"),
            text=_("It is told to stop charging; the session ends when it says that it has."),
            submit=_("Stop remotely"),
        )

        def run(session: ChargingSession, actor: User, _answer: dict[str, Any]) -> None:
            queue_command(
                session.charger,
                action="RemoteStopTransaction",
                payload={"transactionId": session.transaction_id},
                actor=actor,
            )

        return self._decide(request, object_id, question, run)

    @detail_action(_("Close"), url_path="close", icon="task_alt", permissions=DECIDE)
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Close this session in the books"),
            text=_(
                "The charger is told nothing. The session ends here and is billed; a stop of the"
                " charger that comes later replaces these figures."
            ),
            submit=_("Close"),
            danger=True,
            form_class=CloseForm,
        )

        def run(session: ChargingSession, actor: User, answer: dict[str, Any]) -> None:
            close_session(session, actor=actor, **answer)

        return self._decide(request, object_id, question, run)

    @detail_action(_("Bill as it is"), url_path="release", icon="check", permissions=DECIDE)
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Bill this session as it stands"),
            text=_("You have looked at why it is held, and its energy is right."),
            submit=_("Bill as it is"),
            form_class=ReasonForm,
        )

        def run(session: ChargingSession, actor: User, answer: dict[str, Any]) -> None:
            release_session(session.pk, actor=actor, **answer)

        return self._decide(request, object_id, question, run)

    @detail_action(
        _("Bill corrected energy"), url_path="bill-corrected", icon="edit", permissions=DECIDE
    )
    def bill_corrected(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Bill this session with another energy"),
            text=_("The meters stay as the charger reported them; the energy is yours."),
            submit=_("Bill corrected energy"),
            form_class=EnergyForm,
        )

        def run(session: ChargingSession, actor: User, answer: dict[str, Any]) -> None:
            bill_with_energy(session, actor=actor, **answer)

        return self._decide(request, object_id, question, run)

    @detail_action(_("Write off"), url_path="write-off", icon="money_off", permissions=DECIDE)
    def write_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Write this session off"),
            text=_("Nobody is billed for it."),
            submit=_("Write off"),
            danger=True,
            form_class=ReasonForm,
        )

        def run(session: ChargingSession, actor: User, answer: dict[str, Any]) -> None:
            write_off(session, actor=actor, **answer)

        return self._decide(request, object_id, question, run)

    @detail_action(
        _("Take stray readings"), url_path="take-readings", icon="speed", permissions=DECIDE
    )
    def take_readings(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Attach readings without a session"),
            text=_("Readings of its time and connector that belong to no session become its own."),
            submit=_("Attach"),
        )

        def run(session: ChargingSession, actor: User, _answer: dict[str, Any]) -> None:
            attach_readings(session, actor=actor)

        return self._decide(request, object_id, question, run)

    def _decide(
        self,
        request: HttpRequest,
        object_id: str,
        question: Question,
        service: Callable[[ChargingSession, User, dict[str, Any]], None],
    ) -> HttpResponse:
        session = get_row(self, request, object_id)

        def run(answer: dict[str, Any]) -> None:
            service(session, cast("User", request.user), answer)

        return ask(self, request, session, question, run)
