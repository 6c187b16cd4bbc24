"""The desk's lists of what grows without end: no page reads, sorts or counts all of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db.models import F, Model

from chargers.models import (
    ChargingSession,
    Command,
    ConnectorStatusChange,
    Frame,
    MeterReading,
    PresenceChange,
)
from cpo.models import AuditEntry
from payments.models import Bill, LedgerEntry, LedgerTransaction, PaymentIntent
from tickets.models import Ticket

GROWING = (
    AuditEntry, Bill, ChargingSession, Command, ConnectorStatusChange, Frame, LedgerEntry,
    LedgerTransaction, MeterReading, PaymentIntent, PresenceChange, Ticket,
)  # fmt: skip


def first_columns(model: type[Model]) -> set[str]:
    """Of the key and of every index over all rows."""
    found = {"pk", "id"}
    for field in model._meta.local_fields:
        if vars(field)["db_index"] or field.unique:
            found.add(field.name)
    for index in model._meta.indexes:
        if index.condition is None:
            found |= {name_of(part) for part in (*index.fields, *index.expressions)[:1]}
    return found


def name_of(part: Any) -> str:
    if isinstance(part, str):
        return part.lstrip("-")
    expression = getattr(part, "expression", part)
    return str(vars(expression)["name"]) if isinstance(expression, F) else ""


@pytest.mark.parametrize("model", GROWING, ids=lambda model: model.__name__)
def test_a_growing_list_begins_where_an_index_does(model, rf):
    page = admin.site._registry[model]
    ordering = page.get_ordering(rf.get("/")) or model._meta.ordering
    assert name_of(ordering[0]) in first_columns(model)
    # It would read the month of every row, for each page.
    assert page.date_hierarchy is None
