"""Virtual chargers on the operations desk: what runs for whom, started, steered and ended here."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from cpo.models import CPO, CPOStatus, User
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ReadOnlyInline,
    ask,
    ask_for_new,
    change_link,
    column,
    detail_action,
    get_row,
    when,
)
from unievp.web.simulation.models import OrderAction, RunStatus, SimulatorOrder, SimulatorRun
from unievp.web.simulation.services import (
    CONNECTORS,
    MOST_MINUTES,
    MOST_SPEED,
    give_order,
    start_run,
    stop_run,
)
from unievp.web.simulation.words import SCENARIO_WORDS

_COLOURS = {
    RunStatus.WAITING: "info",
    RunStatus.RUNNING: "success",
    RunStatus.ENDED: "",
    RunStatus.FAILED: "danger",
}
STEER = ("web.change_simulatorrun",)


class StartForm(forms.Form):
    cpo = forms.ModelChoiceField(
        label=_("CPO"),
        queryset=CPO.objects.filter(status=CPOStatus.VERIFIED),
        widget=UnfoldAdminSelectWidget(),
    )
    scenario = forms.ChoiceField(
        label=_("What happens"), choices=SCENARIO_WORDS.items(), widget=UnfoldAdminSelectWidget()
    )
    minutes = forms.IntegerField(
        label=_("Minutes"),
        min_value=1,
        max_value=MOST_MINUTES,
        initial=15,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    speed = forms.IntegerField(
        label=_("Times as fast"),
        min_value=1,
        max_value=MOST_SPEED,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget(),
    )


class OrderForm(forms.Form):
    action = forms.ChoiceField(
        label=_("action"), choices=OrderAction.choices, widget=UnfoldAdminSelectWidget()
    )
    connector = forms.TypedChoiceField(
        label=_("Connector"),
        coerce=int,
        choices=[(number, str(number)) for number in range(1, CONNECTORS + 1)],
        widget=UnfoldAdminSelectWidget(),
    )


class OrderInline(ReadOnlyInline):
    model = SimulatorOrder
    fields = ("action", "connector", "created_at", "done_at")
    readonly_fields = fields


@admin.register(SimulatorRun)
class SimulatorRunAdmin(ReadOnlyAdmin):
    list_display = ("identity", "company", "what", "state", "sessions", "messages", "asked")
    list_filter = ("status", "scenario", ("charger__cpo", AutocompleteSelectFilter))
    list_select_related = ("charger", "charger__cpo")
    search_fields = ("charger__identity",)
    fields = (
        ("identity", "company"),
        ("what", "state"),
        ("speed", "minutes"),
        ("sessions", "messages"),
        ("asked_by", "asked"),
        ("began", "over"),
        "error",
    )
    readonly_fields = ("identity", "company", "what", "state", "asked", "began", "over")
    inlines = (OrderInline,)
    actions_detail = ("steer", "stop")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("web.add_simulatorrun"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        question = Question(
            title=_("A virtual charger"),
            text=_("It connects like a real one, and what it charges never becomes money."),
            submit=_("Start it"),
            form_class=StartForm,
        )

        def start(values: dict[str, Any]) -> SimulatorRun:
            wish = dict(values)
            return start_run(wish.pop("cpo"), actor=cast("User", request.user), **wish)

        return ask_for_new(self, request, question, start, done=_("It connects in a moment."))

    @detail_action(_("Plug, unplug, break"), url_path="steer", icon="power", permissions=STEER)
    def steer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        run = get_row(self, request, object_id)
        question = Question(
            title=_("What happens at this charger?"),
            text=_("It happens within a second."),
            submit=_("Do it"),
            form_class=OrderForm,
        )

        def act(answer: dict[str, Any]) -> None:
            give_order(run, actor=cast("User", request.user), **answer)

        return ask(self, request, run, question, act)

    @detail_action(_("End it"), url_path="stop", icon="stop", permissions=STEER)
    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        run = get_row(self, request, object_id)
        question = Question(
            title=_("End this run"), text=_("Its charger is retired."), submit=_("End it")
        )

        def act(_answer: dict[str, Any]) -> None:
            stop_run(run, actor=cast("User", request.user))

        return ask(self, request, run, question, act)

    @column(_("charger"), ordering="charger__identity")
    def identity(self, run: SimulatorRun) -> SafeString | str:
        return change_link(run.charger)

    @column(_("CPO"), ordering="charger__cpo__name")
    def company(self, run: SimulatorRun) -> SafeString | str:
        return change_link(run.charger.cpo)

    @column(_("scenario"), ordering="scenario")
    def what(self, run: SimulatorRun) -> str:
        return str(SCENARIO_WORDS.get(run.scenario, run.scenario))

    @column(_("status"), ordering="status", label=_COLOURS)
    def state(self, run: SimulatorRun) -> Any:
        return run.status, run.get_status_display()

    @column(_("asked"), ordering="created_at")
    def asked(self, run: SimulatorRun) -> str:
        return when(run.created_at)

    @column(_("started"), ordering="started_at")
    def began(self, run: SimulatorRun) -> str:
        return when(run.started_at)

    @column(_("ended"), ordering="ended_at")
    def over(self, run: SimulatorRun) -> str:
        return when(run.ended_at)
