"""A charger's life on our side, and the tariff it sells at."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from chargers.models import Charger, Connector, ForcedStatus, Presence, TariffAssignment
from chargers.services import assignments, chargers
from chargers.services.chargers import ConnectorSpec
from chargers.tasks import mark_silent_chargers_offline
from chargers.tests.factories import make_charger, make_location, make_tariff
from cpo.access import visible
from cpo.models import AuditEntry
from cpo.tests.factories import make_cpo, make_member, make_user
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, NotFoundError
from unievp.lib.secrets import matches_digest

pytestmark = pytest.mark.django_db


def test_registered_charger_has_connectors_and_a_password_nobody_stored():
    location = make_location()
    _charger, password = chargers.register_charger(
        location,
        identity="JKT-1",
        actor=make_user(),
        connectors=(ConnectorSpec(1), ConnectorSpec(2, max_power_w=60_000)),
    )
    stored = Charger.objects.get()
    assert len(bytes.fromhex(password)) == 16
    assert matches_digest(password.encode(), bytes(stored.password_digest))
    assert (stored.cpo, stored.security_profile) == (location.cpo, 1)
    powers = stored.connectors.values_list("number", "max_power_w")
    assert list(powers) == [(1, 22_000), (2, 60_000)]
    assert password not in str(AuditEntry.objects.values())


def test_identity_exists_once_in_any_case():
    location = make_location()
    chargers.register_charger(location, identity="JKT-1", actor="test")
    with pytest.raises(ConflictError) as refused:
        chargers.register_charger(location, identity="jkt-1", actor="test")
    assert refused.value.field == "charger_id"
    assert Charger.objects.count() == 1


@pytest.mark.parametrize("identity", ["", "a/b", " a", "a\x00", "x" * 49])
def test_unusable_identity_is_refused(identity):
    with pytest.raises(ValidationError):
        chargers.register_charger(make_location(), identity=identity, actor="test")


def test_connectors_are_numbered_from_1_without_gaps():
    for numbers in [(0, 1), (1, 3), (1, 1)]:
        specs = [ConnectorSpec(number) for number in numbers]
        with pytest.raises(InvalidError):
            chargers.register_charger(make_location(), identity="X", actor="test", connectors=specs)


def test_renewed_password_replaces_the_old_one():
    charger, old = chargers.register_charger(make_location(), identity="A", actor="test")
    new = chargers.renew_password(charger, actor="test")
    digest = bytes(Charger.objects.get().password_digest)
    assert matches_digest(new.encode(), digest)
    assert not matches_digest(old.encode(), digest)


def test_retired_charger_stays_retired():
    charger = make_charger()
    retired = chargers.retire_charger(charger, actor="test", reason="stolen")
    assert retired.is_retired
    assert AuditEntry.objects.get().reason == "stolen"
    with pytest.raises(ConflictError):
        chargers.retire_charger(charger, actor="test")


@pytest.mark.parametrize(
    ("number", "status", "kind"),
    [(0, ForcedStatus.UNAVAILABLE, "Inoperative"), (2, ForcedStatus.AVAILABLE, "Operative")],
)
def test_forced_status_is_kept_and_asked_for(number, status, kind):
    charger = make_charger()
    command = chargers.force_status(charger, status=status, connector_number=number, actor="test")
    assert (command.action, command.payload) == (
        "ChangeAvailability",
        {"connectorId": number, "type": kind},
    )
    subject = Connector.objects.get(charger=charger, number=2) if number else charger
    subject.refresh_from_db()
    assert subject.forced_status == status


def test_status_of_a_connector_it_has_not_cannot_be_forced():
    with pytest.raises(NotFoundError):
        chargers.force_status(
            make_charger(), status=ForcedStatus.AVAILABLE, connector_number=9, actor="test"
        )


def test_rival_sees_no_charger_of_ours():
    ours, theirs = make_charger(), make_charger()
    member = make_member(ours.cpo)
    assert list(visible(member, Charger.objects.all())) == [ours]
    assert list(visible(make_member(theirs.cpo), Connector.objects.filter(charger=ours))) == []


def test_new_assignment_ends_the_one_before():
    charger = make_charger(tariff=False)
    first, second = (make_tariff(charger.cpo).template for _ in range(2))
    assignments.assign_tariff(charger, template=first, actor="test")
    now = clock.now() + timedelta(hours=1)
    assignments.assign_tariff(charger, template=second, actor="test", valid_from=now)
    rows = TariffAssignment.objects.order_by("valid_from")
    assert [(row.template, row.valid_to) for row in rows] == [(first, now), (second, None)]
    last = AuditEntry.objects.first()
    assert (last.before["tariff"], last.after["tariff"]) == (str(first), str(second))


def test_connectors_own_assignment_stands_beside_the_chargers():
    charger = make_charger()
    connector = charger.connectors.get(number=1)
    own = make_tariff(charger.cpo).template
    assignments.assign_tariff(charger, template=own, connector=connector, actor="test")
    assert TariffAssignment.objects.filter(valid_to__isnull=True).count() == 2


def test_assignment_that_a_later_one_overlaps_is_refused():
    charger = make_charger(tariff=False)
    template = make_tariff(charger.cpo).template
    later = clock.now() + timedelta(days=2)
    assignments.assign_tariff(charger, template=template, actor="test", valid_from=later)
    with pytest.raises(ConflictError):
        assignments.assign_tariff(charger, template=template, actor="test")
    assignments.assign_tariff(charger, template=template, actor="test", valid_to=later)
    assert TariffAssignment.objects.count() == 2


def test_tariff_of_another_company_is_refused():
    with pytest.raises(InvalidError):
        assignments.assign_tariff(
            make_charger(), template=make_tariff(make_cpo()).template, actor="test"
        )


def test_connector_of_another_charger_is_refused():
    charger, other = make_charger(), make_charger()
    with pytest.raises(InvalidError):
        assignments.assign_tariff(
            charger,
            template=make_tariff(charger.cpo).template,
            connector=other.connectors.first(),
            actor="test",
        )


def test_database_itself_refuses_two_tariffs_at_one_time():
    charger = make_charger()
    row = TariffAssignment.objects.get()
    row.pk = None
    with (
        pytest.raises(IntegrityError, match="tariff_assignments_do_not_overlap"),
        transaction.atomic(),
    ):
        row.save(force_insert=True)
    row.connector = charger.connectors.first()
    row.save(force_insert=True)


def test_ended_assignment_sells_no_longer():
    charger = make_charger()
    row = TariffAssignment.objects.get()
    assignments.end_assignment(row, actor="test")
    row.refresh_from_db()
    assert row.valid_to <= clock.now()
    future = assignments.assign_tariff(
        charger,
        template=row.template,
        actor="test",
        valid_from=clock.now() + timedelta(days=1),
    )
    assignments.end_assignment(future, actor="test")
    assert not TariffAssignment.objects.filter(pk=future.pk).exists()


def test_charger_is_offline_after_three_silent_heartbeats_not_one(settings):
    settings.HEARTBEAT_INTERVAL = 300
    now = clock.now()
    for interval, silent_s in [(None, 301), (None, 1000), (60, 301), (3600, 1000)]:
        charger = make_charger(tariff=False, connectors=0, heartbeat_interval_s=interval)
        Presence.objects.create(
            charger=charger, online=True, last_seen_at=now - timedelta(seconds=silent_s)
        )
    assert mark_silent_chargers_offline() == 2
    online = Presence.objects.filter(online=True).order_by("pk")
    assert [row.charger.heartbeat_interval_s for row in online] == [None, 3600]
    assert mark_silent_chargers_offline() == 0
