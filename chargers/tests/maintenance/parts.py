"""Chargers that are there, and what they answer, without a socket."""

from __future__ import annotations

from datetime import timedelta

from django.core.files.base import ContentFile

from chargers.models import Command, CommandStatus, FirmwareImage, Presence
from chargers.services import commands, outcomes
from chargers.tests.factories import make_charger
from unievp.lib import clock
from unievp.lib.files import MeteredFile

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
SIGNED = {"signature": "c2lnbmF0dXJl", "signing_certificate": CERTIFICATE}


def make_online(*, online=True, minutes_ago=60, **values):
    """A charger that booted and connected a while ago."""
    since = clock.now() - timedelta(minutes=minutes_ago)
    values = {
        "vendor": "Voltaris",
        "model": "AC-22",
        "firmware_version": "1.0",
        "booted_at": since,
        "tariff": False,
        **values,
    }
    charger = make_charger(**values)
    Presence.objects.create(charger=charger, online=online, connected_at=since, last_seen_at=since)
    return charger


def waiting(charger):
    """The charger's one queued command, now sent."""
    command = commands.claim_next(charger.pk)
    assert command is not None, "nothing was asked"
    return command


def asked(charger, action):
    command = waiting(charger)
    assert command.action == action
    return command


def silent(charger):
    return commands.claim_next(charger.pk) is None


def answer(command, **response):
    assert outcomes.mark_answered(command.pk, response=response)
    return Command.objects.get(pk=command.pk)


def refuse(command, code="NotImplemented", text=""):
    assert outcomes.mark_failed(command.pk, error=f"{code}: {text}".strip(": "))


def expire(command):
    Command.objects.filter(pk=command.pk).update(
        deadline_at=clock.now() - timedelta(seconds=1), status=CommandStatus.QUEUED
    )
    outcomes.expire_commands()


def boots(charger, version=None):
    """It restarted just now, with `version`."""
    charger.refresh_from_db()
    charger.booted_at = clock.now() + timedelta(milliseconds=1)
    if version is not None:
        charger.firmware_version = version
    charger.save(update_fields=["booted_at", "firmware_version"])


def make_image(*, content=b"firmware " * 1000, **values):
    """With `content` a file of ours, else at an outside address."""
    values = {"version": "2.0", "vendor_pattern": "voltaris", "model_pattern": "AC*", **values}
    if content is None:
        values.setdefault("external_url", "https://vendor.example/fw.bin")
        return FirmwareImage.objects.create(**values)
    image = FirmwareImage(file_name="ac22-2.0.bin", size=len(content), **values)
    metered = MeteredFile(ContentFile(content), limit=10**9)
    image.file.save("x", metered, save=False)
    image.sha256 = metered.sha256
    image.save(force_insert=True)
    return image
