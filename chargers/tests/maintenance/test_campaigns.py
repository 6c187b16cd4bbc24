"""Campaigns: canaries, waves, gates, and people who pause, resume and abort."""

from datetime import timedelta

import pytest

from chargers.models import FirmwareCampaign, FirmwareUpdate, UpdateStatus
from chargers.services.firmware import sweep
from chargers.services.firmware.asking import ask_charger
from chargers.services.firmware.campaigns import (
    abort_campaign,
    add_chargers,
    fitting_chargers,
    pause_campaign,
    resume_campaign,
    retry_failed,
    start_campaign,
    wave_of,
)
from chargers.tests.maintenance.parts import (
    answer,
    boots,
    make_image,
    make_online,
    refuse,
    silent,
    waiting,
)
from cpo.models import AuditEntry
from unievp.lib import clock
from unievp.lib.errors import ConflictError, RefusedError

pytestmark = pytest.mark.django_db


@pytest.fixture
def fleet(db):
    return [make_online() for _ in range(5)]


def campaign_of(chargers, **values):
    values = {"canaries": 1, "wave_percent": 50, "soak_minutes": 60, "attempts": 1, **values}
    campaign = FirmwareCampaign.objects.create(
        image=values.pop("image", None) or make_image(), name="Spring", **values
    )
    add_chargers(campaign, chargers=chargers, actor="ana")
    start_campaign(campaign, actor="ana")
    campaign.refresh_from_db()
    return campaign


def asked_of(campaign):
    return [row.charger for row in campaign.updates.filter(status="asked").order_by("pk")]


def succeed(charger):
    answer(waiting(charger))
    boots(charger, "2.0")


def soak(campaign):
    FirmwareCampaign.objects.filter(pk=campaign.pk).update(
        wave_through_at=clock.now() - timedelta(minutes=61)
    )


def run(campaign):
    sweep.sweep_updates()
    sweep.advance_campaigns()
    campaign.refresh_from_db()
    return campaign


def test_waves_are_canaries_and_equal_shares():
    campaign = FirmwareCampaign(canaries=2, wave_percent=25)
    assert [wave_of(n, 10, campaign) for n in range(10)] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert [wave_of(n, 3, campaign) for n in range(3)] == [0, 0, 1]


@pytest.mark.proves("UpdateFirmware")
def test_wave_after_wave_behind_its_gate(fleet):
    campaign = campaign_of(fleet)
    run(campaign)
    (canary,) = asked_of(campaign)
    assert run(campaign).wave == 0
    succeed(canary)
    assert (run(campaign).wave, campaign.wave_through_at is not None) == (0, True)
    run(campaign)
    assert campaign.wave == 0, "the soak time is not over"
    soak(campaign)
    assert run(campaign).wave == 1
    run(campaign)
    second = asked_of(campaign)
    assert len(second) == 2
    for charger in second:
        succeed(charger)
    run(campaign)
    soak(campaign)
    run(campaign)
    run(campaign)
    for charger in asked_of(campaign):
        succeed(charger)
    assert run(campaign).status == "finished"
    assert campaign.updates.filter(status=UpdateStatus.CONFIRMED).count() == 5


def test_failed_canary_halts_and_a_person_may_go_on(fleet):
    campaign = campaign_of(fleet)
    run(campaign)
    (canary,) = asked_of(campaign)
    answer(waiting(canary), status="Rejected")
    assert run(campaign).status == "paused"
    assert "0 of 1" in campaign.halted_because
    assert run(campaign).status == "paused"
    resume_campaign(campaign, actor="ana")
    soak(campaign)
    FirmwareCampaign.objects.update(resumed_at=clock.now())
    assert run(campaign).wave == 1
    entry = AuditEntry.objects.get(action="firmware_campaign.resume")
    assert "0 of 1" in entry.after["despite"]


def test_too_many_failures_halt_in_the_middle_of_a_wave(fleet):
    campaign = campaign_of(fleet, canaries=5, stop_at_failures=2, parallel=3)
    run(campaign)
    begun = asked_of(campaign)
    assert len(begun) == 3
    for charger in begun[:2]:
        refuse(waiting(charger), "InternalError")
    assert run(campaign).status == "paused"
    assert campaign.halted_because == "2 chargers failed."
    assert campaign.updates.filter(status="waiting").count() == 2


def test_pause_asks_nobody_and_follows_who_was_asked(fleet):
    campaign = campaign_of(fleet, canaries=2, parallel=1)
    run(campaign)
    (first,) = asked_of(campaign)
    pause_campaign(campaign, actor="ana")
    succeed(first)
    run(campaign)
    assert campaign.updates.get(charger=first).status == UpdateStatus.CONFIRMED
    assert asked_of(campaign) == []
    resume_campaign(campaign, actor="ana")
    run(campaign)
    assert len(asked_of(campaign)) == 1


def test_paused_between_choice_and_question_nobody_is_asked(fleet):
    campaign = campaign_of(fleet)
    pause_campaign(campaign, actor="ana")
    assert not ask_charger(campaign.updates.get(wave=0).pk)


def test_retired_charger_is_left_out(fleet):
    campaign = campaign_of(fleet[:1])
    fleet[0].retired_at = clock.now()
    fleet[0].save()
    run(campaign)
    assert campaign.updates.get().status == UpdateStatus.SKIPPED


def test_abort_calls_back_what_was_not_sent(fleet):
    campaign = campaign_of(fleet, canaries=3, parallel=2)
    run(campaign)
    sent, queued = asked_of(campaign)
    command = waiting(sent)
    abort_campaign(campaign, actor="ana", reason="Recall")
    assert silent(queued)
    answer(command)
    boots(sent, "2.0")
    run(campaign)
    assert campaign.status == "aborted"
    assert set(campaign.updates.values_list("charger", "status")) == {
        (sent.pk, "confirmed"),
        *((charger.pk, "cancelled") for charger in fleet if charger != sent),
    }
    with pytest.raises(ConflictError):
        resume_campaign(campaign, actor="ana")


def test_absent_chargers_are_left_out_and_a_wave_of_none_is_no_proof(db):
    away = [make_online(online=False) for _ in range(2)]
    campaign = campaign_of(away, canaries=1)
    run(campaign)
    FirmwareCampaign.objects.update(wave_since=clock.now() - timedelta(hours=25))
    assert run(campaign).status == "paused"
    assert "No charger" in campaign.halted_because
    assert campaign.updates.filter(status="skipped", wave=0).count() == 1


def test_online_chargers_are_the_canaries(db):
    make_online(online=False)
    there = make_online()
    campaign = campaign_of(fitting_chargers(FirmwareCampaign(image=make_image())), canaries=1)
    assert campaign.updates.get(wave=0).charger == there


def test_nothing_begins_before_its_time(fleet):
    campaign = campaign_of(fleet, not_before=clock.now() + timedelta(hours=1))
    run(campaign)
    assert asked_of(campaign) == []


def test_failed_chargers_wait_again(fleet):
    campaign = campaign_of(fleet, canaries=1)
    run(campaign)
    (canary,) = asked_of(campaign)
    refuse(waiting(canary), "InternalError")
    run(campaign)
    assert retry_failed(campaign, actor="ana") == 1
    resume_campaign(campaign, actor="ana")
    run(campaign)
    assert asked_of(campaign) == [canary]


def test_fitting_chargers_are_of_the_make_and_not_up_to_date(db):
    fits = make_online()
    make_online(firmware_version="2.0")
    make_online(vendor="Else")
    make_online(retired_at=clock.now())
    campaign = FirmwareCampaign(image=make_image())
    assert fitting_chargers(campaign) == [fits]
    assert fitting_chargers(FirmwareCampaign(image=campaign.image, cpo=fits.cpo)) == [fits]


def test_charger_of_another_cpo_or_make_is_refused(fleet):
    campaign = FirmwareCampaign.objects.create(image=make_image(), name="Own", cpo=fleet[0].cpo)
    with pytest.raises(RefusedError):
        add_chargers(campaign, chargers=[fleet[1]], actor="ana")
    with pytest.raises(RefusedError):
        add_chargers(campaign, chargers=[make_online(vendor="Else")], actor="ana")
    with pytest.raises(RefusedError):
        start_campaign(campaign, actor="ana")
    assert add_chargers(campaign, chargers=[fleet[0]], actor="ana") == 1
    assert add_chargers(campaign, chargers=[fleet[0]], actor="ana") == 0
    start_campaign(campaign, actor="ana")
    with pytest.raises(ConflictError):
        add_chargers(campaign, chargers=[fleet[0]], actor="ana")
    with pytest.raises(ConflictError):
        start_campaign(campaign, actor="ana")


def test_two_campaigns_do_not_work_on_one_charger(charger):
    first = campaign_of([charger])
    second = campaign_of([charger])
    run(first)
    run(second)
    assert FirmwareUpdate.objects.filter(status="asked").count() == 1
