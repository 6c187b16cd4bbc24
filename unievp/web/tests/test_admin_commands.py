"""Staff choose a command, fill in its form or write JSON, and see the charger's own words."""

from __future__ import annotations

import pytest
from django.urls import reverse

from chargers.admin.command_forms import AS_IT_IS, COMMANDS
from chargers.models import Charger, Command, CommandStatus, ConfigurationKey
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
    return make_row(Charger)


def command_url(charger, action=""):
    args = (charger.pk, action) if action else (charger.pk,)
    return reverse("admin:chargers_charger_command", args=args)


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
    client.post(command_url(charger, "GetLocalListVersion"))
    assert Command.objects.get().action == "GetLocalListVersion"


@pytest.mark.parametrize("action", [*COMMANDS, AS_IT_IS])
def test_every_form_opens(action, client, root, charger):
    response = client.get(command_url(charger, action))
    assert response.status_code == 200
    assert b'method="post"' in response.content


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
