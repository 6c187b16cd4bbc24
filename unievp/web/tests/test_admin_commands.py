"""Staff choose a command, fill in its form or write JSON, and see the charger's own words."""

from __future__ import annotations

import html
import json
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from chargers.admin.command_forms import AS_IT_IS, COMMANDS, CommandForm
from chargers.models import Charger, Command, CommandStatus, ConfigurationKey
from chargers.ocpp.tests.outgoing import CASES
from chargers.tests.factories import make_charger
from cpo.models import User
from unievp.lib import clock
from unievp.web.tests.rows import make_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(client):
    user = User.objects.create_superuser("root", "root@staff.example")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["django_language"] = "en"
    return user


@pytest.fixture
def charger():
    return make_charger(connectors=0, tariff=False)


def command_url(charger, action=""):
    args = (charger.pk, action) if action else (charger.pk,)
    return reverse("admin:chargers_charger_command", args=args)


def insisting(response):
    """The button below the warning."""
    return {response.context["insist"]: response.context["insisted_on"]}


def test_all_commands_can_be_chosen_by_profile(client, root, charger):
    page = client.get(command_url(charger)).content.decode()
    for action in (*COMMANDS, AS_IT_IS):
        assert command_url(charger, action) in page
    assert "The charger has it" not in page


def test_what_the_charger_lists_is_a_hint_and_no_barrier(client, root, charger):
    ConfigurationKey.objects.create(
        charger=charger,
        key="SupportedFeatureProfiles",
        value="Core, firmwaremanagement",
        read_at=clock.now(),
    )
    groups = client.get(command_url(charger)).context["groups"]
    assert {group.name: group.listed for group in groups} == {
        "Core": True,
        "Firmware management": True,
        "Local list": False,
        "Reservation": False,
        "Smart charging": False,
        "Remote trigger": False,
        "Security": None,
    }
    url = command_url(charger, "GetLocalListVersion")
    warned = client.post(url)
    assert "LocalAuthListManagement" in warned.content.decode()
    assert not Command.objects.exists()
    client.post(url, insisting(warned))
    assert Command.objects.get().action == "GetLocalListVersion"


@pytest.mark.parametrize("action", [*COMMANDS, AS_IT_IS])
def test_every_form_opens_with_a_name_for_every_field(action, client, root, charger):
    response = client.get(command_url(charger, action))
    assert response.status_code == 200
    page = response.content.decode()
    assert 'method="post"' in page
    for field in response.context["form"]:
        assert f'name="{field.html_name}"' in page
        assert f'for="{field.id_for_label}"' in page or "aria-label" in page
        assert field.label


@pytest.mark.parametrize("action", COMMANDS)
def test_what_is_typed_is_queued_exactly_also_where_we_expect_a_refusal(
    action, client, root, charger
):
    case = CASES[action]
    url = command_url(charger, action)
    response = client.post(url, case.typed)
    if response.status_code == 200:
        assert response.context["form"].errors == {}
        assert response.context["doubts"]
        assert not Command.objects.exists()
        response = client.post(url, case.typed | insisting(response))
    command = Command.objects.get()
    assert response.status_code == 302
    assert response["Location"].endswith(f"/{command.pk}/change/")
    assert (command.action, command.payload) == (action, json.loads(case.wire))
    assert (command.requested_by, command.status) == (root, CommandStatus.QUEUED)


# By action: what is typed wrongly, and the field that says so. The two others have no fields.
WRONG = {
    "RemoteStartTransaction": ({"idTag": "T" * 21}, "idTag"),
    "RemoteStopTransaction": ({"transactionId": "the first"}, "transactionId"),
    "Reset": ({"type": "Gentle"}, "type"),
    "ChangeAvailability": ({"type": ""}, "type"),
    "UnlockConnector": ({"connectorId": ""}, "connectorId"),
    "GetConfiguration": ({"key": "k" * 51}, "key"),
    "ChangeConfiguration": ({"key": ""}, "key"),
    "DataTransfer": ({"vendorId": "v" * 256}, "vendorId"),
    "UpdateFirmware": ({"retrieveDate": "tomorrow"}, "retrieveDate"),
    "GetDiagnostics": ({"location": ""}, "location"),
    "SendLocalList": (
        {"localAuthorizationList.1.idTag": "T" * 21},
        "localAuthorizationList.1.idTag",
    ),
    "ReserveNow": ({"expiryDate": ""}, "expiryDate"),
    "CancelReservation": ({"reservationId": "x"}, "reservationId"),
    "SetChargingProfile": (
        {"csChargingProfiles.chargingSchedule.chargingSchedulePeriod.1.limit": ""},
        "csChargingProfiles.chargingSchedule.chargingSchedulePeriod.1.limit",
    ),
    "ClearChargingProfile": ({"stackLevel": "high"}, "stackLevel"),
    "GetCompositeSchedule": ({"duration": ""}, "duration"),
    "TriggerMessage": ({"requestedMessage": "Everything"}, "requestedMessage"),
    "ExtendedTriggerMessage": ({"requestedMessage": ""}, "requestedMessage"),
    "GetLog": ({"log.remoteLocation": ""}, "log.remoteLocation"),
    "SignedUpdateFirmware": ({"firmware.signature": ""}, "firmware.signature"),
    "CertificateSigned": ({"certificateChain": ""}, "certificateChain"),
    "InstallCertificate": ({"certificateType": "MyRoot"}, "certificateType"),
    "GetInstalledCertificateIds": ({"certificateType": ""}, "certificateType"),
    "DeleteCertificate": (
        {"certificateHashData.serialNumber": "0" * 41},
        "certificateHashData.serialNumber",
    ),
}


def test_every_command_with_fields_is_tried_with_a_wrong_one():
    assert set(COMMANDS) - set(WRONG) == {"ClearCache", "GetLocalListVersion"}


@pytest.mark.parametrize("action", WRONG)
def test_a_wrong_input_is_told_at_its_field(action):
    change, field = WRONG[action]
    form = CommandForm(CASES[action].typed | change, action=action, zone=ZoneInfo("Asia/Jakarta"))
    assert set(form.errors) == {field}


def test_a_wrong_input_is_shown_at_its_field_and_nothing_is_queued(client, root, charger):
    response = client.post(command_url(charger, "GetConfiguration"), {"key": "k" * 51})
    (message,) = response.context["form"].errors["key"]
    assert message in html.unescape(response.content.decode())
    assert not Command.objects.exists()


def test_who_changes_what_was_warned_about_is_warned_again(client, root, charger):
    url = command_url(charger, "ChangeConfiguration")
    typed = {"key": "HeartbeatInterval", "value": "abc"}
    warned = client.post(url, typed)
    page = warned.content.decode()
    assert "Send it all the same" in page
    assert "HeartbeatInterval: enter a whole number from 10 to 86400." in page
    assert not Command.objects.exists()
    other = client.post(url, typed | {"value": "xyz"} | insisting(warned))
    assert other.context["doubts"]
    assert not Command.objects.exists()
    client.post(url, typed | insisting(warned))
    assert Command.objects.get().payload == typed


def test_more_rows_queue_nothing(client, root, charger):
    data = {"localAuthorizationList.0.idTag": "TAG1", "more-rows": "1"}
    response = client.post(command_url(charger, "SendLocalList"), data)
    assert b'value="TAG1"' in response.content
    assert b"localAuthorizationList.5.idTag" in response.content
    assert not Command.objects.exists()


def test_typed_form_can_be_edited_as_json_and_sent_in_spite_of_the_schema(client, root, charger):
    response = client.post(command_url(charger, "Reset"), {"type": "Hard", AS_IT_IS: "1"})
    form = response.context["form"]
    assert form.initial["action"] == "Reset"
    data = {"action": "Reset", "payload_text": '{"type": "Now", "delay": 3}'}
    refused = client.post(command_url(charger, AS_IT_IS), data)
    assert "payload_text" in refused.context["form"].errors
    assert not Command.objects.exists()
    client.post(command_url(charger, AS_IT_IS), data | {"insist": "on"})
    command = Command.objects.get()
    assert (command.action, command.payload) == ("Reset", {"type": "Now", "delay": 3})
    assert command.requested_by == root


def test_a_retired_charger_is_told_at_the_form(client, root, charger):
    Charger.objects.filter(pk=charger.pk).update(retired_at=clock.now())
    response = client.post(command_url(charger, "ClearCache"))
    assert "This charger is retired." in response.content.decode()
    assert not Command.objects.exists()


def answered(charger, word, **values):
    now = clock.now()
    return make_row(
        Command,
        charger=charger,
        status=CommandStatus.ANSWERED,
        sent_at=now,
        answered_at=now,
        response={"status": word},
        response_status=word,
        **values,
    )


@pytest.mark.proves("pain 54")
@pytest.mark.parametrize(
    ("word", "colour"),
    [
        ("Accepted", "success"),
        ("Unlocked", "success"),
        ("Scheduled", "warning"),
        ("RebootRequired", "warning"),
        ("Rejected", "danger"),
        ("NotSupported", "danger"),
        ("Occupied", "danger"),
        ("something of its own", "danger"),
    ],
)
def test_only_what_is_done_looks_like_success(word, colour, client, root, charger):
    command = answered(charger, word)
    response = client.get(reverse("admin:chargers_command_answer", args=(command.pk,)))
    assert response.context["answer_text"] == word
    assert response.context["answer_colour"] == colour
    # "Answered" itself claims nothing.
    assert response.context["status_colour"] == ""
    assert word in response.content.decode()


def test_a_waiting_password_is_masked(client, root, charger):
    payload = {"key": "AuthorizationKey", "value": "0011223344556677"}
    command = make_row(Command, charger=charger, payload=payload)
    url = reverse("admin:chargers_command_change", args=(command.pk,))
    page = client.get(url).content.decode()
    assert "AuthorizationKey" in page
    assert "0011223344556677" not in page
