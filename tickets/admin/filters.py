"""The queue by what there is to do; the cards of the home page lead here."""

from __future__ import annotations

from typing import Any, Final, cast

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cpo.models import User
from tickets.models import Ticket
from tickets.selectors.tickets import NOT_DONE, is_overdue
from unievp.lib import clock

QUEUE: Final = "queue"


class QueueFilter(admin.SimpleListFilter):
    title = _("queue")
    parameter_name = QUEUE

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("open", _("To do")),
            ("overdue", _("Overdue")),
            ("mine", _("Mine")),
            ("unassigned", _("With nobody")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        wanted = {
            "open": NOT_DONE,
            "overdue": is_overdue(clock.now()),
            "mine": NOT_DONE & Q(assignee=cast("User", request.user)),
            "unassigned": NOT_DONE & Q(assignee=None),
        }.get(self.value() or "")
        return queryset.filter(wanted) if wanted is not None else queryset
