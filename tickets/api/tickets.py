"""Tickets by the REST API: opened, listed, looked at, changed."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cpo.access import Right
from cpo.api.endpoint import IDEMPOTENCY_KEY, Endpoint, ListEndpoint, validated
from cpo.models import Driver, Scope
from cpo.services.idempotency import Answer
from tickets.api.finding import (
    find_ticket,
    names_of_ids,
    owner_of,
    person_named,
    report_of,
    require,
)
from tickets.api.serializers import TicketChangeRequest, TicketRequest, TicketView
from tickets.models import Ticket, TicketCategory, TicketPriority, TicketStatus, TicketVia
from tickets.selectors.tickets import NOT_DONE, is_overdue, searched
from tickets.services.changing import Change, change_ticket
from tickets.services.opening import open_by_driver, open_ticket
from unievp.lib import clock
from unievp.lib.api.versions import check_if_match, etag_of
from unievp.lib.errors import InvalidError

_PARTS = ("cpo", "charger", "connector", "assignee")
NOBODY = "none"


def shown(ticket: Ticket, actor: Any) -> dict[str, Any]:
    """As `actor` may see it."""
    context = {"for_driver": isinstance(actor, Driver)}
    return dict(TicketView(ticket, context=context).data)


class TicketFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=TicketStatus.choices)
    priority = django_filters.ChoiceFilter(choices=TicketPriority.choices)
    category = django_filters.ChoiceFilter(choices=TicketCategory.choices)
    cpo_id = django_filters.UUIDFilter(field_name="cpo_id")
    charger_id = django_filters.CharFilter(method="at_charger", max_length=48)
    assignee = django_filters.CharFilter(
        method="with_person", max_length=150, help_text=f'A user name, or "{NOBODY}".'
    )
    open = django_filters.BooleanFilter(method="by_truth", label="Neither resolved nor closed.")
    overdue = django_filters.BooleanFilter(method="by_truth", label="Its time has run out.")
    search = django_filters.CharFilter(
        method="with_words", max_length=100, label="In numbers, words, chargers and reporters."
    )

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = []

    def at_charger(self, rows: QuerySet[Ticket], _name: str, value: str) -> QuerySet[Ticket]:
        return rows.filter(charger__identity__lower=value.lower())

    def with_person(self, rows: QuerySet[Ticket], _name: str, value: str) -> QuerySet[Ticket]:
        if value == NOBODY:
            return rows.filter(assignee=None)
        return rows.filter(assignee__username__iexact=value)

    def by_truth(self, rows: QuerySet[Ticket], name: str, value: object) -> QuerySet[Ticket]:
        those = rows.filter(NOT_DONE if name == "open" else is_overdue(clock.now()))
        # (A negated condition would lose rows without a time.)
        return those if value else rows.exclude(pk__in=those.values("pk"))

    def with_words(self, rows: QuerySet[Ticket], _name: str, value: str) -> QuerySet[Ticket]:
        return searched(rows, value)


class Tickets(ListEndpoint[Ticket]):
    scopes: ClassVar = {"GET": Scope.TICKETS_READ, "POST": Scope.TICKETS_WRITE}
    rights: ClassVar = {"GET": Right.VIEW, "POST": Right.OPERATE}
    drivers: ClassVar = frozenset({"GET", "POST"})
    queryset = Ticket.objects.select_related(*_PARTS)
    serializer_class = TicketView
    filterset_class = TicketFilter
    ordering_fields = ("opened_at", "updated_at", "due_resolution_at", "id")
    ordering = ("-id",)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "for_driver": isinstance(self.actor, Driver)}

    @extend_schema(operation_id="ticket_list", responses=TicketView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """The tickets you may see, newest first; drivers see what they reported."""
        return super().get(request, **path)

    @extend_schema(
        operation_id="ticket_open",
        request=TicketRequest,
        responses={201: TicketView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Open a ticket. Drivers report what happened to them; answers reach them by mail."""
        actor = self.actor
        values = validated(TicketRequest(data=request.data))
        cpo = None
        if not isinstance(actor, Driver):
            cpo = owner_of(self, values)
            require(self, cpo)
        report = report_of(self, values)

        def write() -> Answer:
            with names_of_ids():
                if isinstance(actor, Driver):
                    ticket = open_by_driver(report, driver=actor)
                else:
                    ticket = open_ticket(report, cpo=cpo, actor=actor, via=TicketVia.API)
            return Answer(201, shown(ticket, actor))

        return self.once(request, write)


class TicketDetail(Endpoint):
    scopes: ClassVar = {"GET": Scope.TICKETS_READ, "PUT": Scope.TICKETS_WRITE}
    rights: ClassVar = {"GET": Right.VIEW, "PUT": Right.OPERATE}
    drivers: ClassVar = frozenset({"GET"})

    @extend_schema(operation_id="ticket_read", responses=TicketView)
    def get(self, request: Request, ticket_id: int) -> Response:
        return self._answer(find_ticket(self, ticket_id))

    @extend_schema(operation_id="ticket_change", request=TicketChangeRequest, responses=TicketView)
    def put(self, request: Request, ticket_id: int) -> Response:
        """Change its status, who deals with it, priority or category.

        409 `transition_not_allowed` where the flow does not lead there: open, in progress, waiting
        (the clock stands still), resolved, closed, reopened.
        """
        ticket = find_ticket(self, ticket_id)
        values = validated(TicketChangeRequest(data=request.data))
        if not values.keys() - {"reason"}:
            raise InvalidError(_("Say what is to change."), field="status")
        check_if_match(request, etag_of(shown(ticket, self.actor)))
        if "assignee" in values:
            values["assignee"] = person_named(values["assignee"])
        guarded = "If-Match" in request.headers
        change_ticket(
            ticket,
            Change(**values),
            actor=self.actor,
            via=TicketVia.API,
            if_version=ticket.version if guarded else None,
        )
        return self._answer(find_ticket(self, ticket_id))

    def _answer(self, ticket: Ticket) -> Response:
        body = shown(ticket, self.actor)
        return Response(body, headers={"ETag": etag_of(body)})
