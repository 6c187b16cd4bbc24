"""What staff do with tickets: with many from the list, with one from its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from cpo.models import User
from tickets.admin.forms import CommentForm, assign_form, change_form
from tickets.models import Ticket, TicketStatus, TicketVia
from tickets.services.attaching import File
from tickets.services.changing import Change, change_ticket
from tickets.services.commenting import add_comment
from tickets.services.replying import revoke_links
from unievp.lib.admin import DeskAdmin, Question, ask, detail_action, get_row, run_for_each
from unievp.lib.documents import MOST_BYTES

if TYPE_CHECKING:
    Base = DeskAdmin
else:
    Base = object

# Who may look at a ticket may not deal with it.
WORK: Final = ("tickets.change_ticket",)


class TicketWork(Base):
    """For an admin page of tickets; all of it goes through services."""

    def has_work_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(WORK[0])

    # --- what is done with many -----------------------------------------------------------------

    @admin.action(description=_("Take them"), permissions=["work"])
    def take_all(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        self._change_each(request, tickets, Change(assignee=staff(request)))

    @admin.action(description=_("Resolve them"), permissions=["work"])
    def resolve_all(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        self._change_each(request, tickets, Change(status=TicketStatus.RESOLVED))

    @admin.action(description=_("Close them"), permissions=["work"])
    def close_all(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        self._change_each(request, tickets, Change(status=TicketStatus.CLOSED))

    def _change_each(self, request: HttpRequest, tickets: QuerySet[Ticket], wanted: Change) -> None:
        actor = staff(request)
        run_for_each(
            self,
            request,
            tickets,
            lambda row: change_ticket(row, wanted, actor=actor, via=TicketVia.ADMIN),
        )

    # --- what is done with one ------------------------------------------------------------------

    @detail_action(_("Write"), url_path="answer", icon="chat", permissions=WORK)
    def answer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run(ticket: Ticket, answer: dict[str, Any]) -> None:
            file = answer["file"]
            files = [File(file.name, file.read(MOST_BYTES + 1))] if file else []
            add_comment(
                ticket,
                body=answer["body"],
                actor=staff(request),
                via=TicketVia.ADMIN,
                internal=answer["internal"],
                files=files,
            )

        question = Question(
            title=_("Write on this ticket"),
            text=_("An answer is read by the company and mailed to who reported it."),
            submit=_("Send"),
            form_class=CommentForm,
        )
        return self._ask(request, object_id, question, run)

    @detail_action(_("Give to somebody"), url_path="assign", icon="person", permissions=WORK)
    def assign(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run(ticket: Ticket, answer: dict[str, Any]) -> None:
            _change(request, ticket, Change(assignee=answer["assignee"]))

        question = Question(
            title=_("Who deals with it?"),
            text=_("The company's people who operate its chargers, and the platform's staff."),
            submit=_("Save"),
            form_class=assign_form(get_row(self, request, object_id)),
        )
        return self._ask(request, object_id, question, run)

    @detail_action(_("Change"), url_path="edit", icon="tune", permissions=WORK)
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run(ticket: Ticket, answer: dict[str, Any]) -> None:
            _change(request, ticket, Change(**answer))

        question = Question(
            title=_("Change this ticket"),
            text=_("Its history keeps who changed what, and the company reads it."),
            submit=_("Save"),
            form_class=change_form(get_row(self, request, object_id)),
        )
        return self._ask(request, object_id, question, run)

    @detail_action(_("Take links back"), url_path="links", icon="link_off", permissions=WORK)
    def links(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run(ticket: Ticket, _answer: dict[str, Any]) -> None:
            revoke_links(ticket, actor=staff(request), via=TicketVia.ADMIN)

        question = Question(
            title=_("Take the links back"),
            text=_("Links that were mailed until now lead nowhere; the next mail has a new one."),
            submit=_("Take them back"),
            danger=True,
        )
        return self._ask(request, object_id, question, run)

    def _ask(
        self,
        request: HttpRequest,
        object_id: str,
        question: Question,
        run: Callable[[Ticket, dict[str, Any]], None],
    ) -> HttpResponse:
        ticket = get_row(self, request, object_id)
        return ask(self, request, ticket, question, lambda answer: run(ticket, answer))


def _change(request: HttpRequest, ticket: Ticket, wanted: Change) -> None:
    change_ticket(ticket, wanted, actor=staff(request), via=TicketVia.ADMIN)


def staff(request: HttpRequest) -> User:
    if not request.user.has_perm("tickets.view_ticket"):
        raise PermissionDenied
    return cast("User", request.user)
