"""Charging profiles: refused before they are sent, and followed after they were answered."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from chargers.models import (
    ChargingProfile,
    ChargingSession,
    Command,
    ConfigurationKey,
    ProfileState,
)
from chargers.selectors.charging_profiles import composite, installed, values_of
from chargers.services import outcomes
from chargers.services.commands import claim_next, queue_command
from chargers.services.smart_charging import following
from chargers.services.smart_charging.installing import (
    clear_profiles,
    install_profile,
    next_profile_id,
    remote_start_profile,
)
from chargers.services.smart_charging.limits import limits_of
from chargers.smart_charging.profiles import Period, Profile
from chargers.tests.factories import at, make_charger, make_token, send_one, start, stop
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def charger():
    return make_charger()


@pytest.fixture
def session(charger):
    send_one(charger, start(make_token()))
    return ChargingSession.objects.get()


def profile(**values):
    defaults = {
        "profile_id": 1000,
        "stack_level": 0,
        "purpose": "TxDefaultProfile",
        "kind": "Relative",
        "unit": "A",
        "periods": (Period(0, Decimal(16)),),
    }
    return Profile(**(defaults | values))


def tell(charger, **keys):
    for key, value in keys.items():
        ConfigurationKey.objects.create(
            charger=charger, key=key, value=str(value), read_at=clock.now()
        )


def install(charger, value=None, *, answer="Accepted", **values):
    row = install_profile(charger, profile=value or profile(**values), actor="test")
    return finish(row, answer)


def finish(row, answer="Accepted"):
    while row.command.status == "queued":
        claim_next(row.charger_id)
        row.command.refresh_from_db()
    outcomes.mark_answered(row.command_id, response={"status": answer})
    row.refresh_from_db()
    return row


def refusal(charger, **values):
    with pytest.raises(RefusedError) as caught:
        install_profile(charger, profile=profile(**values), actor="test")
    assert not Command.objects.exists()
    assert not ChargingProfile.objects.exists()
    return caught.value.field, str(caught.value)


@pytest.mark.proves("SetChargingProfile", "TC_056")
def test_profile_is_sent_as_ocpp_writes_it(charger):
    row = install_profile(
        charger,
        profile=profile(periods=(Period(0, Decimal("10.5"), 3),), duration_s=60),
        actor="test",
    )
    assert row.command.payload == {
        "connectorId": 0,
        "csChargingProfiles": {
            "chargingProfileId": 1000,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.5, "numberPhases": 3}],
                "duration": 60,
            },
        },
    }
    assert row.state == ProfileState.PENDING


@pytest.mark.proves("pain 56")
@pytest.mark.parametrize(
    ("keys", "values", "field", "words"),
    [
        ({"ChargeProfileMaxStackLevel": 2}, {"stack_level": 3}, "stackLevel", "levels 0 to 2"),
        (
            {"ChargingScheduleAllowedChargingRateUnit": "Power"},
            {},
            "chargingRateUnit",
            "takes only Power (ChargingScheduleAllowedChargingRateUnit): use W",
        ),
        (
            {"ChargingScheduleMaxPeriods": 1},
            {"periods": (Period(0, Decimal(9)), Period(60, Decimal(8)))},
            "chargingSchedulePeriod",
            "at most 1 periods",
        ),
        ({"MaxChargingProfilesInstalled": 0}, {}, "chargingProfileId", "holds 0 profiles"),
        (
            {"ConnectorSwitch3to1PhaseSupported": "false"},
            {"periods": (Period(0, Decimal(9), 1),)},
            "numberPhases",
            "cannot change the number of phases",
        ),
        ({}, {"connector": 3}, "connectorId", "connectors 1 to 2"),
        ({}, {"purpose": "ChargePointMaxProfile", "connector": 1}, "connectorId", "connector 0"),
        ({}, {"purpose": "TxProfile", "connector": 1}, "transactionId", "needs a running session"),
        ({}, {"purpose": "TxProfile"}, "connectorId", "from 1"),
        ({}, {"periods": (Period(60, Decimal(9)),)}, "startPeriod", "starts at 0"),
        ({}, {"periods": (Period(0, Decimal("9.55")),)}, "limit", "one decimal"),
        ({}, {"recurrency": "Daily"}, "recurrencyKind", "Only for the kind Recurring"),
        ({}, {"kind": "Recurring", "recurrency": "Daily"}, "startSchedule", "first start"),
        ({}, {"kind": "Recurring"}, "recurrencyKind", "Daily or Weekly"),
        ({}, {"valid_from": at(9), "valid_to": at(1)}, "validTo", "after validFrom"),
    ],
)
def test_what_the_charger_would_refuse_is_refused_with_the_field_and_the_fix(
    charger, keys, values, field, words
):
    tell(charger, **keys)
    found, text = refusal(charger, **values)
    assert found == field
    assert words in text


def test_operator_may_insist(charger):
    tell(charger, ChargeProfileMaxStackLevel=1)
    row = install_profile(charger, profile=profile(stack_level=9), actor="test", insist=True)
    assert row.command.payload["csChargingProfiles"]["stackLevel"] == 9


def test_profile_without_periods_is_invalid(charger):
    with pytest.raises(InvalidError) as caught:
        install_profile(charger, profile=profile(periods=()), actor="test", insist=True)
    assert caught.value.field == "periods"


def test_units_are_read_in_ocpps_words(charger):
    tell(charger, ChargingScheduleAllowedChargingRateUnit="Current, Power")
    assert limits_of(charger.pk).units == {"A", "W"}


@pytest.mark.proves("TC_059")
def test_tx_profile_carries_the_running_transaction(charger, session):
    row = install(charger, purpose="TxProfile", connector=1)
    assert row.command.payload["csChargingProfiles"]["transactionId"] == session.transaction_id
    assert (row.state, row.session) == (ProfileState.INSTALLED, session)


def test_tx_profile_for_another_transaction_is_refused(charger, session):
    with pytest.raises(ConflictError) as caught:
        install_profile(
            charger,
            profile=profile(purpose="TxProfile", connector=1, transaction_id=5),
            actor="test",
        )
    assert caught.value.field == "transactionId"


def test_tx_profile_ends_with_its_session(charger, session):
    row = install(charger, purpose="TxProfile", connector=1)
    send_one(charger, stop(session.transaction_id))
    assert values_of(charger.pk, clock.now()) == []
    assert following.end_profiles() == 1
    row.refresh_from_db()
    assert row.state == ProfileState.ENDED
    assert following.end_profiles() == 0


def test_profile_ends_at_its_valid_to(charger):
    now = clock.now()
    install(charger, valid_to=now + timedelta(hours=1))
    assert len(values_of(charger.pk, now)) == 1
    assert values_of(charger.pk, now + timedelta(hours=1)) == []
    assert following.end_profiles(now + timedelta(hours=2)) == 1


@pytest.mark.proves("RemoteStartTransaction", "TC_059")
def test_remote_start_carries_a_tx_profile_without_a_transaction(charger):
    wire = remote_start_profile(charger, profile(purpose="TxProfile", connector=1))
    assert "transactionId" not in wire
    for wrong in (profile(), profile(purpose="TxProfile", connector=1, transaction_id=4)):
        with pytest.raises(RefusedError):
            remote_start_profile(charger, wrong)


@pytest.mark.parametrize(
    ("values", "replaced"),
    [
        ({"profile_id": 1000, "stack_level": 5}, True),
        ({"profile_id": 1001, "stack_level": 0}, True),
        ({"profile_id": 1001, "stack_level": 1}, False),
        ({"profile_id": 1001, "connector": 1}, False),
        ({"profile_id": 1001, "purpose": "ChargePointMaxProfile"}, False),
    ],
)
def test_same_id_or_same_purpose_and_level_replaces(charger, values, replaced):
    first = install(charger)
    install(charger, **values)
    first.refresh_from_db()
    assert first.state == (ProfileState.REPLACED if replaced else ProfileState.INSTALLED)
    assert installed(charger.pk, clock.now()).count() == (1 if replaced else 2)


@pytest.mark.parametrize("answer", ["Rejected", "NotSupported"])
def test_refused_profile_replaces_nothing_and_says_why(charger, answer):
    first = install(charger)
    second = install(charger, profile(stack_level=1, profile_id=1000), answer=answer)
    assert (second.state, second.refusal) == (ProfileState.REFUSED, answer)
    first.refresh_from_db()
    assert first.state == ProfileState.INSTALLED


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (outcomes.mark_timed_out, ProfileState.UNSURE),
        (lambda pk: outcomes.mark_failed(pk, error="NotSupported: no"), ProfileState.REFUSED),
        (
            lambda pk: outcomes.mark_failed(
                pk, error="The connection closed before the answer came"
            ),
            ProfileState.UNSURE,
        ),
        (
            lambda pk: outcomes.mark_failed(pk, error="Not sent: registration is Pending"),
            ProfileState.UNSENT,
        ),
    ],
)
def test_what_no_answer_and_errors_mean(charger, end, state):
    row = install_profile(charger, profile=profile(), actor="test")
    claim_next(charger.pk)
    end(row.command_id)
    row.refresh_from_db()
    assert row.state == state


def test_late_answer_counts(charger):
    row = install_profile(charger, profile=profile(), actor="test")
    claim_next(charger.pk)
    outcomes.mark_timed_out(row.command_id)
    outcomes.mark_answered(row.command_id, response={"status": "Accepted"})
    row.refresh_from_db()
    assert row.state == ProfileState.INSTALLED


def test_profile_sent_as_a_plain_command_is_followed_too(charger):
    payload = {"connectorId": 1, "csChargingProfiles": profile(profile_id=7).as_wire()}
    command = queue_command(charger, action="SetChargingProfile", payload=payload, actor="test")
    claim_next(charger.pk)
    outcomes.mark_answered(command.pk, response={"status": "Accepted"})
    (row,) = installed(charger.pk, clock.now())
    assert (row.profile_id, row.connector_number, row.state) == (7, 1, ProfileState.INSTALLED)


def test_nonsense_sent_as_a_plain_command_leaves_no_profile(charger):
    command = queue_command(charger, action="SetChargingProfile", payload={}, actor="test")
    claim_next(charger.pk)
    assert outcomes.mark_answered(command.pk, response={"status": "Accepted"})
    assert not ChargingProfile.objects.exists()


def test_charger_is_asked_what_it_makes_of_an_operators_profile(charger):
    install(charger, connector=1)
    asked = Command.objects.get(action="GetCompositeSchedule")
    assert asked.payload == {"connectorId": 1, "duration": 86_400, "chargingRateUnit": "A"}


@pytest.mark.proves("ClearChargingProfile", "TC_067")
@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({}, set()),
        ({"profile_id": 1}, {2, 3}),
        ({"profile_id": 1, "connector": 2}, {2, 3}),
        ({"connector": 1}, {1}),
        ({"connector": 1, "stack_level": 1}, {1, 2}),
        ({"purpose": "TxDefaultProfile", "stack_level": 0}, {3}),
        ({"purpose": "ChargePointMaxProfile"}, {1, 2, 3}),
    ],
)
@pytest.mark.parametrize("answer", ["Accepted", "Unknown"])
def test_id_alone_decides_else_everything_given_must_match(charger, asked, left, answer):
    install(charger, profile_id=1)
    install(charger, profile_id=2, connector=1)
    install(charger, profile_id=3, connector=1, stack_level=1)
    command = clear_profiles(charger, actor="test", **asked)
    Command.objects.filter(action="GetCompositeSchedule").delete()
    claim_next(charger.pk)
    outcomes.mark_answered(command.pk, response={"status": answer})
    assert {row.profile_id for row in installed(charger.pk, clock.now())} == left


def test_two_profiles_cannot_be_installed_with_one_id(charger):
    first = install(charger)
    with pytest.raises(IntegrityError), transaction.atomic():
        ChargingProfile.objects.create(
            charger=charger,
            connector_number=1,
            profile_id=first.profile_id,
            stack_level=4,
            purpose="TxDefaultProfile",
            kind="Relative",
            rate_unit="A",
            state="installed",
            created_at=clock.now(),
            state_at=clock.now(),
        )


def test_ids_are_counted_up_from_a_thousand(charger):
    assert next_profile_id(charger) == 1000
    install(charger, profile_id=1000)
    assert next_profile_id(charger) == 1001


def test_composite_of_a_connector_tells_which_profile_limits(charger, session):
    now = clock.now()
    install(charger, profile_id=1, periods=(Period(0, Decimal(10)),))
    install(
        charger, profile_id=2, purpose="TxProfile", connector=1, valid_to=now + timedelta(hours=1)
    )
    slots = composite(charger, 1, now=now, unit="A", duration=timedelta(hours=2))
    assert [(slot.limit, slot.profile.profile_id) for slot in slots] == [
        (Decimal("16.0"), 2),
        (Decimal("10.0"), 1),
    ]
