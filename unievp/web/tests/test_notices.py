"""Who is told of settlements, payouts and chargers, and that it is once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chargers.models import Charger, Connector, ConnectorStatusChange, Presence, PresenceChange
from chargers.tests.factories import make_charger
from cpo.models import LogCursor, Notification, Role, User
from cpo.tests.factories import make_member, make_user
from payments.models import Payout
from payments.services.settlements import (
    approve_settlement,
    cancel_settlement,
    mark_settlement_paid,
    reject_settlement,
    request_settlement,
)
from payments.tests.factories import give, make_paid_cpo, make_staff
from payments.tests.factories import make_member as make_finance
from unievp.lib import clock
from unievp.web import tasks
from unievp.web.notices import chargers as notices
from unievp.web.notices.chargers import tell_of_faults, tell_of_offline_chargers
from unievp.web.notices.money import tell_of_payouts, tell_of_settlements
from unievp.web.tests.rows import make_row

pytestmark = pytest.mark.django_db
LONG = timedelta(minutes=20)


@pytest.fixture(autouse=True)
def _begun():
    """Logs are read from here on."""
    tasks.sweep_notices()


def told(person):
    return sorted(Notification.objects.filter(user=person).values_list("event", flat=True))


# --- Money --------------------------------------------------------------------------------------


def test_settlement_is_told_to_those_who_decide_and_to_those_who_asked():
    cpo = make_paid_cpo()
    give(cpo, 400_000)
    asker, owner, viewer = make_finance(cpo), make_member(cpo), make_member(cpo, Role.VIEWER)
    decider = make_staff()
    paid = request_settlement(cpo, actor=asker, amount=100_000)
    assert tell_of_settlements() == 1
    row = Notification.objects.get()
    assert (row.user, row.event, row.args["amount_idr"]) == (
        decider,
        "settlement.requested",
        100_000,
    )
    assert row.link.startswith("/admin/payments/settlement/")
    approve_settlement(paid, actor=decider)
    mark_settlement_paid(paid, actor=make_staff(), proof="BCA 1")
    refused = request_settlement(cpo, actor=asker, amount=100_000)
    reject_settlement(refused, actor=decider, reason="Wrong account")
    cancel_settlement(request_settlement(cpo, actor=asker, amount=100_000), actor=asker)
    tasks.tell_of_settlements()
    assert tell_of_settlements() == 0
    expected = ["settlement.approved", "settlement.paid", "settlement.rejected"]
    assert told(asker) == told(owner) == expected
    assert told(viewer) == []
    reason = Notification.objects.filter(event="settlement.rejected").first()
    assert (reason.args["reason"], reason.link) == ("Wrong account", f"/wallet?cpo={cpo.pk}")


def test_platforms_finance_hears_of_payouts_that_fail():
    staff = make_staff()
    make_row(Payout, status="failed", ended_at=clock.now(), failure="No such account")
    make_row(Payout, status="failed", ended_at=clock.now() - timedelta(days=2))
    make_row(Payout, status="paid", ended_at=clock.now())
    assert tell_of_payouts() == 1
    assert tell_of_payouts() == 0
    assert told(staff) == ["payout.failed"]
    assert Notification.objects.get().args["reason"] == "No such account"


# --- Chargers -----------------------------------------------------------------------------------


def go_offline(charger, *, ago):
    Presence.objects.update_or_create(
        charger=charger, defaults={"online": True, "last_seen_at": clock.now() - ago - LONG}
    )
    presence = charger.presence
    presence.refresh_from_db()
    presence.online, presence.last_seen_at = False, clock.now() - ago
    presence.save()


def test_charger_that_stays_offline_is_told_once_to_those_who_operate():
    charger = make_charger()
    owner, operator = make_member(charger.cpo), make_member(charger.cpo, Role.OPERATOR)
    finance = make_member(charger.cpo, Role.FINANCE)
    stranger = make_member(make_paid_cpo())
    go_offline(charger, ago=timedelta(minutes=5))
    assert tell_of_offline_chargers() == 0
    PresenceChange.objects.update(at=clock.now() - LONG)
    assert tell_of_offline_chargers() == 2
    assert tell_of_offline_chargers() == 0
    assert told(owner) == told(operator) == ["charger.offline"]
    assert told(finance) == told(stranger) == []
    row = Notification.objects.filter(user=owner).get()
    assert (row.args["charger"], row.link) == (charger.identity, f"/chargers/{charger.pk}")


def test_charger_that_came_back_or_retired_is_not_told_of():
    back, retired = make_charger(), make_charger()
    for charger in (back, retired):
        make_member(charger.cpo)
        go_offline(charger, ago=LONG)
    Presence.objects.filter(charger=back).update(online=True)
    Charger.objects.filter(pk=retired.pk).update(retired_at=clock.now())
    assert tell_of_offline_chargers() == 0


def test_each_time_that_it_is_gone_is_news():
    charger = make_charger()
    owner = make_member(charger.cpo)
    for _turn in range(2):
        go_offline(charger, ago=LONG)
        assert tell_of_offline_chargers() == 1
    assert told(owner) == ["charger.offline"] * 2


def test_many_chargers_at_once_are_one_piece_of_news(monkeypatch):
    monkeypatch.setattr(notices, "MANY", 3)
    first = make_charger()
    owner = make_member(first.cpo)
    for charger in [first, *(make_charger(location=first.location) for _ in range(2))]:
        go_offline(charger, ago=LONG)
    assert tell_of_offline_chargers() == 1
    assert told(owner) == ["charger.offline_many"]
    assert Notification.objects.get().args["count"] == 3


def report(charger, status, *, ago, number=1):
    moment = clock.now() - ago
    ConnectorStatusChange.objects.create(
        charger=charger,
        connector_number=number,
        status=status,
        error_code="GroundFailure" if status == "Faulted" else "NoError",
        reported_at=moment,
        received_at=moment,
    )
    if number:
        Connector.objects.filter(charger=charger, number=number).update(status=status)
    else:
        Charger.objects.filter(pk=charger.pk).update(status=status)


def test_fault_that_stays_is_told_once_though_it_is_reported_again_and_again():
    charger = make_charger()
    owner = make_member(charger.cpo)
    report(charger, "Available", ago=timedelta(minutes=30))
    report(charger, "Faulted", ago=timedelta(minutes=9))
    assert tell_of_faults() == 0
    ConnectorStatusChange.objects.filter(status="Faulted").update(received_at=clock.now() - LONG)
    report(charger, "Faulted", ago=timedelta(minutes=1))
    assert tell_of_faults() == 1
    report(charger, "Faulted", ago=timedelta(0))
    assert tell_of_faults() == 0
    assert told(owner) == ["charger.faulted"]
    assert Notification.objects.get().args["error"] == "GroundFailure"


def test_fault_that_is_over_is_not_told_of_and_a_whole_chargers_is():
    over, whole = make_charger(), make_charger()
    make_member(over.cpo)
    owner = make_member(whole.cpo)
    report(over, "Faulted", ago=LONG)
    report(over, "Available", ago=timedelta(minutes=1))
    report(whole, "Faulted", ago=LONG, number=0)
    assert tell_of_faults() == 1
    assert told(owner) == ["charger.faulted"]


def test_logs_are_not_read_from_their_beginning_for_ever():
    charger = make_charger()
    make_member(charger.cpo)
    go_offline(charger, ago=LONG)
    for _turn in range(2):
        LogCursor.objects.update(reached_at=clock.now() - timedelta(hours=2))
        tell_of_offline_chargers()
    cursor = LogCursor.objects.get(name="notices.offline")
    assert cursor.position == PresenceChange.objects.latest("pk").pk
    assert User.objects.count() == Notification.objects.count() == 1


def test_staff_without_the_permission_hears_of_no_money():
    clerk = make_user(is_staff=True)
    make_row(Payout, status="failed", ended_at=clock.now())
    assert tell_of_payouts() == 0
    assert told(clerk) == []
