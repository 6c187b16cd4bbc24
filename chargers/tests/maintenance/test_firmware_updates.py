"""One charger's update: forms, fallbacks, notices in any order, and the boot that proves."""

from datetime import timedelta

import pytest

from chargers.models import ChargingSession, FirmwareUpdate, UpdateStatus
from chargers.services.firmware import sweep
from chargers.services.firmware.asking import update_firmware
from chargers.services.firmware.links import find_download
from chargers.store.work import FirmwareReport
from chargers.tests.factories import make_token, send_one, start
from chargers.tests.maintenance.parts import (
    CERTIFICATE,
    SIGNED,
    answer,
    asked,
    boots,
    expire,
    make_image,
    make_online,
    refuse,
    silent,
    waiting,
)
from unievp.lib import clock
from unievp.lib.errors import ConflictError, RefusedError

pytestmark = pytest.mark.django_db


def begin(charger, **image):
    return update_firmware(charger, image=make_image(**image), actor="ana")


def reports(charger, *statuses, **values):
    for status in statuses:
        send_one(charger, FirmwareReport(status, **values))


def now_of(update):
    update.refresh_from_db()
    return update.status


def age(update, **delta):
    FirmwareUpdate.objects.filter(pk=update.pk).update(phase_since=clock.now() - timedelta(**delta))


def due_again(update):
    FirmwareUpdate.objects.filter(pk=update.pk).update(due_at=clock.now())


@pytest.mark.proves("UpdateFirmware", "FirmwareStatusNotification", "client 13")
def test_whole_way_of_the_unsigned_form(charger):
    update = begin(charger)
    command = asked(charger, "UpdateFirmware")
    assert set(command.payload) == {"location", "retrieveDate", "retries", "retryInterval"}
    assert command.payload["retrieveDate"].endswith("Z")
    token = command.payload["location"].split("/firmware/")[1].split("/")[0]
    assert command.payload["location"].endswith("/ac22-2.0.bin")
    assert find_download(token) == update
    answer(command)
    assert now_of(update) == UpdateStatus.ACCEPTED
    for status, phase in (
        ("Downloading", "downloading"),
        ("Downloaded", "downloaded"),
        ("Installing", "installing"),
        ("Installed", "installed"),
    ):
        reports(charger, status)
        assert (now_of(update), update.reported) == (phase, status)
    boots(charger, " 2.0 ")
    sweep.sweep_updates()
    assert now_of(update) == UpdateStatus.CONFIRMED
    assert (update.from_version, update.finished_at is not None) == ("1.0", True)
    assert find_download(token) is None


def test_charger_that_reboots_before_it_reports_installed(charger):
    update = begin(charger)
    answer(waiting(charger))
    boots(charger, "2.0")
    reports(charger, "Installed")
    assert now_of(update) == UpdateStatus.CONFIRMED


@pytest.mark.proves("client 13")
def test_charger_that_says_nothing_and_boots_with_the_version(charger):
    update = begin(charger)
    answer(waiting(charger))
    boots(charger, "2.0")
    sweep.sweep_updates()
    assert now_of(update) == UpdateStatus.CONFIRMED


def test_installed_without_the_version_is_no_success(charger):
    update = begin(charger)
    answer(waiting(charger))
    reports(charger, "Installed")
    boots(charger, "1.9")
    age(update, minutes=31)
    sweep.sweep_updates()
    assert now_of(update) == UpdateStatus.WAITING
    assert "1.9" in update.error


@pytest.mark.proves("SignedUpdateFirmware", "SignedFirmwareStatusNotification")
def test_signed_image_goes_out_signed(charger):
    update = begin(charger, **SIGNED)
    command = asked(charger, "SignedUpdateFirmware")
    assert command.payload["requestId"] == update.pk
    firmware = command.payload["firmware"]
    assert (firmware["signature"], firmware["signingCertificate"]) == ("c2lnbmF0dXJl", CERTIFICATE)
    answer(command, status="Accepted")
    reports(charger, "Downloading", "Downloaded", request_id=update.pk, signed=True)
    reports(charger, "SignatureVerified", signed=True)
    assert (now_of(update), update.reported) == ("downloaded", "SignatureVerified")
    reports(charger, "InstallRebooting", request_id=update.pk, signed=True)
    boots(charger, "2.0")
    reports(charger, "Installed", request_id=update.pk, signed=True)
    assert now_of(update) == UpdateStatus.CONFIRMED


@pytest.mark.proves("client 15")
@pytest.mark.parametrize("code", ["NotImplemented", "NotSupported"])
def test_charger_without_the_signed_form_gets_the_unsigned_one(charger, code):
    update = begin(charger, **SIGNED)
    refuse(asked(charger, "SignedUpdateFirmware"), code)
    answer(asked(charger, "UpdateFirmware"))
    assert now_of(update) == UpdateStatus.ACCEPTED
    assert (update.form, update.attempts) == ("UpdateFirmware", 1)
    reports(charger, "InstallationFailed")
    due_again(update)
    sweep.sweep_updates()
    # What it does not know is not tried first again.
    assert asked(charger, "UpdateFirmware")


def test_image_for_signed_use_never_goes_out_unsigned(charger):
    update = begin(charger, signed_only=True, **SIGNED)
    refuse(asked(charger, "SignedUpdateFirmware"))
    assert silent(charger)
    assert now_of(update) == UpdateStatus.FAILED
    again = update_firmware(charger, image=update.image, actor="ana")
    assert asked(charger, "SignedUpdateFirmware").payload["requestId"] == again.pk


@pytest.mark.proves("client 15")
@pytest.mark.parametrize("status", ["InvalidCertificate", "RevokedCertificate"])
def test_judged_certificate_gets_no_second_form(charger, status):
    update = begin(charger, **SIGNED)
    answer(asked(charger, "SignedUpdateFirmware"), status=status)
    assert silent(charger)
    assert (now_of(update), update.reported) == (UpdateStatus.FAILED, status)
    assert status in update.error


def test_charger_for_signed_updates_only_refuses_an_unsigned_image_clearly(charger):
    update = begin(charger)
    refuse(asked(charger, "UpdateFirmware"), "NotSupported", "signed only")
    assert now_of(update) == UpdateStatus.FAILED
    assert "signature" in update.error


def test_each_form_is_tried_once(charger):
    update = begin(charger, **SIGNED)
    refuse(asked(charger, "SignedUpdateFirmware"), "NotImplemented")
    refuse(asked(charger, "UpdateFirmware"), "NotImplemented")
    assert silent(charger)
    assert now_of(update) == UpdateStatus.FAILED


def test_unsigned_refusal_with_a_signature_at_hand_goes_signed(charger):
    first = begin(charger, **SIGNED)
    refuse(asked(charger, "SignedUpdateFirmware"), "NotImplemented")
    answer(asked(charger, "UpdateFirmware"))
    reports(charger, "InstallVerificationFailed")
    assert now_of(first) == UpdateStatus.FAILED
    # An update in between taught it the signed form; it refuses the other one (L01.FR.20).
    second = update_firmware(charger, image=first.image, actor="ana")
    refuse(asked(charger, "UpdateFirmware"), "NotSupported")
    answer(asked(charger, "SignedUpdateFirmware"), status="Accepted")
    assert (now_of(second), second.form) == ("accepted", "SignedUpdateFirmware")


@pytest.mark.parametrize(
    ("status", "again"),
    [
        ("DownloadFailed", True),
        ("InstallationFailed", True),
        ("InstallVerificationFailed", False),
        ("InvalidSignature", False),
        ("RevokedCertificate", False),
    ],
)
def test_reported_failure_is_tried_again_where_that_could_help(charger, status, again):
    update = begin(charger)
    answer(waiting(charger))
    reports(charger, status)
    assert now_of(update) == (UpdateStatus.WAITING if again else UpdateStatus.FAILED)
    assert status in update.error
    if again:
        assert update.due_at > clock.now()
        due_again(update)
        sweep.sweep_updates()
        answer(waiting(charger))
        reports(charger, status)
        assert now_of(update) == UpdateStatus.FAILED


def test_unknown_words_are_kept_and_move_nothing(charger):
    update = begin(charger)
    answer(waiting(charger))
    reports(charger, "Downloading", "Idle", "VerifyingSomething", "")
    assert (now_of(update), update.reported) == ("downloading", "")
    reports(charger, "Installing", "Downloading")
    assert (now_of(update), update.reported) == ("installing", "Downloading")


def test_notice_of_another_request_or_of_none_moves_nothing(charger):
    update = begin(charger, **SIGNED)
    answer(waiting(charger), status="Accepted")
    reports(charger, "Installed", request_id=update.pk + 1, signed=True)
    assert now_of(update) == UpdateStatus.ACCEPTED
    reports(make_online(), "Installed", request_id=update.pk, signed=True)
    assert now_of(update) == UpdateStatus.ACCEPTED


def test_running_session_is_waited_for(charger):
    token = make_token()
    send_one(charger, start(token.token))
    update = begin(charger)
    assert silent(charger)
    sweep.sweep_updates()
    assert (now_of(update), silent(charger)) == (UpdateStatus.WAITING, True)
    ChargingSession.objects.update(status="ended", ended_at=clock.now())
    sweep.sweep_updates()
    assert now_of(update) == UpdateStatus.ASKED


def test_absent_charger_is_asked_when_it_is_back_and_left_out_after_a_day(charger):
    charger.presence.online = False
    charger.presence.save()
    update = begin(charger)
    assert silent(charger)
    charger.presence.online = True
    charger.presence.save()
    sweep.sweep_updates()
    assert now_of(update) == UpdateStatus.ASKED
    other = make_online(online=False)
    late = update_firmware(other, image=update.image, actor="ana")
    FirmwareUpdate.objects.filter(pk=late.pk).update(created_at=clock.now() - timedelta(hours=25))
    sweep.sweep_updates()
    assert now_of(late) == UpdateStatus.SKIPPED


def test_command_that_never_left_is_no_attempt(charger):
    update = begin(charger)
    expire(waiting(charger))
    assert (now_of(update), update.attempts) == (UpdateStatus.WAITING, 0)


@pytest.mark.parametrize(
    ("status", "hours"), [("asked", 1), ("accepted", 4), ("downloading", 4), ("installing", 2)]
)
def test_phase_that_does_not_end_is_ended(charger, status, hours):
    update = begin(charger)
    command = waiting(charger)
    if status == "asked":
        refuse(command, "")  # the connection broke: no word from the charger
    else:
        answer(command)
        FirmwareUpdate.objects.update(status=status)
    sweep.sweep_updates()
    assert now_of(update) == status
    age(update, hours=hours)
    sweep.sweep_updates()
    assert now_of(update) == UpdateStatus.WAITING
    assert update.error


def test_given_up_charger_that_comes_back_with_the_version_counts(charger):
    update = begin(charger)
    answer(waiting(charger))
    reports(charger, "InvalidSignature")
    assert now_of(update) == UpdateStatus.FAILED
    boots(charger, "2.0")
    sweep.sweep_updates()
    assert now_of(update) == UpdateStatus.CONFIRMED


def test_lost_follower_is_made_up_for(charger, monkeypatch):
    update = begin(charger)
    monkeypatch.setattr("chargers.services.outcomes.FOLLOWERS", {})
    answer(waiting(charger))
    assert now_of(update) == UpdateStatus.ASKED
    sweep.sweep_updates()
    assert now_of(update) == UpdateStatus.ACCEPTED


def test_one_update_of_a_charger_at_a_time(charger):
    update = begin(charger)
    with pytest.raises(ConflictError):
        update_firmware(charger, image=update.image, actor="ana")


def test_image_for_other_makes_is_refused(charger):
    with pytest.raises(RefusedError):
        begin(charger, vendor_pattern="Else")


def test_charger_that_runs_the_version_already_is_not_asked(charger):
    update = begin(charger, version="1.0")
    assert (now_of(update), silent(charger)) == (UpdateStatus.CONFIRMED, True)


def test_outside_address_is_told_as_it_is(charger):
    begin(charger, content=None)
    assert waiting(charger).payload["location"] == "https://vendor.example/fw.bin"
