"""Configuration, firmware and logs in the admin: what staff do, and who may not."""

from __future__ import annotations

import hashlib

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from chargers.models import (
    ChargerLog,
    ConfigurationReading,
    ConfigurationRun,
    ConfigurationTemplate,
    FirmwareCampaign,
    FirmwareImage,
    FirmwareUpdate,
)
from chargers.services.configuration import sweep
from chargers.services.configuration.runs import start_run
from chargers.tests.maintenance.parts import answer, asked, make_image, make_online
from chargers.tests.maintenance.test_configuration_runs import report
from cpo.models import AuditEntry, User

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture(autouse=True)
def private_root(settings, tmp_path):
    settings.PRIVATE_ROOT = tmp_path


@pytest.fixture
def charger(db):
    return make_online()


@pytest.fixture
def root(client):
    user = User.objects.create_superuser("root", "root@staff.example")
    client.force_login(user)
    return user


@pytest.fixture
def reader(client):
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    return user


def url(name, row=None):
    return reverse(f"admin:chargers_{name}", args=(row.pk,) if row else ())


def template(**keys):
    row = ConfigurationTemplate.objects.create(name="Voltaris", vendor_pattern="volt*")
    for key, value in keys.items():
        row.keys.create(key=key, value=value)
    return row


@pytest.mark.proves("pain 55", "pain 54")
def test_charger_page_shows_reported_beside_wanted_and_sends_the_difference(client, root, charger):
    template(HeartbeatInterval="300", LightIntensity="50")
    report(charger, HeartbeatInterval="60", LightIntensity="50", Vendor="<b>x</b>")
    page = url("charger_configuration", charger)
    text = client.get(page, headers=ENGLISH).content.decode()
    assert "differs" in text
    assert "as wanted" in text
    assert "<b>x</b>" not in text
    response = client.post(page, {"apply": "1"})
    run = ConfigurationRun.objects.get()
    assert response.url == url("configurationrun_change", run)
    assert (run.requested_by, run.items.get().charger) == (root, charger)
    sweep.advance_runs()
    command = asked(charger, "ChangeConfiguration")
    assert command.payload == {"key": "HeartbeatInterval", "value": "300"}
    answer(command, status="RebootRequired")
    shown = client.get(response.url, headers=ENGLISH).content.decode()
    assert "RebootRequired" in shown
    assert "1 of 1" in shown


def test_configuration_is_read_at_a_click(client, root, charger):
    client.post(url("charger_configuration", charger), {"read": "1"})
    assert ConfigurationReading.objects.get(charger=charger).state == "due"


def test_nothing_to_send_is_said(client, root, charger):
    response = client.post(url("charger_configuration", charger), {"apply": "1"}, follow=True)
    assert response.status_code == 200
    assert not ConfigurationRun.objects.exists()


def template_form(**values):
    return {
        "name": "T",
        "policy": "manual",
        "priority": "0",
        "active": "on",
        "keys-TOTAL_FORMS": "1",
        "keys-INITIAL_FORMS": "0",
        "keys-0-key": "HeartbeatInterval",
        "keys-0-value": "300",
        **values,
    }


@pytest.mark.proves("client 6")
def test_template_with_a_ruinous_value_is_refused_unless_insisted(client, root):
    add = url("configurationtemplate_add")
    response = client.post(add, template_form(**{"keys-0-value": "abc"}), headers=ENGLISH)
    assert response.status_code == 200
    assert "whole number" in response.content.decode()
    assert not ConfigurationTemplate.objects.exists()
    client.post(add, template_form(**{"keys-0-value": "abc", "keys-0-insist": "on"}))
    assert ConfigurationTemplate.objects.get().keys.get().value == "abc"
    secret = template_form(**{"keys-0-key": "AuthorizationKey", "keys-0-insist": "on"})
    assert client.post(add, secret).status_code == 200
    assert ConfigurationTemplate.objects.count() == 1


def test_template_is_applied_to_all_chargers_that_it_fits(client, root, charger):
    report(charger, LightIntensity="10")
    make_online(vendor="Else")
    row = template(LightIntensity="50")
    page = url("configurationtemplate_apply", row)
    assert "1 chargers" in client.get(page, headers=ENGLISH).content.decode()
    client.post(page)
    assert [item.charger for item in ConfigurationRun.objects.get().items.all()] == [charger]


def test_run_is_paused_resumed_and_cancelled(client, root, charger):
    run = start_run({charger: {"A": "1"}}, name="Run", actor="x")
    for verb, status in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        assert client.get(url(f"configurationrun_{verb}", run)).status_code == 200
        client.post(url(f"configurationrun_{verb}", run))
        run.refresh_from_db()
        assert run.status == status
    assert client.post(url("configurationrun_pause", run)).status_code == 200


def image_form(**values):
    return {
        "version": "2.0",
        "vendor_pattern": "Voltaris",
        "model_pattern": "*",
        "external_url": "",
        **values,
    }


def test_image_is_uploaded_and_hashed(client, root):
    content = b"firmware" * 100
    file = SimpleUploadedFile("../AC 22.bin", content)
    response = client.post(url("firmwareimage_add"), image_form(file=file))
    assert response.status_code == 302
    image = FirmwareImage.objects.get()
    assert (image.file_name, image.size) == ("AC_22.bin", 800)
    assert image.sha256 == hashlib.sha256(content).hexdigest()
    assert image.file.read() == content
    assert AuditEntry.objects.filter(action="firmware_image.add", actor=root).exists()
    assert client.get(url("firmwareimage_change", image)).status_code == 200
    client.post(url("firmwareimage_retire", image))
    image.refresh_from_db()
    assert image.retired_at is not None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Give a file or an outside address"),
        ({"external_url": "javascript:alert(1)"}, "URL"),
        ({"external_url": "ftp://v.example/f", "signed_only": "on"}, "needs a signature"),
        ({"external_url": "ftp://v.example/f", "signature": "eA=="}, "needs its certificate"),
        (
            {"external_url": "ftp://v.example/f", "signature": "eA==", "signing_certificate": "x"},
            "no certificate in PEM",
        ),
        ({"external_url": "ftp://v.example/f", "signature": "é"}, "no base64"),
    ],
)
def test_unusable_image_is_refused_with_the_reason(client, root, values, words):
    response = client.post(url("firmwareimage_add"), image_form(**values), headers=ENGLISH)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not FirmwareImage.objects.exists()


def test_campaign_is_made_filled_and_steered(client, root, charger):
    image = make_image()
    numbers = {
        "canaries": 1, "wave_percent": 25, "success_percent": 100, "soak_minutes": 60,
        "stop_at_failures": 3, "attempts": 2, "parallel": 10, "patience_h": 24,
    }  # fmt: skip
    client.post(url("firmwarecampaign_add"), {"name": "Spring", "image": image.pk, **numbers})
    campaign = FirmwareCampaign.objects.get()
    empty = client.post(url("firmwarecampaign_start", campaign), headers=ENGLISH)
    assert "Add chargers first" in empty.content.decode()
    client.post(url("firmwarecampaign_add_fitting", campaign))
    assert campaign.updates.get().charger == charger
    for verb, status in (("start", "running"), ("pause", "paused"), ("resume", "running")):
        client.post(url(f"firmwarecampaign_{verb}", campaign))
        campaign.refresh_from_db()
        assert campaign.status == status
    assert client.post(url("firmwarecampaign_retry", campaign)).status_code == 302
    page = client.get(url("firmwarecampaign_change", campaign), headers=ENGLISH).content.decode()
    assert "1 waiting" in page
    client.post(url("firmwarecampaign_abort", campaign), {"reason": "Recall"})
    campaign.refresh_from_db()
    assert campaign.status == "aborted"
    assert AuditEntry.objects.get(action="firmware_campaign.abort").reason == "Recall"


def test_log_is_fetched_and_offered_for_download(client, root, charger):
    page = url("charger_fetch_log", charger)
    assert client.get(page).status_code == 200
    bad = client.post(page, {"kind": "diagnostics", "location": "gopher://x"}, headers=ENGLISH)
    assert "ftp://" in bad.content.decode()
    assert not ChargerLog.objects.exists()
    response = client.post(page, {"kind": "diagnostics"})
    log = ChargerLog.objects.get()
    assert response.url == url("chargerlog_change", log)
    location = asked(charger, "GetDiagnostics").payload["location"]
    path = "/" + location.split("/", 3)[3]
    client.put(path, b"log", content_type="application/octet-stream")
    link = reverse("chargers:log_download", args=(log.pk,))
    assert link in client.get(response.url).content.decode()


def test_charger_is_updated_alone(client, root, charger):
    image = make_image()
    other = make_image(vendor_pattern="Else")
    page = url("charger_update_firmware", charger)
    assert client.post(page, {"image": other.pk}).status_code == 200
    assert not FirmwareUpdate.objects.exists()
    response = client.post(page, {"image": image.pk})
    update = FirmwareUpdate.objects.get()
    assert response.url == url("firmwareupdate_change", update)
    assert asked(charger, "UpdateFirmware")


def test_reader_changes_nothing(client, reader, charger):
    run = start_run({charger: {"A": "1"}}, name="Run", actor="x")
    campaign = FirmwareCampaign.objects.create(image=make_image(), name="C")
    for page in (
        url("charger_configuration", charger),
        url("charger_fetch_log", charger),
        url("charger_update_firmware", charger),
        url("configurationrun_cancel", run),
        url("configurationtemplate_apply", template(A="1")),
        url("firmwarecampaign_start", campaign),
        url("firmwareimage_retire", campaign.image),
    ):
        assert client.post(page).status_code == 403, page
    assert not ConfigurationReading.objects.exists()
    assert not ChargerLog.objects.exists()
