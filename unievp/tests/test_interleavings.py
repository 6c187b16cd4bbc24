"""Any order of a charger's frames ends with the sessions, readings and bills of the clean order.

Frames go the way of the ocpp process: text, protocol, decode, group write. A charger that had no
answer to its Start speaks of -1, also of a transaction that another copy of the Start has begun;
a frame that was lost is sent again later; a frame may be sent any number of times.
"""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from chargers.models import ChargingSession, MeterReading, OrphanStop
from chargers.ocpp.messages import Caller
from chargers.ocpp.protocol import Peer
from chargers.ocpp.routes import plan_call
from chargers.store import inbound
from chargers.tests.factories import at, make_charger, make_token
from payments.models import BillLine
from payments.services.billing import bill_session
from tariffs.models import ComponentKind, PriceComponent, TariffElement

pytestmark = pytest.mark.django_db

# Name, connector, tag, begin, meter, (second, meter) of each value, end, meter. B overlaps A and C;
# C follows A at its connector, whose register goes on.
_SESSIONS = {
    "A": (1, "TAG-A", 0, 1_000, [(10, 1_040), (20, 1_090), (30, 1_090)], 40, 1_120),
    "B": (2, "TAG-B", 5, 70_000, [(15, 70_030), (45, 70_130)], 70, 70_200),
    "C": (1, "TAG-C", 60, 1_120, [(70, 1_180), (80, 1_230)], 90, 1_260),
}
_STATUSES = [(1, 0, "Charging"), (1, 41, "Available"), (2, 71, "Available"), (1, 91, "Finishing")]


def _clean_order():
    """(second, frame): ("start", "A"), ("values", "A", 0), ("stop", "A"), ("status", 0)."""
    frames = [(second, ("status", n)) for n, (_c, second, _s) in enumerate(_STATUSES)]
    for name, (_c, _tag, begin, _m, values, end, _last) in _SESSIONS.items():
        frames.append((begin, ("start", name)))
        frames += [(second, ("values", name, n)) for n, (second, _wh) in enumerate(values)]
        frames.append((end, ("stop", name)))
    return [frame for _second, frame in sorted(frames)]


FRAMES = _clean_order()


def stamp(seconds):
    return at(seconds).isoformat().replace("+00:00", "Z")


def samples(register, context="Sample.Periodic"):
    return [
        {"value": str(register), "unit": "Wh", "context": context},
        {"value": "7.2", "measurand": "Power.Active.Import", "unit": "kW", "context": context},
    ]


class Point:
    """A charger that numbers its messages and remembers the transaction ids that it was told."""

    def __init__(self, charger):
        self.caller = Caller(charger.pk, charger.cpo_id, charger.identity, "Accepted")
        self.peer = Peer()
        self.known = {}
        self.sent = 0

    def payload(self, frame, *, forgets=False):
        kind = frame[0]
        if kind == "status":
            connector, second, status = _STATUSES[frame[1]]
            return "StatusNotification", {
                "connectorId": connector,
                "errorCode": "NoError",
                "status": status,
                "timestamp": stamp(second),
            }
        name = frame[1]
        connector, tag, begin, meter, values, end, last = _SESSIONS[name]
        number = -1 if forgets else self.known.get(name, -1)
        if kind == "start":
            return "StartTransaction", {
                "connectorId": connector,
                "idTag": tag,
                "meterStart": meter,
                "timestamp": stamp(begin),
            }
        if kind == "values":
            second, register = values[frame[2]]
            value = {"timestamp": stamp(second), "sampledValue": samples(register)}
            return "MeterValues", {
                "connectorId": connector,
                "transactionId": number,
                "meterValue": [value],
            }
        end_value = {"timestamp": stamp(end), "sampledValue": samples(last, "Transaction.End")}
        return "StopTransaction", {
            "transactionId": number,
            "idTag": tag.lower(),
            "meterStop": last,
            "timestamp": stamp(end),
            "reason": "EVDisconnected",
            "transactionData": [end_value],
        }

    def send(self, frame, second, *, forgets=False, deaf=False):
        """One frame on its way; `deaf`: the answer does not reach the charger."""
        action, payload = self.payload(frame, forgets=forgets)
        self.sent += 1
        text = json.dumps([2, f"m{self.sent}", action, payload])
        (call,) = self.peer.feed(text)
        planned = plan_call(self.caller, call, text, at(second))
        (answer,) = inbound.write([planned[0]])
        kind, _message_id, body = json.loads(answer)
        assert kind == 3
        if frame[0] == "start" and not deaf:
            self.known[frame[1]] = body["transactionId"]


def outcome():
    """What must be the same, by tag: the session, its readings, its bill."""
    sessions = {}
    for row in ChargingSession.objects.select_related("connector").order_by("id_tag"):
        bill = bill_session(row.pk)
        row.refresh_from_db()
        lines = BillLine.objects.filter(bill=bill).order_by("position")
        sessions[row.id_tag] = (
            (row.connector.number, row.status, row.authorization, row.started_at, row.ended_at),
            (row.energy_wh, row.meter_stop_wh, row.stop_reason, row.billing_status),
            row.hold_reason,
            sorted(
                MeterReading.objects.filter(session_id=row.pk).values_list(
                    "measured_at", "energy_wh", "connector_number"
                )
            ),
            (bill.total, bill.tax, list(lines.values_list("kind", "quantity", "amount", "why")))
            if bill
            else None,
        )
    stray = MeterReading.objects.filter(session_id=None).count()
    return sessions, stray, OrphanStop.objects.filter(session=None).count()


def make_field():
    charger = make_charger()
    version = charger.tariff_assignments.get().template.versions.get()
    element = TariffElement.objects.create(version=version, position=1)
    for kind, price in [
        (ComponentKind.ENERGY, "2500"),
        (ComponentKind.TIME, "600"),
        (ComponentKind.FLAT, "1000"),
    ]:
        PriceComponent.objects.create(element=element, kind=kind, price=Decimal(price))
    for _connector, tag, *_rest in _SESSIONS.values():
        make_token(tag)
    return charger


@st.composite
def deliveries(draw):
    """[(frame, forgets, deaf)]: all frames in any order, some more than once."""
    order = list(draw(st.permutations(FRAMES)))
    for again in draw(st.lists(st.sampled_from(FRAMES), max_size=8)):
        order.insert(draw(st.integers(0, len(order))), again)
    flags = draw(
        st.lists(st.tuples(st.booleans(), st.booleans()), min_size=len(order), max_size=len(order))
    )
    return [(frame, *flag) for frame, flag in zip(order, flags, strict=True)]


def check(delivered):
    with transaction.atomic():
        charger = make_field()
        clean = transaction.savepoint()
        point = Point(charger)
        for frame in FRAMES:
            point.send(frame, 100 + point.sent)
        expected = outcome()
        assert [row[1][3] for row in expected[0].values()] == ["billed"] * 3
        assert expected[1:] == (0, 0)
        transaction.savepoint_rollback(clean)
        point = Point(charger)
        for n, (frame, forgets, deaf) in enumerate(delivered):
            point.send(frame, 100 + n / 10, forgets=forgets, deaf=deaf)
        assert outcome() == expected
        transaction.set_rollback(True)


@pytest.mark.proves("own 1", "own 3", "own 4", "own 5", "pain 20", "pain 23", "pain 37", "quirk 5")
@settings(max_examples=12, deadline=None)
@given(delivered=deliveries())
def test_any_interleaving_ends_as_the_clean_order(delivered):
    check(delivered)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=300, deadline=None)
@given(delivered=deliveries())
def test_many_interleavings_end_as_the_clean_order(delivered):
    check(delivered)


@pytest.mark.proves("quirk 6", "pain 19")
def test_a_queue_sent_backwards_ends_as_the_clean_order():
    check([(frame, False, False) for frame in reversed(FRAMES)])


def test_everything_twice_ends_as_the_clean_order():
    check([(frame, n % 2 == 0, n % 2 == 0) for frame in FRAMES for n in range(2)])
