"""How a charger's configuration is read and kept: all at once, in chunks, again and never."""

from datetime import timedelta

import pytest

from chargers.configuration_keys import REQUIRED_KEYS, STANDARD_KEYS
from chargers.models import (
    Command,
    ConfigurationKey,
    ConfigurationReading,
    ConfigurationTemplate,
    Registration,
)
from chargers.selectors.configuration import known_value
from chargers.services.commands import queue_command
from chargers.services.configuration import sweep
from chargers.services.configuration.changing import change_configuration
from chargers.services.configuration.reading import request_reading
from chargers.tests.maintenance.parts import (
    answer,
    asked,
    boots,
    expire,
    make_online,
    refuse,
    silent,
)
from unievp.lib import clock
from unievp.lib.errors import InvalidError

pytestmark = pytest.mark.django_db


def entries(*keys, value="1", readonly=False):
    return [{"key": key, "value": value, "readonly": readonly} for key in keys]


WHOLE = entries(*REQUIRED_KEYS)


def ask(charger):
    assert sweep.sweep_readings() == 1
    return asked(charger, "GetConfiguration")


def state(charger):
    return ConfigurationReading.objects.get(charger=charger)


def settle(charger):
    """What was due in a moment is due now."""
    ConfigurationReading.objects.filter(charger=charger).update(due_at=clock.now())


@pytest.mark.proves("GetConfiguration", "pain 55")
def test_first_accepted_boot_is_followed_by_a_reading_of_everything(charger):
    command = ask(charger)
    assert command.payload == {}
    answer(
        command,
        configurationKey=[
            *WHOLE,
            {"key": "VendorThing", "value": "x" * 551, "readonly": True},
            {"key": "Empty", "readonly": False},
        ],
    )
    assert state(charger).state == "read"
    assert state(charger).read_at is not None
    assert known_value(charger.pk, "heartbeatinterval") == "1"
    row = ConfigurationKey.objects.get(charger=charger, key="VendorThing")
    assert (len(row.value), row.read_only, row.known) == (551, True, True)
    assert known_value(charger.pk, "Empty") == ""
    assert sweep.sweep_readings() == 0
    assert silent(charger)


@pytest.mark.proves("quirk 13")
def test_charger_that_just_booted_or_connected_is_left_alone(settings):
    settings.CONFIGURATION_SETTLE_S = 120
    fresh = make_online(minutes_ago=1)
    reconnected = make_online()
    reconnected.presence.connected_at = clock.now()
    reconnected.presence.save()
    assert sweep.sweep_readings() == 0
    assert silent(fresh)
    assert silent(reconnected)


@pytest.mark.parametrize(
    "values",
    [
        {"online": False},
        {"registration": Registration.PENDING},
        {"retired_at": clock.now()},
        {"booted_at": None},
    ],
)
def test_who_is_away_or_not_accepted_is_not_asked(values):
    make_online(**values)
    assert sweep.sweep_readings() == 0


@pytest.mark.proves("quirk 15")
def test_cut_answer_is_completed_by_name_in_chunks_of_the_chargers_own_size(charger):
    cut = [*entries("HeartbeatInterval"), *entries("GetConfigurationMaxKeys", value="7")]
    answer(ask(charger), configurationKey=cut)
    named = []
    while state(charger).state == "asked":
        command = asked(charger, "GetConfiguration")
        chunk = command.payload["key"]
        assert 1 <= len(chunk) <= 7
        named += chunk
        answer(command, configurationKey=entries(*chunk[1:]), unknownKey=chunk[:1])
    told = {"HeartbeatInterval", "GetConfigurationMaxKeys"}
    assert set(named) == set(STANDARD_KEYS) - told - {"AuthorizationKey"}
    assert len(named) == len(set(named))
    assert known_value(charger.pk, named[0]) is None
    assert ConfigurationKey.objects.get(charger=charger, key=named[0]).known is False
    assert known_value(charger.pk, named[1]) == "1"
    assert state(charger).state == "read"


def test_refused_chunk_is_halved_until_it_fits(charger):
    refuse(ask(charger), "PropertyConstraintViolation")
    sizes = []
    for _ in range(4):
        command = asked(charger, "GetConfiguration")
        sizes.append(len(command.payload["key"]))
        refuse(command, "OccurenceConstraintViolation")
    assert sizes == [20, 10, 5, 2]
    command = asked(charger, "GetConfiguration")
    (key,) = command.payload["key"]
    # One key that is refused alone is left out; the others go on.
    refuse(command, "InternalError")
    assert key not in asked(charger, "GetConfiguration").payload["key"]


def test_charger_without_the_message_is_left_in_peace(charger):
    refuse(ask(charger), "NotImplemented", "what?")
    assert (state(charger).state, state(charger).error) == ("failed", "NotImplemented: what?")
    assert sweep.sweep_readings() == 0
    boots(charger, "1.1")
    charger.booted_at = clock.now() - timedelta(minutes=30)
    charger.save()
    assert ask(charger).payload == {}


def test_no_answer_is_tried_again_later_and_then_by_name(charger):
    expire(ask(charger))
    assert state(charger).state == "due"
    assert sweep.sweep_readings() == 0
    settle(charger)
    command = ask(charger)
    assert command.payload == {}
    expire(command)
    settle(charger)
    assert len(ask(charger).payload["key"]) == 20


def test_charger_that_ignores_the_list_is_not_asked_for_ever(charger):
    answer(ask(charger), configurationKey=entries("HeartbeatInterval"))
    rounds = 0
    while state(charger).state == "asked":
        answer(asked(charger, "GetConfiguration"), configurationKey=entries("HeartbeatInterval"))
        rounds += 1
    assert rounds <= 3
    assert state(charger).state == "read"


@pytest.mark.proves("client 4")
def test_unknown_key_is_kept_as_unknown_also_when_a_person_asked(charger):
    command = queue_command(
        charger, action="GetConfiguration", payload={"key": ["Nope"]}, actor="ana"
    )
    asked(charger, "GetConfiguration")
    answer(command, configurationKey=[], unknownKey=["Nope"])
    row = ConfigurationKey.objects.get(charger=charger)
    assert (row.key, row.known, row.value) == ("Nope", False, "")


def test_key_that_is_gone_after_an_update_is_not_known_any_more(charger):
    answer(ask(charger), configurationKey=[*WHOLE, *entries("OldThing")])
    boots(charger, "2.0")
    assert sweep.sweep_readings() == 0  # not settled
    charger.booted_at = clock.now() - timedelta(minutes=30)
    charger.save()
    answer(ask(charger), configurationKey=[*WHOLE, *entries("NewThing")])
    assert known_value(charger.pk, "OldThing") is None
    assert known_value(charger.pk, "NewThing") == "1"
    assert state(charger).firmware_version == "2.0"


def test_key_in_another_case_is_the_same_key(charger):
    for key, value in (("heartbeatinterval", "10"), ("HeartbeatInterval", "20")):
        command = queue_command(charger, action="GetConfiguration", payload={}, actor="ana")
        asked(charger, "GetConfiguration")
        answer(command, configurationKey=entries(key, value=value))
    assert ConfigurationKey.objects.get(charger=charger).value == "20"


def test_password_in_an_answer_is_neither_stored_nor_shown(charger):
    command = ask(charger)
    answer(
        command,
        configurationKey=[*WHOLE, *entries("AuthorizationKey", "WifiPassword", value="s3cr3t")],
    )
    assert known_value(charger.pk, "AuthorizationKey") == "••••"
    assert not ConfigurationKey.objects.filter(value__contains="s3cr3t").exists()
    assert "s3cr3t" not in str(Command.objects.get(pk=command.pk).response)


@pytest.mark.parametrize(
    "response",
    [
        {},
        {"configurationKey": None, "unknownKey": None},
        {"configurationKey": "x", "unknownKey": {"a": 1}},
        {"configurationKey": [None, 1, {"key": None}, {"value": "x"}, {"key": ["a"]}]},
        {"configurationKey": [{"key": "A\x00B", "value": "1\x002", "readonly": "yes"}]},
        {"configurationKey": [{"key": "N", "value": 5}, {"key": "B", "value": True}]},
        {"configurationKey": entries("Twice", "twice"), "unknownKey": ["Twice", "X" * 300]},
    ],
)
def test_answer_out_of_shape_never_breaks_the_reading(charger, response):
    answer(ask(charger), **response)
    assert state(charger).state == "asked"


@pytest.mark.proves("ChangeConfiguration", "pain 55")
def test_accepted_change_is_read_back(charger):
    answer(ask(charger), configurationKey=WHOLE)
    change = change_configuration(charger, key="HeartbeatInterval", value="60", actor="ana")
    asked(charger, "ChangeConfiguration")
    answer(change, status="Accepted")
    # What was reported stays what is shown, until the charger says otherwise.
    assert known_value(charger.pk, "HeartbeatInterval") == "1"
    assert sweep.sweep_readings() == 0
    settle(charger)
    command = ask(charger)
    assert command.payload == {"key": ["HeartbeatInterval"]}
    answer(command, configurationKey=entries("HeartbeatInterval", value="60"))
    assert known_value(charger.pk, "HeartbeatInterval") == "60"
    assert state(charger).state == "read"


@pytest.mark.parametrize("status", ["Rejected", "NotSupported", "RebootRequired"])
def test_other_answers_to_a_change_are_kept_verbatim_and_not_read_back(charger, status):
    answer(ask(charger), configurationKey=WHOLE)
    change = change_configuration(charger, key="HeartbeatInterval", value="60", actor="ana")
    asked(charger, "ChangeConfiguration")
    assert answer(change, status=status).response_status == status
    settle(charger)
    assert sweep.sweep_readings() == 0


def test_change_that_needs_a_restart_is_read_after_it(charger):
    answer(ask(charger), configurationKey=WHOLE)
    change = change_configuration(charger, key="HeartbeatInterval", value="60", actor="ana")
    asked(charger, "ChangeConfiguration")
    answer(change, status="RebootRequired")
    earlier = clock.now() - timedelta(minutes=30)
    Command.objects.filter(pk=change.pk).update(answered_at=earlier)
    ConfigurationReading.objects.update(read_at=earlier - timedelta(minutes=5))
    assert sweep.sweep_readings() == 0
    charger.booted_at = clock.now() - timedelta(minutes=10)
    charger.save()
    assert ask(charger).payload == {}


@pytest.mark.proves("client 6")
def test_ruinous_value_is_refused_unless_somebody_insists(charger):
    with pytest.raises(InvalidError) as caught:
        change_configuration(charger, key="HeartbeatInterval", value="abc", actor="ana")
    assert caught.value.field == "value"
    assert silent(charger)
    change_configuration(charger, key="HeartbeatInterval", value="abc", actor="ana", insist=True)
    assert asked(charger, "ChangeConfiguration").payload["value"] == "abc"
    with pytest.raises(InvalidError):
        change_configuration(charger, key="AuthorizationKey", value="x", actor="ana", insist=True)


def test_lost_follower_is_made_up_for(charger, monkeypatch):
    command = ask(charger)
    monkeypatch.setattr("chargers.services.outcomes.FOLLOWERS", {})
    answer(command, configurationKey=WHOLE)
    assert state(charger).state == "asked"
    sweep.sweep_readings()
    assert state(charger).state == "read"


def test_wanted_vendor_key_that_a_whole_answer_lacks_is_asked_by_name(charger):
    template = ConfigurationTemplate.objects.create(name="T", vendor_pattern="volt*")
    template.keys.create(key="VendorLed", value="green")
    answer(ask(charger), configurationKey=WHOLE)
    command = asked(charger, "GetConfiguration")
    assert command.payload == {"key": ["VendorLed"]}
    answer(command, unknownKey=["VendorLed"])
    assert state(charger).state == "read"


def test_charger_whose_keys_were_only_read_back_is_still_read_whole(db):
    charger = make_online(firmware_version="")
    request_reading(charger, keys=["A"])
    answer(ask(charger), configurationKey=entries("A"))
    assert ask(charger).payload == {}
    answer(charger.commands.latest("created_at"), configurationKey=WHOLE)
    assert sweep.sweep_readings() == 0


def test_password_is_never_asked_for(charger):
    assert request_reading(charger, keys=["AuthorizationKey"]) is None
    assert not ConfigurationReading.objects.exists()


def test_request_joins_what_is_due(charger):
    request_reading(charger, keys=["A"], delay_s=60)
    request_reading(charger, keys=["a", "B"])
    settle(charger)
    assert ask(charger).payload == {"key": ["A", "B"]}
