"""Reservations: the list, what the charger answered, asking for one, changing and cancelling."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from chargers.admin import colours
from chargers.models import Charger, Reservation, ReservationStatus
from chargers.selectors.reservations import shows_otherwise
from chargers.services.reservations.asking import change_reservation, reserve
from chargers.services.reservations.cancelling import cancel_reservation
from cpo.models import User
from unievp.lib import clock
from unievp.lib.admin import (
    DeskAdmin,
    Question,
    ReadOnlyAdmin,
    ask,
    change_link,
    column,
    detail_action,
    get_row,
    when,
)
from unievp.lib.admin.confirm import change_page

if TYPE_CHECKING:
    Base = DeskAdmin
else:
    Base = object

DECIDE: Final = ("decide",)
# One that failed may be held all the same: no answer came.
_OVER: Final = (
    ReservationStatus.REJECTED,
    ReservationStatus.USED,
    ReservationStatus.CANCELLED,
    ReservationStatus.EXPIRED,
)
_USUAL_MINUTES: Final = 15
_MOST_MINUTES: Final = 7 * 24 * 60

# The words of §7.39 and §7.7, for people.
_ANSWERS: Final = {
    "Accepted": _("Accepted"),
    "Faulted": _("Faulted: the connector or the charger is broken."),
    "Occupied": _("Occupied: the connector is in use, or reserved already."),
    "Unavailable": _("Unavailable: the connector or the charger is out of service."),
    "Rejected": _("Rejected: the charger takes no such reservation."),
}


class ReserveForm(forms.Form):
    connector_number = forms.TypedChoiceField(
        label=_("Connector"), coerce=int, widget=UnfoldAdminSelectWidget()
    )
    id_tag = forms.CharField(
        label=_("Token"),
        max_length=20,
        help_text=_("Who may charge there; other tokens of its group may, too."),
        widget=UnfoldAdminTextInputWidget(),
    )
    minutes = forms.IntegerField(
        label=_("For how many minutes from now"),
        min_value=1,
        max_value=_MOST_MINUTES,
        initial=_USUAL_MINUTES,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    insist = forms.BooleanField(
        label=_("Send it anyway"),
        required=False,
        help_text=_("Even if we expect the charger to refuse it."),
        widget=UnfoldBooleanSwitchWidget(),
    )


def reserve_form(charger: Charger, **initial: Any) -> type[ReserveForm]:
    """With the connectors of this charger, and what it shows at first."""

    class Form(ReserveForm):
        def __init__(self, data: Any = None, files: Any = None) -> None:
            super().__init__(data, files, initial=initial)
            numbers = charger.connectors.order_by("number").values_list("number", flat=True)
            choices = [(number, str(number)) for number in numbers]
            field = cast("forms.TypedChoiceField", self.fields["connector_number"])
            field.choices = [*choices, (0, _text("Any one of this charger"))]

    return Form


def _asked(answer: dict[str, Any]) -> dict[str, Any]:
    """The form's fields as the services take them."""
    values = {**answer}
    values["expires_at"] = clock.now() + timedelta(minutes=values.pop("minutes"))
    return values


class ReservationActions(Base):
    """Mixed into the charger's admin page."""

    @detail_action(_("Reserve"), url_path="reserve", icon="event_available")
    def reserve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        charger = get_row(self, request, object_id)
        question = Question(
            title=_("Reserve a connector of %(charger)s") % {"charger": charger.identity},
            text=_("The charger decides; its answer is on the next page."),
            submit=_("Ask the charger"),
            form_class=reserve_form(
                charger, connector_number=request.GET.get("connector", "1"), minutes=_USUAL_MINUTES
            ),
        )

        def run(answer: dict[str, Any]) -> HttpResponse:
            row = reserve(charger, actor=cast("User", request.user), **_asked(answer))
            return HttpResponseRedirect(change_page(row))

        return ask(self, request, charger, question, run)


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = (
        "number_shown",
        "charger_link",
        "connector",
        "id_tag",
        "state",
        "until",
        "answer_word",
        "session_link",
    )
    list_filter = (
        "status",
        ("charger", AutocompleteSelectFilter),
        ("charger__cpo", AutocompleteSelectFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("charger", "session", "command__charger", "cancel_command__charger")
    search_fields = ("charger__identity", "id_tag__iexact")
    search_numbers = ("number",)
    actions_detail = ("change_it", "cancel")
    fields = (
        ("number_shown", "state"),
        ("charger_link", "connector"),
        ("id_tag", "parent_id_tag"),
        ("until", "answer"),
        ("reason", "note"),
        ("hint", "session_link"),
        ("asked", "created_label"),
        ("started", "ended"),
        ("command_link", "cancel_link"),
    )
    readonly_fields = tuple(name for pair in fields for name in pair)

    def has_decide_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """On the page of one row only while there is something to decide."""
        if not request.user.has_perm("chargers.change_reservation"):
            return False
        if object_id is None:
            return True
        return not Reservation.objects.filter(pk=object_id, status__in=_OVER).exists()

    @column(_("number"), ordering="number")
    def number_shown(self, row: Reservation) -> str:
        return f"#{row.number}"

    @column(_("charger"), ordering="charger__identity")
    def charger_link(self, row: Reservation) -> SafeString | str:
        return change_link(row.charger, row.charger.identity)

    @column(_("connector"), ordering="connector_number")
    def connector(self, row: Reservation) -> str:
        return str(row.connector_number) if row.connector_number else _text("any one")

    @column(_("status"), ordering="status", label=colours.RESERVATION)
    def state(self, row: Reservation) -> Any:
        return row.status, row.get_status_display()

    @column(_("charger's answer"))
    def answer(self, row: Reservation) -> str:
        word = row.command.response_status
        return str(_ANSWERS.get(word, word)) or row.command.get_status_display()

    @column(_("charger's answer"))
    def answer_word(self, row: Reservation) -> str:
        return row.command.response_status or row.command.get_status_display()

    @column(_("hint"))
    def hint(self, row: Reservation) -> str:
        status = shows_otherwise(row)
        if not status:
            return "-"
        return _text("The connector shows “%(status)s” now.") % {"status": status}

    @column(_("until"), ordering="expires_at")
    def until(self, row: Reservation) -> str:
        return when(row.expires_at)

    @column(_("asked"), ordering="created_at")
    def asked(self, row: Reservation) -> str:
        return when(row.created_at)

    @column(_("accepted"))
    def started(self, row: Reservation) -> str:
        return when(row.started_at)

    @column(_("ended"))
    def ended(self, row: Reservation) -> str:
        return when(row.ended_at)

    @column(_("session"))
    def session_link(self, row: Reservation) -> SafeString | str:
        return change_link(row.session)

    @column(_("latest ReserveNow"))
    def command_link(self, row: Reservation) -> SafeString | str:
        return change_link(row.command)

    @column(_("CancelReservation"))
    def cancel_link(self, row: Reservation) -> SafeString | str:
        return change_link(row.cancel_command)

    @detail_action(_("Change"), url_path="change-it", icon="edit_calendar", permissions=DECIDE)
    def change_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = get_row(self, request, object_id)
        question = Question(
            title=_("Change reservation %(number)s") % {"number": row},
            text=_("It stays as it is until the charger accepts the change."),
            submit=_("Ask the charger"),
            form_class=reserve_form(
                row.charger,
                connector_number=row.connector_number,
                id_tag=row.id_tag,
                minutes=_minutes_left(row.expires_at),
            ),
        )

        def run(answer: dict[str, Any]) -> None:
            values = _asked(answer)
            if values["id_tag"].casefold() == row.id_tag.casefold():
                values["id_tag"] = None
            change_reservation(row, actor=cast("User", request.user), **values)

        return ask(self, request, row, question, run)

    @detail_action(_("Cancel"), url_path="cancel", icon="event_busy", permissions=DECIDE)
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = get_row(self, request, object_id)
        question = Question(
            title=_("Cancel reservation %(number)s") % {"number": row},
            text=_("The connector is free again when the charger agrees."),
            submit=_("Cancel the reservation"),
            danger=True,
        )

        def run(_answer: dict[str, Any]) -> None:
            cancel_reservation(row, actor=cast("User", request.user))

        return ask(self, request, row, question, run)


def _minutes_left(until: datetime) -> int:
    left = int((until - clock.now()).total_seconds() // 60)
    return min(max(left, 1), _MOST_MINUTES)
