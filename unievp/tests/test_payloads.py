"""Nothing is lost because a value is no JSON: audit entries, events, messages to the worker."""

from __future__ import annotations

import dataclasses
import enum
import typing
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import gettext_lazy as _
from kombu.utils.json import dumps, loads

from chargers import events as field_events
from cpo import events as company_events
from cpo.models import AuditEntry, CPOStatus
from cpo.services import audit
from cpo.tests.factories import make_cpo
from payments import events as money_events

pytestmark = [pytest.mark.proves("pain 42"), pytest.mark.usefixtures("english")]
NUMBER = UUID("7d7c9f1e-7f3e-4c0e-9a4e-0d7f6f3b1a11")
JAKARTA = ZoneInfo("Asia/Jakarta")


class Colour(enum.Enum):
    RED = "red"


VALUES = [
    (Decimal("2466.70"), "2466.70"),
    (Decimal("1E+3"), "1E+3"),
    (Decimal("NaN"), "NaN"),
    (datetime(2026, 3, 1, 7, 0, tzinfo=JAKARTA), "2026-03-01 07:00:00+07:00"),
    (datetime(2026, 3, 1, 0, 0, 0, 5, tzinfo=UTC), "2026-03-01 00:00:00.000005+00:00"),
    (date(2026, 3, 1), "2026-03-01"),
    (time(7, 30), "07:30:00"),
    (timedelta(minutes=90), "1:30:00"),
    (NUMBER, str(NUMBER)),
    (CPOStatus.VERIFIED, "verified"),
    (Colour.RED, "Colour.RED"),
    (_("Core"), "Core"),
    ([Decimal(1), NUMBER], "[Decimal('1'), UUID('7d7c9f1e-7f3e-4c0e-9a4e-0d7f6f3b1a11')]"),
    ({"price": Decimal("1.5")}, "{'price': Decimal('1.5')}"),
    (b"\x00\xff", "b'\\x00\\xff'"),
    (float("inf"), "inf"),
    ("NUL \x00 in a text", "NUL  in a text"),
    ("half a \ud800 character", "half a ? character"),
    (2**63, 2**63),
    (None, None),
    (True, True),
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("value", "kept"), VALUES, ids=[ascii(value)[:20] for value, _kept in VALUES]
)
def test_an_audit_entry_is_kept_whatever_is_in_it(value, kept):
    cpo = make_cpo()
    audit.record(
        actor="test",
        action="cpo.change",
        subject=cpo,
        before={"v": "old"},
        after={"v": value},
        reason=str(value),
    )
    entry = AuditEntry.objects.get(action="cpo.change")
    assert entry.after == {"v": kept}


EVENTS = [
    event
    for module in (field_events, company_events, money_events)
    for event in vars(module).values()
    if dataclasses.is_dataclass(event) and event.__module__ == module.__name__
]
# What JSON, MessagePack and a task's arguments carry alike, with ids by kombu's own encoding.
PLAIN = {int, str, bool, UUID}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_an_event_carries_ids_and_words_only(event):
    hints = typing.get_type_hints(event)
    kinds = {
        part
        for hint in hints.values()
        for part in (typing.get_args(hint) or (hint,))
        if part is not type(None) and part is not ...
    }
    assert kinds <= PLAIN


def test_a_tasks_arguments_come_out_as_they_went_in():
    arguments = {
        "amount": Decimal("12345678901234567890.123456"),
        "at": datetime(2026, 3, 1, 7, 0, 0, 5, tzinfo=UTC),
        "id": NUMBER,
    }
    assert loads(dumps(arguments)) == arguments
