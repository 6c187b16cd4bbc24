"""Local lists without a socket: work that is cut off, limits, what staff do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from chargers.models import Command, ConfigurationKey, IdToken, LocalList, Presence
from chargers.services import outcomes
from chargers.services.commands import claim_next, queue_command
from chargers.services.id_tokens import managing
from chargers.services.local_lists import switching
from chargers.services.local_lists.sending import advance
from chargers.services.local_lists.sweep import sweep_lists, sync_lists
from chargers.tests.factories import make_charger, make_token
from cpo.models import AuditEntry, User
from unievp.lib import clock
from unievp.lib.errors import ConflictError

pytestmark = pytest.mark.django_db

ACCEPTED = {"status": "Accepted"}


@pytest.fixture
def charger():
    charger = make_charger(identity="CP-A")
    Presence.objects.create(charger=charger, online=True)
    return charger


@pytest.fixture
def staff(client, settings):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    user = User.objects.create_superuser("root", "root@staff.example")
    client.force_login(user)
    return client


def keep(charger):
    return switching.keep_list(charger, actor="ops")


def answer(charger, response):
    """The charger answers the command that waits; what was asked: (action, payload)."""
    command = claim_next(charger.pk)
    assert outcomes.mark_answered(command.pk, response=response)
    return command.action, command.payload


def sent(charger, response=ACCEPTED):
    action, payload = answer(charger, response)
    assert action == "SendLocalList"
    tags = [entry["idTag"] for entry in payload["localAuthorizationList"]]
    return payload["updateType"], payload["listVersion"], tags


def fresh(row):
    return LocalList.objects.get(pk=row.pk)


def waiting(charger):
    return list(
        Command.objects.filter(charger=charger, status="queued").values_list("action", flat=True)
    )


def now_due(row):
    LocalList.objects.filter(pk=row.pk, state="due").update(due_at=clock.now())


def filled(charger, *tags, limit=None):
    """A kept list that holds `tags`."""
    if limit:
        ConfigurationKey.objects.create(
            charger=charger, key="SendLocalListMaxLength", value=str(limit), read_at=clock.now()
        )
    for tag in tags:
        make_token(tag, cpo=charger.cpo)
    row = keep(charger)
    answer(charger, {"listVersion": 0})
    while waiting(charger):
        sent(charger)
    assert fresh(row).state == "current"
    return fresh(row)


def test_list_is_kept_only_where_it_was_switched_on(charger):
    make_token("A1", cpo=charger.cpo)
    assert sync_lists(charger.cpo_id) == sweep_lists() == 0
    row = keep(charger)
    assert keep(charger).pk == row.pk
    assert waiting(charger) == ["GetLocalListVersion"]
    assert AuditEntry.objects.filter(action="local_list.keep").count() == 1


def test_only_tokens_that_are_good_there_without_us_are_listed(charger):
    now = clock.now()
    other = make_charger(cpo=charger.cpo)
    for tag, values in {
        "MINE": {},
        "BLOCKED": {"status": "blocked", "group": "G"},
        "OLD": {"expires_at": now},
        "HERE": {"charger": charger},
        "PAID": {"charger": charger, "expires_at": now + timedelta(hours=1)},
        "THERE": {"charger": other},
    }.items():
        make_token(tag, cpo=charger.cpo, **values)
    make_token("PLATFORM")
    make_token("RIVAL", cpo=make_charger().cpo)
    until = (now + timedelta(days=1)).replace(microsecond=0)
    make_token("SOON", cpo=charger.cpo, expires_at=until)
    keep(charger)
    answer(charger, {"listVersion": 0})
    _action, payload = answer(charger, ACCEPTED)
    assert payload["localAuthorizationList"] == [
        {"idTag": "MINE", "idTagInfo": {"status": "Accepted"}},
        {"idTag": "HERE", "idTagInfo": {"status": "Accepted"}},
        {
            "idTag": "SOON",
            "idTagInfo": {"status": "Accepted", "expiryDate": clock.isoformat_z(until)},
        },
        {"idTag": "BLOCKED", "idTagInfo": {"status": "Blocked", "parentIdTag": "G"}},
    ]


def test_work_cut_off_between_two_parts_goes_on_where_it_was(charger):
    for n in range(5):
        make_token(f"A{n}", cpo=charger.cpo)
    row = keep(charger)
    ConfigurationKey.objects.create(
        charger=charger, key="SendLocalListMaxLength", value="2", read_at=clock.now()
    )
    answer(charger, {"listVersion": 0})
    assert sent(charger) == ("Full", 1, ["A0", "A1"])
    Command.objects.filter(status="queued").update(deadline_at=clock.now())
    assert outcomes.expire_commands() == 1
    cut = fresh(row)
    assert (cut.state, cut.error) == ("due", "It could not be sent in time")
    assert (cut.held_version, cut.whole) == (1, False)
    now_due(row)
    assert sweep_lists() == 1
    assert sent(charger) == ("Differential", 3, ["A2", "A3"])
    assert sent(charger) == ("Differential", 4, ["A4"])
    assert (fresh(row).state, fresh(row).error) == ("current", "")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (3, None),  # it was applied
        (2, ("Differential", 4, ["B1"])),  # it was not
        (0, ("Full", 4, ["A1", "A2", "B1"])),  # it lost its memory
    ],
)
def test_part_without_an_answer_is_settled_by_the_version(charger, told, expected):
    row = filled(charger, "A1", "A2", limit=1)
    assert row.held_version == 2
    ConfigurationKey.objects.all().delete()
    managing.create_token(charger.cpo, token="B1", actor="ops")
    assert sync_lists(charger.cpo_id) == 1
    command = claim_next(charger.pk)
    assert command.payload["listVersion"] == 3
    assert outcomes.mark_timed_out(command.pk)
    assert fresh(row).unsure_id == command.pk
    now_due(row)
    assert sweep_lists() == 1
    assert answer(charger, {"listVersion": told}) == ("GetLocalListVersion", {})
    if expected is not None:
        assert sent(charger) == expected
    assert waiting(charger) == []
    done = fresh(row)
    assert (done.state, set(done.held)) == ("current", {"a1", "a2", "b1"})


def test_late_answer_counts_and_is_not_sent_twice(charger):
    row = filled(charger, "A1")
    managing.create_token(charger.cpo, token="B1", actor="ops")
    sync_lists(charger.cpo_id)
    command = claim_next(charger.pk)
    outcomes.mark_timed_out(command.pk)
    assert outcomes.mark_answered(command.pk, response=ACCEPTED)
    assert (fresh(row).unsure_id, set(fresh(row).held)) == (None, {"a1", "b1"})
    now_due(row)
    assert sweep_lists() == 0
    assert fresh(row).state == "current"


def test_never_two_requests_of_a_charger_at_once(charger):
    row = filled(charger, "A1")
    managing.create_token(charger.cpo, token="B1", actor="ops")
    assert sync_lists(charger.cpo_id) == 1
    assert sync_lists(charger.cpo_id) == sweep_lists() == 0
    assert not advance(row.pk)
    with pytest.raises(ConflictError):
        switching.send_whole_list(row, actor="ops")
    assert waiting(charger) == ["SendLocalList"]
    with pytest.raises(IntegrityError), transaction.atomic():
        LocalList.objects.create(charger=charger)


def test_tokens_that_change_while_a_part_is_under_way_come_with_the_next(charger):
    filled(charger, "A1")
    managing.create_token(charger.cpo, token="B1", actor="ops")
    sync_lists(charger.cpo_id)
    managing.create_token(charger.cpo, token="B2", actor="ops")
    sync_lists(charger.cpo_id)
    assert sent(charger) == ("Differential", 2, ["B1"])
    assert sent(charger) == ("Differential", 3, ["B2"])


def test_change_that_nobody_told_of_is_found_within_the_hour(charger):
    row = filled(charger, "A1")
    IdToken.objects.all().delete()
    assert sweep_lists() == 0
    LocalList.objects.update(compared_at=clock.now() - timedelta(minutes=61))
    assert sweep_lists() == 1
    assert sent(charger) == ("Differential", 2, ["A1"])
    assert fresh(row).held == {}


def test_charger_that_restarted_is_asked_whether_it_still_holds_the_list(charger):
    row = filled(charger, "A1")
    charger.booted_at = clock.now() + timedelta(seconds=1)
    charger.save()
    assert sweep_lists() == 1
    answer(charger, {"listVersion": 0})
    LocalList.objects.update(reported_at=charger.booted_at)
    assert sent(charger) == ("Full", 2, ["A1"])
    assert (fresh(row).state, fresh(row).held_version) == ("current", 2)
    assert sweep_lists() == 0


def test_offline_and_unaccepted_chargers_are_left_alone(charger):
    filled(charger, "A1")
    managing.create_token(charger.cpo, token="B1", actor="ops")
    Presence.objects.update(online=False)
    assert sync_lists(charger.cpo_id) == sweep_lists() == 0
    Presence.objects.update(online=True)
    type(charger).objects.update(registration="Pending")
    assert sweep_lists() == 0
    type(charger).objects.update(registration="Accepted")
    assert sweep_lists() == 1


def test_answer_that_nothing_followed_from_is_followed_by_the_sweep(charger, monkeypatch):
    row = filled(charger, "A1")
    managing.create_token(charger.cpo, token="B1", actor="ops")
    sync_lists(charger.cpo_id)
    monkeypatch.setattr(outcomes, "FOLLOWERS", {})
    sent(charger)
    assert fresh(row).state == "asked"
    assert sweep_lists() == 0
    assert (fresh(row).state, set(fresh(row).held)) == ("current", {"a1", "b1"})


def test_list_whose_command_was_forgotten_begins_again(charger):
    row = filled(charger, "A1")
    managing.create_token(charger.cpo, token="B1", actor="ops")
    sync_lists(charger.cpo_id)
    Command.objects.all().delete()
    assert sweep_lists() == 1
    answer(charger, {"listVersion": 1})
    assert sent(charger)[0] == "Full"
    assert fresh(row).state == "current"


def test_list_that_staff_sent_by_hand_is_replaced(charger):
    row = filled(charger, "A1")
    payload = {"listVersion": 9, "localAuthorizationList": [], "updateType": "Full"}
    queue_command(charger, action="SendLocalList", payload=payload, actor="ops")
    answer(charger, ACCEPTED)
    assert (fresh(row).state, fresh(row).whole) == ("due", True)
    assert sweep_lists() == 1
    assert sent(charger, {"status": "VersionMismatch"})[0] == "Full"
    now_due(row)
    assert sweep_lists() == 1
    answer(charger, {"listVersion": 9})
    assert sent(charger) == ("Full", 10, ["A1"])


def test_errors_are_retried_less_and_less_often_and_told_in_words(charger):
    make_token("A1", cpo=charger.cpo)
    row = keep(charger)
    for minutes in (1, 2, 4):
        command = claim_next(charger.pk)
        outcomes.mark_failed(command.pk, error="InternalError: no room")
        failed = fresh(row)
        assert failed.error == "The charger answered with an error: InternalError: no room"
        left = failed.due_at - clock.now()
        assert timedelta(minutes=minutes - 0.5) < left <= timedelta(minutes=minutes)
        now_due(row)
        assert sweep_lists() == 1
    command = claim_next(charger.pk)
    outcomes.mark_failed(command.pk, error="NotSupported: no such profile")
    assert (fresh(row).state, fresh(row).error) == (
        "unsupported",
        "The charger does not support local lists",
    )
    assert sync_lists(charger.cpo_id) == sweep_lists() == 0


def test_charger_that_learned_lists_gets_one(charger):
    row = keep(charger)
    answer(charger, {"listVersion": -1})
    assert fresh(row).state == "unsupported"
    switching.ask_version(charger, actor="ops")
    answer(charger, {"listVersion": -1})
    assert fresh(row).state == "unsupported"
    switching.ask_version(charger, actor="ops")
    answer(charger, {"listVersion": 0})
    assert sweep_lists() == 1
    assert sent(charger) == ("Full", 1, [])
    assert fresh(row).state == "current"


def test_dropping_empties_the_list_and_an_unsupported_one_is_simply_off(charger):
    row = filled(charger, "A1")
    switching.drop_list(charger, actor="ops")
    assert sent(charger) == ("Full", 2, [])
    assert (fresh(row).state, fresh(row).kept) == ("off", False)
    with pytest.raises(ConflictError):
        switching.send_whole_list(row, actor="ops")
    keep(charger)
    assert sent(charger, {"status": "NotSupported"})[0] == "Full"
    switching.drop_list(charger, actor="ops")
    assert (fresh(row).state, waiting(charger)) == ("off", [])


def test_version_is_kept_of_a_charger_whose_list_is_not(charger):
    switching.ask_version(charger, actor="ops")
    answer(charger, {"listVersion": 4})
    row = LocalList.objects.get()
    assert (row.reported_version, row.state, row.kept) == (4, "off", False)
    switching.ask_version(charger, actor="ops")
    answer(charger, {"listVersion": -1})
    assert fresh(row).state == "off"


def test_numbers_begin_again_where_they_ran_out(charger):
    row = filled(charger, "A1")
    LocalList.objects.update(sent_version=2**31 - 1)
    switching.send_whole_list(row, actor="ops")
    assert sent(charger) == ("Full", 1, ["A1"])


def test_pages_keep_send_ask_and_clear(charger, staff):
    def press(model, name, pk):
        return staff.post(reverse(f"admin:chargers_{model}_{name}", args=(pk,)))

    assert press("charger", "local_list", charger.pk).status_code == 302
    row = LocalList.objects.get()
    answer(charger, {"listVersion": 0})
    busy = press("locallist", "send_whole", row.pk)
    assert "Try again when it has answered" in busy.content.decode()
    sent(charger, {"status": "Failed"})
    page = staff.get(reverse("admin:chargers_locallist_change", args=(row.pk,)))
    assert "The charger could not store the list" in page.content.decode()
    assert press("locallist", "send_whole", row.pk).status_code == 302
    sent(charger)
    assert press("locallist", "ask_version", row.pk).status_code == 302
    assert waiting(charger) == ["GetLocalListVersion"]
    answer(charger, {"listVersion": fresh(row).held_version})
    assert press("locallist", "drop", row.pk).status_code == 302
    sent(charger)
    assert press("locallist", "keep", row.pk).status_code == 302
    assert fresh(row).kept
    sent(charger)
    cleared = press("charger", "clear_cache", charger.pk)
    command = Command.objects.get(action="ClearCache")
    assert cleared.url == reverse("admin:chargers_command_change", args=(command.pk,))
    answer(charger, {"status": "Rejected"})
    assert "Rejected" in staff.get(cleared.url).content.decode()
